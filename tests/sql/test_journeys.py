"""The journeys table: which touches make a journey, in which order, and what each row carries; and why a conversion has none."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from pipelines import journeys
from pipelines.attribution.model import Journey, Numbers
from pipelines.attribution.registry import MODELS, model_parameters
from pipelines.attribution.rules import DAY_MS
from pipelines.calendar import Period
from pipelines.slots import AGED, BETWEEN, CONVERSION, END, NULL, REFUND, TOTALLED, TRANSITIONS, USUAL_WINDOWS
from pipelines.stores.base import Stores
from pipelines.stores.catalog import DERIVED
from pipelines.stores.files_duckdb import Files
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.sql import events, plain
from tests.sql.events import Conversion, Touch, at, millis
from tests.sql.test_conservation import World, few
from tests.sql.worlds import worlds

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
CARRIED = [
    *("journey_id", "converted", "anchored_at", "dt", "person", "bucket", "type", "revenue", "currency"),
    *("restart_age_ms", "person_conversion", "touchpoint_id", "touched_at", "age_ms", "older_age_ms", "last_age_ms"),
    *("position_from_last", "next_channel", "channel_set"),
    *TRANSITIONS.values(),
    *USUAL_WINDOWS.values(),
    *(f"gap_{place}_ms" for place in AGED),
    *("last_channel", "channel", "kind", "milestone", "marked"),
]
"""All columns but the journey's number, origins and what a touch says of itself alone."""


def carried(stores: Stores) -> list[tuple[Any, ...]]:
    """Every row's CARRIED columns, in the order of journeys and positions."""
    rows = events.stored(stores, "journeys").sort_values(["journey_id", "position_from_last"])
    assert rows.groupby("journey_id")["journey_number"].nunique().eq(1).all()
    assert rows["journey_number"].nunique() == rows["journey_id"].nunique()
    rows = rows[CARRIED]
    return list(rows.astype(object).where(rows.notna(), None).itertuples(index=False, name=None))


def walked(touches: list[Touch], conversions: list[Conversion], longest_days: float) -> list[tuple[Any, ...]]:
    """What `carried` should be."""
    rows: list[tuple[Any, ...]] = []
    converting = {conversion.id: conversion for conversion in conversions}
    for key, members in sorted(plain.journeys(touches, conversions, longest_days).items()):
        names = [touch.channel or "" for touch, _ in members]
        ages = [millis(touch.at, anchor) for touch, anchor in members]
        for place, (touch, anchor) in enumerate(members):
            rows.append(
                (
                    *(key, key in converting, anchor, anchor.date().isoformat(), touch.person, bucket(touch.person)),
                    *_of_conversion(converting.get(key), conversions),
                    *(touch.id, touch.at, ages[place], (*ages, None)[place + 1], ages[0], place + 1),
                    *(names[place - 1] if place else None, BETWEEN.join(sorted(set(names[: place + 1])))),
                    *(transition(names[place::-1][: order + 1], order, converting.get(key)) for order in TRANSITIONS),
                    *(sum(age <= days * DAY_MS for age in ages) for days in USUAL_WINDOWS),
                    *(ages[place - 1] - ages[0] if place <= len(ages) else None for place in AGED),
                    *(
                        members[0][0].channel,
                        touch.channel,
                        touch.kind,
                        touch.milestone,
                        int(touch.milestone is not None),
                    ),
                )
            )
    return rows


def _of_conversion(conversion: Conversion | None, conversions: list[Conversion]) -> tuple[Any, ...]:
    """type, revenue, currency, restart_age_ms, person_conversion."""
    if conversion is None:
        return (None,) * 5
    before = plain.restarted_at(conversion, conversions)
    number = plain.number_of(conversion, conversions)
    return (conversion.type, conversion.revenue, conversion.currency, before and millis(before, conversion.at), number)


def transition(names: list[str], order: int, conversion: Conversion | None) -> str | None:
    """A touch and those that follow it, with the end where the journey ends before so many; of a refund only the last touch has one."""
    if conversion is None:
        ending = NULL
    else:
        refund = (conversion.revenue or 0) < 0
        ending = f"{REFUND if refund else CONVERSION}\x1f{conversion.currency or ''}"
        if refund and len(names) > 1:
            return None
    return BETWEEN.join(names if len(names) > order else [*names, END + ending])


def bucket(person: str | None) -> int | None:
    """One of 1,024: the first three digits of the person's digest."""
    return None if person is None else int(hashlib.md5(person.encode()).hexdigest()[:3], 16) % 1024


def journey(stores: Stores, key: str) -> list[str]:
    """The touchpoints of a journey, oldest first."""
    rows = events.stored(stores, "journeys")
    own = rows[rows["journey_id"] == key].sort_values("position_from_last", ascending=False)
    return list(own["touchpoint_id"])


