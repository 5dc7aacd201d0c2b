"""Journeys as questions tell them, against plain Python on data sets made by chance: paths, lengths, lags, steps, the conversions behind a
number, and the trace of each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.attribution import DAY_MS, MODELS
from pipelines.attribution.asked import Options
from pipelines.questions import Answer, ask
from pipelines.questions.journeys import CONVERSION, EARLIER, LATER, LONGEST_PATH, NAMELESS, NO_CONVERSION, OTHERS
from pipelines.stores.base import Stores
from tests.sql import brand, events, plain
from tests.sql.events import Conversion, Touch, at, millis, near
from tests.sql.plain import LONGEST_DAYS, Walk, Way
from tests.sql.test_conservation import WHOLE, World, few, ways
from tests.sql.worlds import CHANNELS, worlds

SHARED = [key for key, model in MODELS.items() if model.reference]
"""Models that share out single conversions."""
MANY = 10_000


def told(stores: Stores, question: str, way: Way, **more: Any) -> Answer:
    """A question asked in this way, of all days."""
    parameters = {
        "start": WHOLE.start.isoformat(),
        "end": WHOLE.end.isoformat(),
        "lookback_days": min(way.lookback_days, LONGEST_DAYS),
        "excluded_channels": list(way.left_out),
        "conversion_type": way.conversion_type,
        "currency": "EUR",
        **asdict(way.options),
    }
    zoned = replace(stores, settings=replace(stores.settings, reporting_time_zone=way.zone))
    return ask(zoned, question, parameters | more)


def called(name: str | None) -> str:
    return name or NAMELESS


def first_age(walk: Walk) -> int:
    """Milliseconds from the first touch to the end of the journey."""
    return millis(walk.touches[0].at, walk.anchor)


def summed(walks: Iterable[Walk], key: Any) -> dict[Any, tuple[float, float, float]]:
    """By a key of a journey: conversions, journeys, revenue."""
    sums: dict[Any, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for walk in walks:
        own = sums[key(walk)]
        own[0] += walk.weight if walk.conversion else 0
        own[1] += walk.weight
        own[2] += plain.worth(walk.conversion) if walk.conversion else 0.0
    return {key: (own[0], own[1], own[2]) for key, own in sums.items()}


def rows_by(rows: pd.DataFrame, key: str, columns: list[str]) -> dict[Any, tuple[float, ...]]:
    return {row[key]: tuple(float(row[column]) for column in columns) for row in rows.to_dict("records")}


SUMS = ["conversions", "journeys", "revenue"]


@settings(few, max_examples=4)
@given(worlds, st.lists(ways, min_size=2, max_size=2))
def test_paths_lengths_and_lags_agree_with_plain_python(rated: Stores, world: World, several: list[Way]) -> None:
    events.fill(rated, *world)
    for way in several:
        walks = plain.walks(*world, way)
        expected = summed(walks, lambda walk: " > ".join(map(called, walk.names)))
        paths = told(rated, "top_paths", way, most=MANY)
        assert_sums(rows_by(paths.rows, "path", SUMS), expected)
        for row in paths.rows.dropna(subset=["average_days"]).to_dict("records"):
            ages = [
                first_age(walk) / DAY_MS
                for walk in walks
                if walk.conversion and walk.weight and " > ".join(map(called, walk.names)) == row["path"]
            ]
            assert row["average_days"] == near(sum(ages) / len(ages))
        few_paths = told(rated, "top_paths", way, most=2)
        assert len(few_paths.rows) == min(2, len(expected))
        assert few_paths.facts["paths"] == len(expected)
        for name in SUMS:
            rest = few_paths.facts["others"][name]
            assert float(few_paths.rows[name].sum()) + rest == near(float(paths.rows[name].sum()))
        assert few_paths.rows["conversions"].tolist() == sorted((own[0] for own in expected.values()), reverse=True)[:2]

        lengths = told(rated, "path_lengths", way)
        assert_sums(
            rows_by(lengths.rows, "touches", SUMS), summed(walks, lambda walk: min(len(walk.names), LONGEST_PATH))
        )
        lags = told(rated, "time_lags", way).rows
        converting = [walk for walk in walks if walk.conversion]
        assert_sums(rows_by(lags, "days", ["conversions", "revenue"]), summed(converting, lag), places=(0, 2))


def lag(walk: Walk) -> str:
    days = first_age(walk) // DAY_MS
    ends = {0: "under 1", 1: "1", 2: "2", 3: "3", 7: "4-7", 14: "8-14", 30: "15-30", 60: "31-60"}
    return next((text for end, text in ends.items() if days <= end), "61+")


def assert_sums(found: Mapping[Any, Any], expected: Mapping[Any, Any], places: tuple[int, ...] = (0, 1, 2)) -> None:
    """Fail where sums differ; what only one side has must be nothing."""
    nothing = tuple(0.0 for _ in places)
    wanted = {key: tuple(values[place] for place in places) for key, values in expected.items()}
    for key in {*found, *wanted}:
        assert found.get(key, nothing) == near(wanted.get(key, nothing)), key


@settings(few, max_examples=4)
@given(worlds, ways, st.sampled_from(["first", "last"]))
def test_steps_agree_with_plain_python(rated: Stores, world: World, way: Way, side: str) -> None:
    events.fill(rated, *world)
    looked_at, most = 3, 2
    walks = plain.walks(*world, way)
    counts = Counter(name or "" for walk in walks for name in walk.names)
    kept = {called(name) for name in sorted(counts, key=lambda name: (-counts[name], name))[:most]}
    expected: Counter[tuple[int, str, str]] = Counter()
    for walk in walks:
        names = [name if (name := called(own)) in kept else OTHERS for own in walk.names]
        end = CONVERSION if walk.conversion else NO_CONVERSION
        if side == "first":
            path = names[:looked_at] + ([LATER] if len(names) > looked_at else [end])
            start = 1
        else:
            path = [*([EARLIER] if len(names) > looked_at else []), *names[-looked_at:], end]
            start = looked_at + 2 - len(path)
        for place, (origin, target) in enumerate(pairwise(path)):
            expected[start + place, origin, target] += walk.weight
    rows = told(rated, "steps", way, side=side, steps=looked_at, most=most).rows
    found = {(row["step"], row["from"], row["to"]): row["journeys"] for row in rows.to_dict("records")}
    assert found == {key: count for key, count in expected.items() if count}


@settings(few, max_examples=4)
@given(worlds, ways, st.sampled_from(SHARED), st.sampled_from(CHANNELS))
def test_behind_a_number_are_the_conversions_it_is_made_of(
    rated: Stores, world: World, way: Way, model: str, name: str | None
) -> None:
    events.fill(rated, *world)
    walks = [walk for walk in plain.walks(*world, way) if walk.conversion and name in walk.names]
    by_conversion = {walk.conversion.id: plain.credit([walk], way, model, {}) for walk in walks if walk.conversion}
    said = {"unnamed": True} if name is None else {"name": name}
    answer = told(rated, "conversions_list", way, model=model, most=MANY, **said)
    assert set(answer.rows["conversion_id"]) == set(by_conversion)
    earned = sum(
        value
        for sums in by_conversion.values()
        for key, value in sums.items()
        if key[1] == name and key[2] == events.CREDIT[0]
    )
    assert answer.facts["found_credit"] == near(earned)
    assert answer.facts["found"] == sum(walk.weight for walk in walks)
    assert answer.rows["credit"].round(9).is_monotonic_decreasing
    shown = told(rated, "channel_credit", way, model=model, by_touch_date=False).rows
    numbers = dict(zip(shown["channel"].fillna(""), shown["attributed_conversions"], strict=True))
    assert numbers.get(name or "", 0.0) == near(answer.facts["found_credit"])


@settings(few, max_examples=4)
@given(worlds, ways)
def test_unattributed_conversions_are_listed_by_their_reason(rated: Stores, world: World, way: Way) -> None:
    events.fill(rated, *world)
    attributed = {walk.conversion.id for walk in plain.walks(*world, way) if walk.conversion}
    expected = {
        conversion.id: None if conversion.id in attributed else plain.reason(world[0], conversion, way)
        for conversion in plain.asked_about(world[1], way)
    }
    everything = told(rated, "conversions_list", way, most=MANY).rows
    reasons = everything["reason"].astype(object).where(everything["reason"].notna(), None)
    assert dict(zip(everything["conversion_id"], reasons, strict=True)) == expected
    for reason in {*expected.values()} - {None}:
        rows = told(rated, "conversions_list", way, most=MANY, reason=reason).rows
        assert set(rows["conversion_id"]) == {id_ for id_, why in expected.items() if why == reason}


@settings(few, max_examples=2)
@given(worlds, ways)
def test_traces_add_up_to_the_credit(rated: Stores, world: World, way: Way) -> None:
    """Every conversion's touches that count are those of plain Python, in order, and their credit sums to the channels' under each model."""
    events.fill(rated, *world)
    way = replace(way, options=replace(way.options, by_touch_date=False))
    walks = {walk.conversion.id: walk for walk in plain.walks(*world, way) if walk.conversion}
    sums: dict[str, Counter[str]] = {model: Counter() for model in SHARED}
    for conversion in plain.asked_about(world[1], way):
        trace = told(rated, "decision_trace", way, conversion=conversion.id)
        counted = trace.rows[trace.rows["excluded"].isna()].sort_values("position")
        walk = walks.get(conversion.id)
        assert counted["touchpoint_id"].tolist() == ([touch.id for touch in walk.touches] if walk else [])
        own = {touch.id for touch in world[0] if touch.person is not None and touch.person == conversion.person}
        assert set(trace.rows["touchpoint_id"]) == own
        why = None if walk else plain.reason(world[0], conversion, way)
        assert (trace.facts["conversion"]["attributed"], trace.facts["conversion"]["reason"]) == (walk is not None, why)
        for model in SHARED:
            assert counted[f"credit_{model}"].notna().all()
            if walk and MODELS[model].additive:
                assert counted[f"credit_{model}"].sum() == near(1.0)
            for name, credit in zip(counted["name"].fillna(""), counted[f"credit_{model}"], strict=True):
                sums[model][name] += credit * conversion.counts
    for model in ("linear", "time_decay", "position_based", "participation", "shapley"):
        rows = told(rated, "channel_credit", way, model=model).rows
        found = dict(zip(rows["channel"].fillna(""), rows["attributed_conversions"], strict=True))
        for name in {*found, *sums[model]}:
            assert sums[model][name] == near(found.get(name, 0.0)), (model, name)


def test_every_exclusion_has_its_reason(rated: Stores) -> None:
    touches = [
        Touch("t01", at("2026-03-01"), "ann", "Search"),  # before the conversion of the 5th
        Touch("t02", at("2026-03-06"), "ann", "Social", kind="impression"),
        Touch("t03", at("2026-03-07"), "ann", "Mail", consent=False),
        Touch("t04", at("2026-03-08"), "ann", "TV"),
        Touch("t05", at("2026-03-09"), "ann", "direct"),
        Touch("t06", at("2026-03-10"), "ann", "Mail"),
        Touch("t07", at("2026-03-11"), "ann", "Mail"),
        Touch("t08", at("2026-03-13"), "ann", "Search"),
        Touch("t00", at("2026-01-01"), "ann", "Search"),
    ]
    conversions = [Conversion("c1", at("2026-03-05"), "ann"), Conversion("c2", at("2026-03-12"), "ann")]
    events.fill(rated, touches, conversions)
    options = Options("redistribute", collapse=True, impression_lookback_days=2.0, restart=True)
    trace = told(rated, "decision_trace", Way(30.0, options, left_out=("TV",)), conversion="c2")
    reasons = dict(zip(trace.rows["touchpoint_id"], trace.rows["excluded"], strict=True))
    assert {id_: None if pd.isna(reason) else reason for id_, reason in reasons.items()} == {
        "t00": "outside_window",
        "t01": "restart",
        "t02": "impression_window",
        "t03": "no_consent",
        "t04": "excluded_channel",
        "t05": "direct_redistributed",
        "t06": "collapsed",
        "t07": None,
        "t08": "after_conversion",
    }
    assert trace.facts["conversion"]["conversions_of_person"] == 2


def test_a_conversion_that_is_none_or_not_said(rated: Stores) -> None:
    events.fill(rated, [Touch("t1", at("2026-03-01"), "ann", "Search")], [Conversion("c1", at("2026-03-02"), "ann")])
    nothing = told(rated, "decision_trace", Way(30.0), conversion="nope'; drop table journeys; --")
    assert nothing.rows.empty
    assert "There is no conversion 'nope'; drop table journeys; --'." in nothing.warnings
    assert ask(rated, "decision_trace").warnings[0].startswith("Say which conversion")
    outside = ask(rated, "decision_trace", {"conversion": "c1", "start": "2026-03-03", "conversion_type": "lead"})
    assert any("lies outside the period" in warning for warning in outside.warnings)
    assert any("is no lead" in warning for warning in outside.warnings)


@pytest.mark.parametrize("collapse", [False, True])
def test_spellings_of_a_channel_are_one_step_of_a_path(branded: Stores, collapse: bool) -> None:
    parameters = {"most": MANY, "collapse": collapse, "lookback_days": 7}
    paths = ask(branded, "top_paths", parameters).rows
    steps = [path.split(" > ") for path in paths["path"]]
    assert not {name for path in steps for name in path} & set(brand.CHANNEL_ALIASES)
    assert paths["path"].is_unique
    if collapse:
        assert all(a != b for path in steps for a, b in pairwise(path))
    facts = ask(branded, "unattributed", {"collapse": collapse, "lookback_days": 7}).facts
    assert paths["conversions"].sum() == facts["conversions"] - facts["unattributed_conversions"]
    named = ask(branded, "conversions_list", {"name": "Paid Search", **parameters, "model": "linear"})
    credit = ask(branded, "channel_credit", {"collapse": collapse, "lookback_days": 7, "model": "linear"}).rows
    earned = credit.set_index("channel")["attributed_conversions"]["Paid Search"]
    assert named.facts["found_credit"] == near(earned)
