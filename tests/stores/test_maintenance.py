"""Maintenance: nobody's number changes by it, and nothing that an undo, a reader or the journeys need goes."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from pipelines import journeys
from pipelines.errors import LakeUnavailable
from pipelines.ingest import prepare
from pipelines.ingest.history import undo
from pipelines.ingest.load import commit
from pipelines.maintenance import maintain
from pipelines.questions import ask
from pipelines.sources import SOURCES
from pipelines.stores import maintenance_duckdb
from pipelines.stores.base import Stores
from pipelines.stores.catalog import DERIVED, TABLES
from pipelines.stores.history import held, history, in_order
from pipelines.stores.lake_duckdb import DuckDBLake

NOW = "pipelines.stores.maintenance_duckdb.time"
LONG_AGO, DAY_S = 1000, 86_400
"""Days by which `aged` makes things older, and the seconds of one."""


@pytest.fixture
def lake(stores: Stores) -> DuckDBLake:
    assert isinstance(stores.lake, DuckDBLake)
    return stores.lake


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Maintenance is done a long time after everything that a test has stored."""
    monkeypatch.setattr(NOW, lambda: time.time() + LONG_AGO * DAY_S)


def upload(
    stores: Stores, number: int, *, channel: str = "Email", people: str = "abcde", day: int = 2, build: bool = True
) -> str:
    """Touchpoints of a few people on one day, and a conversion of each; the upload's id."""
    lines = [f"{person}{number},2026-03-0{day} 1{number % 10}:00,{channel},1,{person}{number}" for person in people]
    content = "\n".join(["person,time,channel,converted,id", *lines, ""]).encode()
    prepared = prepare(SOURCES["touchpoints"], content, f"{number}.csv")
    found: str = commit(stores, prepared, content, "tester", build=build)["upload_id"]
    return found


def sorts(name: str, column: str) -> bool:
    return column != "journey_number"


def rows(lake: DuckDBLake) -> dict[str, pd.DataFrame]:
    """Every table's rows, in an order of their own."""
    found = {name: lake.table(name).scan().to_arrow().to_pandas() for name in TABLES}
    return {
        name: of_it.sort_values([column for column in of_it if sorts(name, column)], ignore_index=True)
        for name, of_it in found.items()
    }