@pytest.mark.parametrize("longest_days", [90.0, 1.5])
@settings(few, max_examples=5)
@given(worlds)
def test_journeys_agree_with_plain_python(bench: Stores, longest_days: float, world: World) -> None:
    short = replace(bench, settings=replace(bench.settings, longest_lookback_days=longest_days))
    events.fill(short, *world)
    assert carried(short) == walked(*world, longest_days)


@pytest.mark.parametrize("longest_days", [90.0, 1.5])
@settings(few, max_examples=5)
@given(worlds)
def test_a_row_tells_what_the_weights_of_its_journey_sum_to(bench: Stores, longest_days: float, world: World) -> None:
    short = replace(bench, settings=replace(bench.settings, longest_lookback_days=longest_days))
    events.fill(short, *world)
    rows = events.stored(short, "journeys")
    for key, members in plain.journeys(*world, longest_days).items():
        own = rows[rows["journey_id"] == key]
        ages = np.array([millis(touch.at, anchor) / DAY_MS for touch, anchor in reversed(members)])
        for rule in TOTALLED:
            for days in USUAL_WINDOWS:
                inside = ages[ages <= days]
                journey = Journey(inside, np.zeros(len(inside), bool))
                weights = weighed(rule, journey, {**model_parameters(rule, {}), "lookback_days": days})
                totals = own[f"{rule}_total_{days}"].tolist()
                assert totals == pytest.approx(
                    [weights.sum() if len(inside) else np.nan] * len(own), rel=1e-11, nan_ok=True
                )


def weighed(rule: str, journey: Journey, parameters: dict[str, float]) -> Numbers:
    """The weights of a journey's touches by the rule's NumPy spelling."""
    reference = MODELS[rule].reference
    assert reference is not None
    return reference(journey, parameters) if len(journey.ages_days) else np.array([])


def test_a_journey_without_conversion_follows_the_last_one(bench: Stores) -> None:
    touches = [
        Touch("a1", at("2026-03-01"), "ann", "Search"),
        Touch("a2", at("2026-03-03"), "ann", "Mail"),  # at the very moment of the conversion: part of its journey
        Touch("a3", at("2026-03-04"), "ann", "Mail"),
        Touch("a4", at("2026-03-06"), "ann", "Social"),
        Touch("b1", at("2026-03-02"), "bob", "Search"),
        Touch("b2", at("2026-03-05"), "bob", "Social"),
        Touch("c1", at("2026-03-02"), "cid", "Search"),
        Touch("c2", at("2026-03-04"), "cid", "Social"),
        Touch("d1", at("2026-03-02"), "dot", "Search"),
        Touch("u1", at("2026-03-02"), None, "Search"),
        Touch("e1", at("2026-03-02"), "eve", "Search", consent=False),
    ]
    conversions = [
        Conversion("A", at("2026-03-03"), "ann"),
        Conversion("B", at("2026-03-03"), "bob", revenue=Decimal(-5)),  # a refund ends no journey
        Conversion("C", at("2026-03-05"), "cid"),
    ]
    events.fill(bench, touches, conversions)
    assert journey(bench, "A") == ["a1", "a2"]
    assert journey(bench, "none:ann") == ["a3", "a4"]
    assert journey(bench, "none:bob") == ["b1", "b2"]
    assert journey(bench, "B") == ["b1"]
    assert journey(bench, "none:dot") == ["d1"]
    assert set(events.stored(bench, "journeys")["journey_id"]) == {"A", "B", "C", "none:ann", "none:bob", "none:dot"}
    anchored = events.stored(bench, "journeys").set_index("touchpoint_id").loc["a3"]
    assert (anchored["anchored_at"], anchored["dt"]) == (at("2026-03-06"), "2026-03-06")


def test_a_journey_without_conversion_is_windowed_from_its_last_touch(bench: Stores) -> None:
    end = at("2026-03-20")
    touches = [Touch(f"t{days:02}", end - timedelta(days=days), "ann", "Mail") for days in (0, 2, 3, 9)]
    short = replace(bench, settings=replace(bench.settings, longest_lookback_days=3.0))
    events.fill(short, touches, [])
    assert journey(short, "none:ann") == ["t03", "t02", "t00"]


def test_ties_are_told_apart_by_the_touchpoints_id(bench: Stores) -> None:
    moment = at("2026-03-02")
    touches = [Touch(key, moment, "ann", key) for key in ("b", "B", "a", "10", "9", "é")]
    events.fill(bench, touches, [Conversion("A", moment, "ann")])
    assert journey(bench, "A") == ["10", "9", "B", "a", "b", "é"]


