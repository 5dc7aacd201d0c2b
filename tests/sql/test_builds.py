"""A build for some people leaves the tables as a build for everybody would have left them, whatever changed and wherever a build broke off."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.table import DataScan

from pipelines import journeys
from pipelines.settings import PROJECT
from pipelines.stores.base import Stores
from pipelines.stores.catalog import DERIVED
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.sql import events
from tests.sql.events import Conversion, Touch, at, millis
from tests.sql.plain import number_of
from tests.sql.test_journeys import bucket, carried, walked

FIRST = at("2026-01-01", "00:00")
DAYS = 75
PEOPLE = [f"p{number}" for number in range(40)]
KEYS = {"touchpoints": "touchpoint_id", "conversions": "conversion_id"}


@dataclass
class Uploads:
    """What stands in the lake: upload -> its table and rows, oldest first."""

    stores: Stores
    standing: dict[str, tuple[str, list[Touch] | list[Conversion]]] = field(default_factory=dict)
    made: int = 0

    def touch(self, *touches: Touch) -> str:
        """Store touchpoints."""
        return self._write("touchpoints", list(touches))

    def convert(self, *conversions: Conversion) -> str:
        """Store conversions."""
        return self._write("conversions", list(conversions))

    def undo(self, upload_id: str) -> None:
        """Take an upload back."""
        table, _ = self.standing.pop(upload_id)
        self.stores.own_lake.undo(
            table, [upload_id], [key for key, (other, _) in self.standing.items() if other == table]
        )

    def held(self, table: str) -> list[Any]:
        """The rows that hold: the newest of each id."""
        newest = {row.id: row for other, rows in self.standing.values() if other == table for row in rows}
        return list(newest.values())

    def _write(self, table: str, rows: list[Any]) -> str:
        self.made += 1
        upload_id = f"upload {self.made}"
        made = events.touch_rows(rows) if table == "touchpoints" else events.conversion_rows(rows)
        ours = [upload_id] * len(rows)
        made = made.set_column(made.schema.get_field_index("upload_id"), made.schema.field("upload_id"), [ours])
        self.stores.own_lake.write(table, made, upload_id)
        self.standing[upload_id] = (table, rows)
        return upload_id


class World:
    """Events by chance, a few at a time."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def touches(self, count: int, first: int, last: int, ids: Sequence[str] = ()) -> list[Touch]:
        """Touches on the days from `first` to `last`; with ids: other rows of these."""
        pick = self._random.choice
        return [
            Touch(
                pick(ids) if ids else f"t{self._random.randrange(10**6)}",
                self._moment(first, last),
                pick([*PEOPLE, None]),
                pick(["Search", "Social", "Mail", "direct", None]),
                pick([None, True, True, False]),
                pick([None, "click", "impression"]),
                pick([None, None, "lead"]),
            )
            for _ in range(count)
        ]

    def conversions(self, count: int, first: int, last: int) -> list[Conversion]:
        """Conversions of these days, refunds and those of unknown people among them."""
        pick = self._random.choice
        return [
            Conversion(
                f"c{self._random.randrange(10**6)}",
                self._moment(first, last),
                pick([*PEOPLE, "nobody saw me", None]),
                pick(["purchase", "lead"]),
                pick([None, Decimal("10.5"), Decimal("-3")]),
            )
            for _ in range(count)
        ]

    def change(self, uploads: Uploads) -> None:
        """Something happens on one day, perhaps a new one: late or corrected touches, conversions, an upload taken back."""
        day = self._random.randrange(DAYS + 10)
        kind = self._random.choice(["late", "late", "corrected", "conversions", "undo"])
        small = [key for key, (_, rows) in uploads.standing.items() if len(rows) < 10]
        if kind == "undo" and small:
            uploads.undo(self._random.choice(small))
        elif kind == "conversions":
            uploads.convert(*self.conversions(self._random.randint(1, 3), day, day))
        elif kind == "corrected":
            same = self._random.choice(uploads.held("touchpoints"))
            consent = self._random.choice([True, False])
            uploads.touch(replace(same, person=self._random.choice([same.person, "p1", None]), consent=consent))
        else:
            uploads.touch(*self.touches(self._random.randint(1, 3), day, day))

    def _moment(self, first: int, last: int) -> Any:
        quarter = self._random.randrange(4 * first, 4 * (last + 1))
        return FIRST + timedelta(hours=6 * quarter, milliseconds=self._random.choice([0, 0, 1]))