def assert_same(before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(before[name], after[name])


def files(lake: DuckDBLake, name: str) -> list[Path]:
    """The data files of a table that lie on the disk."""
    return sorted((Path(lake.table(name).location().removeprefix("file://")) / "data").rglob("*.parquet"))


def planned(table: Table) -> int:
    return len(list(table.scan().plan_files()))


def credit(stores: Stores) -> dict[str, float]:
    found = ask(stores, "channel_credit").rows
    return dict(zip(found["channel"], found["attributed_conversions"], strict=True))


def test_an_empty_lake_has_nothing_to_do(stores: Stores) -> None:
    assert list(maintain(stores)) == []


def test_many_small_files_become_one_and_no_row_changes(stores: Stores, lake: DuckDBLake) -> None:
    for number in range(6):
        upload(stores, number)
    before, was, answer = rows(lake), {name: planned(lake.table(name)) for name in TABLES}, credit(stores)
    assert was["touchpoints"] == 6
    said = list(maintain(stores))
    assert "touchpoints: 6 small files became 1." in said
    assert planned(lake.table("touchpoints")) == planned(lake.table("conversions")) == 1
    assert_same(before, rows(lake))
    assert credit(stores) == answer
    assert list(maintain(stores)) == []


def test_a_file_too_large_to_be_small_stays(stores: Stores, lake: DuckDBLake, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        upload(stores, number)
    monkeypatch.setattr(maintenance_duckdb, "SMALL", 1)
    assert list(maintain(stores)) == []


def test_the_journeys_are_up_to_date_afterwards_and_a_build_needs_only_what_came(
    stores: Stores, lake: DuckDBLake
) -> None:
    for number in range(6):
        upload(stores, number)
    list(maintain(stores))
    assert journeys.up_to_date(stores.read())
    assert journeys.build(stores).written == ()
    upload(stores, 7, people="x", build=False)
    assert not journeys.up_to_date(stores.read())
    built = journeys.build(stores)
    assert built.people == 1
    everybody = rows(lake)
    journeys.build(stores, full=True)
    afresh = rows(lake)
    for name in DERIVED:
        columns = [column for column in TABLES[name] if column != "journey_number"]
        pd.testing.assert_frame_equal(everybody[name][columns], afresh[name][columns])


def test_a_build_goes_on_numbering_after_a_compaction(stores: Stores, lake: DuckDBLake) -> None:
    for number in range(6):
        upload(stores, number)
    list(maintain(stores))
    upload(stores, 8, people="yz")
    numbers = rows(lake)["journeys"]["journey_number"]
    assert numbers.nunique() == 6 * 5 + 2


@pytest.mark.usefixtures("aged")
def test_an_old_upload_can_be_taken_back_after_everything_expired_that_may(stores: Stores, lake: DuckDBLake) -> None:
    first = upload(stores, 1, channel="Email")
    states = [rows(lake)["touchpoints"]]
    second = upload(stores, 1, channel="Search")  # the same ids: the first one's rows are replaced
    states.append(rows(lake)["touchpoints"])
    for number in range(2, 7):
        upload(stores, number)
    kept = held(lake.table("touchpoints"))
    snapshots = set(history(lake.table("touchpoints")))
    said = list(maintain(stores))
    assert any("expired" in sentence for sentence in said)
    assert any("removed" in sentence for sentence in said)
    assert snapshots - set(history(lake.table("touchpoints")))
    assert held(lake.table("touchpoints")) == kept
    undo(stores, second, "tester")
    now = rows(lake)["touchpoints"]
    back = now[now["upload_id"] == first].reset_index(drop=True)
    pd.testing.assert_frame_equal(back, states[0])
    assert second not in set(now["upload_id"])
    assert credit(stores) == {"Email": 30.0}


@pytest.mark.usefixtures("aged")
def test_an_upload_that_was_taken_back_does_not_come_back(stores: Stores, lake: DuckDBLake) -> None:
    taken = upload(stores, 1)
    for number in range(2, 5):
        upload(stores, number)
    undo(stores, taken, "tester")
    upload(stores, 5)
    list(maintain(stores))
    list(maintain(stores))
    assert taken not in held(lake.table("touchpoints"))
    assert taken not in set(rows(lake)["touchpoints"]["upload_id"])


def test_what_was_current_within_the_kept_days_can_be_read_as_it_was(stores: Stores, lake: DuckDBLake) -> None:
    for number in range(5):
        upload(stores, number)
    reading, before = lake.snapshots(), lake.frame("feeds", {})
    upload(stores, 6)
    list(maintain(stores))
    pd.testing.assert_frame_equal(lake.frame("feeds", {}, snapshots=reading), before)


def test_what_only_the_compaction_superseded_is_not_old(
    stores: Stores, lake: DuckDBLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that began before the compaction reads on, however long ago its snapshot was made."""
    taken = [upload(stores, number, day=3, build=False) for number in range(2)]
    for number in range(2, 7):
        upload(stores, number, build=False)
    for one in taken:
        undo(stores, one, "tester")
    read = lake.snapshots()["touchpoints"]
    list(maintain(stores))
    *_, before, compaction = in_order(lake.table("touchpoints"))
    assert before.snapshot_id == read
    monkeypatch.setattr(NOW, lambda: compaction.timestamp_ms / 1000 + DAY_S)
    half = (compaction.timestamp_ms - before.timestamp_ms) / 2000
    gone = maintenance_duckdb.expired(lake.table("touchpoints"), set(), 1 + half / DAY_S)
    assert gone
    assert read not in gone


def test_readers_go_on_meanwhile(stores: Stores, lake: DuckDBLake) -> None:
    for number in range(5):
        upload(stores, number, build=False)
    expected, done = lake.frame("feeds", {}), threading.Event()

    def read() -> int:
        times = 0
        while not done.is_set():
            pd.testing.assert_frame_equal(lake.frame("feeds", {}), expected)
            times += 1
        return times

    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(read) for _ in range(2)]
        said = list(maintain(stores))
        done.set()
        assert all(reader.result() for reader in readers)
    assert said


def test_a_commit_in_the_middle_of_a_compaction_is_not_lost(
    stores: Stores, lake: DuckDBLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        upload(stores, number, build=False)
    real, late = maintenance_duckdb.crowded, [upload]

    def slow(table: Table) -> list[list[DataFile]]:
        found = real(table)
        if found and late:
            late.pop()(stores, 9, build=False)
        return found

    monkeypatch.setattr(maintenance_duckdb, "crowded", slow)
    said = list(maintain(stores))
    assert "touchpoints: 7 small files became 1." in said
    assert len(rows(lake)["touchpoints"]) == 7 * 5


def test_files_of_a_broken_build_go_once_they_are_older_than_a_day(stores: Stores, lake: DuckDBLake) -> None:
    upload(stores, 1)
    folder = Path(lake.table("journeys").location().removeprefix("file://")) / "data" / "broken"
    young, old = folder / "young.parquet", folder / "part_1=2026-03-0" / "old.parquet"
    old.parent.mkdir(parents=True)
    for path in (young, old):
        path.write_bytes(b"PAR1")
    before = time.time() - 2 * DAY_S
    os.utime(old, (before, before))
    listed = files(lake, "journeys")
    assert list(maintain(stores)) == ["journeys: 1 file that no snapshot lists was removed, 0.0 MB."]
    assert files(lake, "journeys") == [path for path in listed if path != old]
    assert credit(stores) == {"Email": 5.0}


@pytest.mark.usefixtures("aged")
def test_a_reading_that_is_not_kept_is_told_in_a_sentence(stores: Stores, lake: DuckDBLake) -> None:
    one = upload(stores, 1, build=False)
    old = lake.snapshots()
    undo(stores, one, "tester")
    upload(stores, 2, build=False)
    list(maintain(stores))
    with pytest.raises(LakeUnavailable, match="is not kept as it was then"):
        lake.frame("feeds", {}, snapshots=old)


@pytest.mark.usefixtures("aged")
def test_after_a_long_time_only_what_is_listed_lies_on_the_disk(stores: Stores, lake: DuckDBLake) -> None:
    for number in range(6):
        upload(stores, number)
    before = rows(lake)
    list(maintain(stores))
    assert len(files(lake, "journeys")) == planned(lake.table("journeys"))
    assert_same(before, rows(lake))
    for number in range(6, 9):
        upload(stores, number)
    assert credit(stores) == {"Email": 45.0}