def test_a_build_is_made_once_for_what_it_is_made_of(bench: Stores) -> None:
    touches = [Touch("a1", at("2026-03-01"), "ann", "Search")]
    events.fill(bench, touches, [Conversion("A", at("2026-03-02"), "ann")])
    before = bench.lake.snapshots()
    assert journeys.build(bench).written == ()
    assert bench.lake.snapshots() == before
    shorter = replace(bench, settings=replace(bench.settings, longest_lookback_days=30.0))
    assert journeys.build(shorter).written == ("journeys", "conversion_status")
    assert journeys.build(bench, full=True).written == ("journeys", "conversion_status")


def test_files_of_a_build_have_the_declared_types(bench: Stores) -> None:
    """Others are read column by column by their ids, which takes longer."""
    events.fill(bench, [Touch("a1", at("2026-03-01"), "ann", "Search")], [Conversion("A", at("2026-03-02"), "ann")])
    assert isinstance(bench.lake, DuckDBLake)
    for name in DERIVED:
        table = bench.lake.table(name)
        paths = [task.file.file_path.removeprefix("file://") for task in table.scan().plan_files()]
        with duckdb.connect() as connection:
            assert "schema=MAP" not in Files(connection).read(table.schema(), paths)


def test_conversion_status_knows_the_nearest_touchpoint(bench: Stores) -> None:
    """The youngest at or before the conversion; else, below zero, the first one after it. Not cut by the longest window."""
    hour = 3_600_000
    noon = at("2026-03-10")
    people: dict[str, list[tuple[float, bool]]] = {
        "both": [(2, False), (5, True), (-1, True)],
        "refused": [(2, False)],
        "after": [(-3, True), (-1, False)],
        "now": [(0, True)],
        "long ago": [(24 * 200, True)],
    }
    touches = [
        Touch(f"{person} {hours}", noon - timedelta(hours=hours), person, "Mail", consent)
        for person, own in people.items()
        for hours, consent in own
    ]
    events.fill(bench, touches, [Conversion(person, noon, person) for person in (*people, "never")])
    rows = events.stored(bench, "conversion_status").set_index("conversion_id")
    nearest = rows[["nearest_age_ms", "nearest_consented_age_ms"]] / hour
    expected = {
        "both": (2, 5),
        "refused": (2, None),
        "after": (-1, -3),
        "now": (0, 0),
        "long ago": (4800, 4800),
        "never": (None, None),
    }
    pd.testing.assert_frame_equal(
        nearest.sort_index(),
        pd.DataFrame.from_dict(expected, orient="index", columns=nearest.columns, dtype="float64").sort_index(),
        check_names=False,
        check_index_type=False,
        check_dtype=False,
    )


DAYS_AGO: dict[str, tuple[list[tuple[float, str, bool]], str | None]] = {
    "nobody known": ([], "unknown_person"),
    "never touched": ([], "no_touchpoint"),
    "without consent only": ([(1, "Mail", False)], "no_consent"),
    "without consent, and after the conversion": ([(-1, "Mail", False)], "no_consent"),
    "without consent within the window, with it before": ([(1, "Mail", False), (9, "Mail", True)], "no_consent"),
    "by a channel left out": ([(1, "Search", True)], "excluded_channel"),
    "by a channel left out, with a third outside": ([(1, "Search", True), (9, "Mail", True)], "excluded_channel"),
    "by a channel left out, outside the window": ([(9, "Search", True)], "outside_window"),
    "too early by a millisecond": ([(3 + 1 / DAY_MS, "Mail", True)], "outside_window"),
    "too late by a millisecond": ([(-1 / DAY_MS, "Mail", True)], "outside_window"),
    "at the window's very edge": ([(3, "Mail", True)], None),
    "at the very moment": ([(0, "Mail", True)], None),
    "by a channel left out, and another": ([(1, "Search", True), (2, "Mail", True)], None),
}
"""How a person was touched (days before the conversion, channel, consent), and the reason; the window is three days, Search is left out."""


def test_each_conversion_has_the_first_reason_that_holds(bench: Stores) -> None:
    noon = at("2026-03-10")
    touches = [
        Touch(f"{case} {number}", noon - timedelta(days=days), case, channel, consent)
        for case, (own, _) in DAYS_AGO.items()
        for number, (days, channel, consent) in enumerate(own)
    ]
    conversions = [Conversion(case, noon, case if case != "nobody known" else None, type=case) for case in DAYS_AGO]
    events.fill(bench, touches, conversions)
    told = events.outcomes(bench, MARCH, lookback_days=3.0, left_out=["Search"])
    assert events.by(told, ["type", "reason"], ["conversions"]) == {
        (case, reason, "conversions"): 1 for case, (_, reason) in DAYS_AGO.items()
    }
    credited = events.credit(bench, MARCH, "linear", lookback_days=3.0, left_out=["Search"])
    assert credited["attributed_conversions"].sum() == pytest.approx(told["reason"].isna().sum())