@pytest.fixture
def uploads(bench: Stores) -> Uploads:
    """An emptied lake."""
    for table in (*KEYS, *DERIVED):
        bench.lake.table(table).delete()  # type: ignore[attr-defined]
    world, filled = World(1), Uploads(bench)
    filled.touch(*world.touches(160, 0, DAYS - 1))
    filled.convert(*world.conversions(90, 0, DAYS - 1))
    journeys.build(bench, full=True)
    return filled


def status(stores: Stores) -> list[tuple[Any, ...]]:
    """Every row of conversion_status."""
    columns = ["conversion_id", "converted_at", "dt", "person", "bucket", "type", "revenue", "currency"]
    columns += ["person_conversion", "nearest_age_ms", "nearest_consented_age_ms"]
    rows = events.stored(stores, "conversion_status").sort_values("conversion_id")[columns]
    return list(rows.astype(object).where(rows.notna(), None).itertuples(index=False, name=None))


def told(touches: list[Touch], conversions: list[Conversion]) -> list[tuple[Any, ...]]:
    """What `status` should be."""
    rows = []
    for one in sorted(conversions, key=lambda conversion: conversion.id):
        own = [touch for touch in touches if one.person is not None and touch.person == one.person]
        rows.append(
            (
                *(one.id, one.at, one.at.date().isoformat(), one.person, bucket(one.person)),
                *(one.type, one.revenue, one.currency, number_of(one, conversions)),
                _nearest([millis(touch.at, one.at) for touch in own]),
                _nearest([millis(touch.at, one.at) for touch in own if touch.consent is not False]),
            )
        )
    return rows


def _nearest(ages: list[int]) -> int | None:
    before = [age for age in ages if age >= 0]
    return min(before) if before else max(ages, default=None)


def assert_built(uploads: Uploads) -> None:
    """Both tables are what plain Python makes of the events that hold."""
    touches, conversions = uploads.held("touchpoints"), uploads.held("conversions")
    assert carried(uploads.stores) == walked(touches, conversions, 90.0)
    assert status(uploads.stores) == told(touches, conversions)


def files(stores: Stores, table: str) -> dict[str, int]:
    """Path -> rows of the files of a derived table."""
    lake = stores.lake
    assert isinstance(lake, DuckDBLake)
    scan: DataScan = lake.table(table).scan()
    return {task.file.file_path: task.file.record_count for task in scan.plan_files()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_builds_by_change_are_builds_of_everything(uploads: Uploads, seed: int) -> None:
    world, some = World(seed), 0
    for step in range(10):
        world.change(uploads)
        if step % 3 == 0:  # two changes for one build
            world.change(uploads)
        some += journeys.build(uploads.stores).people is not None
        assert journeys.up_to_date(uploads.stores.read())
        assert_built(uploads)
    assert some >= 5  # builds for some people, not for everybody
    assert journeys.build(uploads.stores, full=True).people is None
    assert_built(uploads)


def test_a_late_day_rewrites_only_the_files_of_its_people(uploads: Uploads) -> None:
    stores = uploads.stores
    uploads.touch(Touch("solo 1", at("2026-01-02"), "solo", "Mail"))
    uploads.convert(Conversion("solo", at("2026-01-04"), "solo"))
    journeys.build(stores)
    before = {table: files(stores, table) for table in DERIVED}
    uploads.touch(Touch("solo 2", at("2026-01-03"), "solo", "Search"))
    build = journeys.build(stores)
    assert build.people == 1
    assert_built(uploads)
    for table in DERIVED:
        after = files(stores, table)
        rewritten = before[table].keys() - after.keys()
        assert len(rewritten) == 1  # of the month of the conversion, and of the journeys only those that converted
        assert all("2026-01" in path for path in rewritten)
        assert len(before[table]) > 2
        grown = sum(after.values()) - sum(before[table].values())
        assert grown == (1 if table == "journeys" else 0)


def test_rows_stored_anew_as_they_were_are_nobodys_change(uploads: Uploads) -> None:
    same = uploads.held("touchpoints")[:3]
    before = {table: files(uploads.stores, table) for table in DERIVED}
    uploads.touch(*same)
    assert journeys.build(uploads.stores).people == 0
    assert {table: files(uploads.stores, table) for table in DERIVED} == before
    assert_built(uploads)


@pytest.mark.parametrize("converting", [True, False])
def test_a_build_in_many_steps_is_a_build_in_one(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, converting: bool
) -> None:
    """Steps of whom some have no conversions, or none has any; nothing of them stays, nor of a build that was killed."""
    (uploads.stores.settings.home / "spill" / "steps-killed").mkdir(parents=True, exist_ok=True)
    if not converting:
        for upload in [key for key, (table, _) in uploads.standing.items() if table == "conversions"]:
            uploads.undo(upload)
    monkeypatch.setattr("pipelines.stores.derived_duckdb._AT_ONCE", 7)
    journeys.build(uploads.stores, full=True)
    assert_built(uploads)
    assert not any((uploads.stores.settings.home / "spill").iterdir())


def test_since_a_day_builds_for_those_of_that_day_and_later(uploads: Uploads) -> None:
    last = (FIRST + timedelta(days=DAYS - 2)).date()
    who = {one.person or one.id for one in uploads.held("conversions") if one.at.date() >= last}
    who |= {touch.person for touch in uploads.held("touchpoints") if touch.at.date() >= last and touch.person}
    build = journeys.build(uploads.stores, since=last)
    assert build.written == DERIVED
    assert build.people == len(who)
    assert_built(uploads)


class Stopped(Exception):
    """A build that breaks off."""


def stop(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    """Let the next builds break off when the files of this table are written and not yet committed."""

    def register(io: Any, metadata: Any, path: str) -> Any:
        if f"/{table}/" in path:
            raise Stopped
        return parquet_file_to_data_file(io, metadata, path)

    monkeypatch.setattr("pipelines.stores.derived_duckdb.parquet_file_to_data_file", register)


@pytest.mark.parametrize("table", DERIVED)
def test_a_build_that_breaks_off_leaves_both_tables_of_the_last_good_one(
    uploads: Uploads, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = uploads.stores
    good = {name: stores.lake.snapshots()[name] for name in DERIVED}
    uploads.touch(Touch("late", at("2026-01-20"), "p1", "Search"))
    with monkeypatch.context() as patched:
        stop(patched, table)
        for _ in range(2):
            with pytest.raises(Stopped):
                journeys.build(stores)
            assert {name: stores.lake.snapshots()[name] for name in DERIVED} == good
            assert not journeys.up_to_date(stores.read())
    journeys.build(stores)
    assert journeys.up_to_date(stores.read())
    assert_built(uploads)


def test_what_a_broken_build_brought_goes_with_its_upload(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journeys were already built with it: that their rows go again follows from what the table holds, not from what readers see of it."""
    upload_id = uploads.touch(Touch("late", at("2026-01-20"), "p1", "Search"))
    with monkeypatch.context() as patched:
        stop(patched, "conversion_status")
        with pytest.raises(Stopped):
            journeys.build(uploads.stores)
    uploads.undo(upload_id)
    journeys.build(uploads.stores)
    assert_built(uploads)


def test_a_build_that_is_killed_leaves_the_last_good_one(uploads: Uploads) -> None:
    stores = uploads.stores
    good = stores.lake.snapshots()
    uploads.touch(Touch("late", at("2026-01-20"), "p1", "Search"))
    url = stores.warehouse.engine.url.render_as_string(hide_password=False)
    program = """
import os, signal
from pipelines import journeys
from pipelines.settings import load_settings
from pipelines.stores import derived_duckdb, open_stores
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
derived_duckdb.parquet_file_to_data_file = die
journeys.build(open_stores(load_settings(os.environ)))
"""
    environment = {"TOUCHLINE_HOME": str(stores.settings.home), "TOUCHLINE_DATABASE_URL": url}
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, **environment}, cwd=PROJECT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert {name: stores.lake.snapshots()[name] for name in DERIVED} == {name: good[name] for name in DERIVED}
    journeys.build(stores)
    assert journeys.up_to_date(stores.read())
    assert_built(uploads)
