"""Credit is conserved: for every model, window and set of options, on data sets made by chance in a real lake, credit and unattributed together
are the conversions, and the engine agrees with plain Python."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.attribution import MODELS, engine
from pipelines.attribution.asked import DIRECT, Asked, Options
from pipelines.attribution.bucketed import in_buckets
from pipelines.calendar import Period
from pipelines.slots import total_columns
from pipelines.stores.base import Memory, Stores
from pipelines.stores.catalog import NUMBER, TABLES
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.sql import events, plain
from tests.sql.events import CREDIT, Conversion, Touch, agree, at, near
from tests.sql.plain import LONGEST_DAYS, Way
from tests.sql.worlds import worlds

WHOLE = Period(date(2026, 2, 20), date(2026, 4, 10))
"""More days than the worlds have, in any zone."""
PART = Period(date(2026, 3, 3), date(2026, 3, 6))
WINDOWS = (0.25, 1.5, 7.0, LONGEST_DAYS)
ZONES = ("UTC", "Asia/Tokyo", "America/New_York")
"""New York changes its clocks within the days of the worlds."""

RULES = [key for key, model in MODELS.items() if model.kind == "rule"]
PARAMETERS: dict[str, dict[str, float]] = {
    "time_decay": {"half_life_days": 0.7},
    "position_based": {"first_weight": 0.5, "last_weight": 0.15},
    "custom": {"weight_first": 5.0, "weight_second": 0.0, "weight_middle": 1.5, "weight_second_last": 7.0},
    "hybrid": {"minimum_journeys": 9.0},
}
SOLVED: list[tuple[str, dict[str, float]]] = [
    *((model, PARAMETERS.get(model, {})) for model in MODELS if model not in RULES),
    *(("markov", {"order": order}) for order in (2.0, 3.0)),
]
"""Every model that is no rule, the chain of each order."""

World = tuple[list[Touch], list[Conversion]]
# An example costs a lake's filling and dozens of queries: nothing is shrunk.
few = settings(
    deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)

options = st.builds(
    Options,
    direct=st.sampled_from(list(DIRECT)),
    collapse=st.booleans(),
    impression_lookback_days=st.sampled_from([None, 0.5, 4.0]),
    restart=st.booleans(),
    first_conversion=st.booleans(),
    by_touch_date=st.booleans(),
)
ways = st.builds(
    Way,
    st.sampled_from([*WINDOWS[:-1], float("inf")]),
    st.one_of(st.just(events.AS_ALWAYS), options, options),
    st.sampled_from([(), (), ("Search", "direct")]),
    st.sampled_from([None, None, "lead"]),
    st.sampled_from(ZONES),
)
"""How credit may be asked. No window is asked of the engine as the longest one."""


def asked(stores: Stores, way: Way, model: str = "linear", period: Period = WHOLE, **said: Any) -> Asked:
    """The engine asked in this way."""
    return events.asked(
        stores,
        period,
        model,
        **{
            "parameters": PARAMETERS.get(model, {}),
            "lookback_days": min(way.lookback_days, LONGEST_DAYS),
            "left_out": way.left_out,
            "conversion_type": way.conversion_type,
            "zone": way.zone,
            "options": way.options,
            **said,
        },
    )


def rules(stores: Stores, way: Way) -> dict[str, pd.DataFrame]:
    """The engine's credit by day and name under every rule, from one pass; only time decay has the parameters of PARAMETERS."""
    found = engine.rules_credit(asked(stores, way, "time_decay"), RULES)
    return {model: rows.assign(name=rows["name"].where(rows["name"] != "", None)) for model, rows in found.items()}


def by_name(stores: Stores, way: Way, model: str, parameters: Any, **said: Any) -> dict[tuple[Any, ...], float]:
    """The engine's credit by name."""
    return events.by(engine.credit(asked(stores, way, model, parameters=parameters, **said)), ["name"], CREDIT)


@settings(few, max_examples=5)
@given(worlds, st.lists(ways, min_size=3, max_size=3))
def test_credit_is_conserved_and_agrees_with_plain_python(rated: Stores, world: World, several: list[Way]) -> None:
    """Name by name under every model, day by day where a journey alone tells its credit, and reason by reason."""
    events.fill(rated, *world)
    for way in several:
        told = engine.outcomes(asked(rated, way))
        agree(events.by(told, ["day", "type", "reason"], ["conversions", "revenue"]), plain.outcomes(*world, way))
        earned = told.loc[told["reason"].isna(), ["conversions", "revenue"]].sum().tolist()
        walks = plain.walks(*world, way)
        for model, rows in rules(rated, way).items():
            assert rows[CREDIT].sum().tolist() == near(earned)
            parameters = PARAMETERS["time_decay"] if model == "time_decay" else {}
            agree(events.by(rows, ["day", "name"], CREDIT), plain.credit(walks, way, model, parameters))
        for model, parameters in SOLVED:
            rows = engine.credit(asked(rated, way, model, parameters=parameters))
            agree(events.by(rows, ["name"], CREDIT), plain.credit_by_name(walks, way, model, parameters))
            if MODELS[model].additive:
                assert rows[CREDIT].sum().tolist() == near(earned)
            if model in ("shapley", "ordered_shapley"):
                agree(events.by(rows, ["day", "name"], CREDIT), plain.credit(walks, way, model, parameters))


def test_a_journey_of_more_touches_than_a_row_tells_of(rated: Stores) -> None:
    """Under windows whose touches are stored and under others, with stored positions and with new ones."""
    marked = {3: "lead", 11: "opportunity", 12: "lead", 30: "lead"}
    names = ("Search", "Mail", "direct", "Social", None)
    world: World = (
        [
            Touch(
                f"{person}{hour}",
                at("2026-03-08") - timedelta(hours=5 * hour),
                person,
                names[hour % 5],
                milestone=marked.get(hour),
            )
            for person, touches in (("ann", 60), ("bob", 9), ("cid", 8))
            for hour in range(touches)
        ],
        [
            Conversion(f"c{person}", at("2026-03-08", "13:00"), person, "purchase", Decimal("10.5"), "EUR")
            for person in ("ann", "bob", "cid")
        ],
    )
    events.fill(rated, *world)
    every = (Options(), Options(collapse=True, restart=True))
    for way in [Way(lookback_days, said) for lookback_days in (5.0, 7.0, 14.0) for said in every]:
        walks = plain.walks(*world, way)
        for model, rows in rules(rated, way).items():
            parameters = PARAMETERS["time_decay"] if model == "time_decay" else {}
            agree(events.by(rows, ["day", "name"], CREDIT), plain.credit(walks, way, model, parameters))
            by_bucket = in_buckets(asked(rated, way, model, parameters=parameters), model, []).sums
            assert by_bucket.sum(axis=(0, 1)).tolist() == near(rows[CREDIT].sum().tolist())


def test_a_window_longer_than_those_whose_touches_are_stored(bench: Stores) -> None:
    longer = replace(bench, settings=replace(bench.settings, longest_lookback_days=200.0))
    end = at("2026-03-20")
    touches = [
        Touch("a", end - timedelta(days=120), "ann", "Search"),
        Touch("b1", end - timedelta(days=150), "bob", "Search", milestone="lead"),
        Touch("b2", end - timedelta(days=1), "bob", "direct"),
    ]
    events.fill(longer, touches, [Conversion("A", end, "ann"), Conversion("B", end, "bob")])
    for rows in engine.rules_credit(events.asked(longer, WHOLE, lookback_days=180.0), RULES).values():
        assert rows["attributed_conversions"].sum() == near(2.0)


def test_rows_of_an_earlier_version_give_the_same_credit(bench: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that do not tell totals, as those of a lake in the cloud until its next build."""
    touches = [
        Touch(f"a{day}", at("2026-03-02") + timedelta(days=day), "ann", f"Channel {day % 3}") for day in range(11)
    ]
    events.fill(bench, touches, [Conversion("A", at("2026-03-13"), "ann")])

    def credited(stores: Stores) -> dict[str, dict[tuple[Any, ...], float]]:
        found = engine.rules_credit(events.asked(stores, WHOLE, lookback_days=7.0), RULES)
        return {model: events.by(rows, ["name"], ["attributed_conversions"]) for model, rows in found.items()}

    before = credited(bench)
    assert isinstance(bench.lake, DuckDBLake)
    with bench.lake.table("journeys").transaction() as transaction:
        for change in ("delete", "add"):
            with transaction.update_schema() as update:
                for name in total_columns():
                    update.delete_column(name) if change == "delete" else update.add_column(name, NUMBER)
    assert events.stored(bench, "journeys")[list(total_columns())].isna().all(axis=None)
    monkeypatch.setattr("pipelines.derived.program", lambda _: "that of a later version")
    assert credited(replace(bench, memory=Memory())) == {model: near(before[model]) for model in RULES}


def test_rows_of_a_version_before_ages_give_no_wrong_credit(bench: Stores) -> None:
    """Models that look at places have theirs; those that look at ages have none until the journeys are built anew."""
    touches = [
        Touch("a1", at("2026-03-02"), "ann", "Search", milestone="lead"),
        Touch("a2", at("2026-03-03"), "ann", "direct"),
        Touch("b1", at("2026-03-03"), "bob", "Mail"),
        *(Touch(f"c{hour}", at("2026-03-04", f"{hour:02}:00"), "cid", "Social") for hour in range(11)),
    ]
    events.fill(bench, touches, [Conversion(key, at("2026-03-05"), key) for key in ("ann", "bob", "cid")])

    def credited(lookback_days: float) -> dict[str, dict[tuple[Any, ...], float]]:
        asked = events.asked(replace(bench, memory=Memory()), WHOLE, lookback_days=lookback_days)
        found = {
            model: rows.fillna({"attributed_conversions": 0.0})
            for model, rows in engine.rules_credit(asked, RULES).items()
        }
        return {model: events.by(rows, ["name"], ["attributed_conversions"]) for model, rows in found.items()}

    before, unusual = credited(30.0), credited(21.0)
    assert isinstance(bench.lake, DuckDBLake)
    told = {
        name: kind
        for name, kind in TABLES["journeys"].items()
        if re.match("gap_|last_(channel|origin)|marked|.*_total_", name)
    }
    with bench.lake.table("journeys").transaction() as transaction:
        for change in ("delete", "add"):
            with transaction.update_schema() as update:
                for name, kind in told.items():
                    update.delete_column(name) if change == "delete" else update.add_column(name, kind)
    by_age = {model for model in RULES if MODELS[model].by_age}
    after = credited(30.0)
    assert {model: after[model] for model in RULES if model not in by_age} == {
        model: near(before[model]) for model in RULES if model not in by_age
    }
    for model, sums in credited(21.0).items():
        assert all(sums[name] <= unusual[model].get(name, 0.0) + 1e-9 for name in sums), model
    for model in by_age:
        assert sum(after[model].values()) <= sum(before[model].values())


@settings(few, max_examples=3)
@given(worlds, ways)
def test_a_rule_asked_alone_heeds_its_parameters(rated: Stores, world: World, way: Way) -> None:
    events.fill(rated, *world)
    walks = plain.walks(*world, way)
    for model in RULES:
        rows = engine.credit(asked(rated, way, model))
        agree(events.by(rows, ["day", "name"], CREDIT), plain.credit(walks, way, model, PARAMETERS.get(model, {})))


@settings(few, max_examples=3)
@given(worlds)
def test_a_part_of_the_days_is_that_part_of_the_rows(rated: Stores, world: World) -> None:
    """Touches before the first day of the period earn credit from the conversions within it."""
    events.fill(rated, *world)
    days = [day.isoformat() for day in pd.date_range(PART.start, PART.end).date]
    for ask, keys, sums in (
        (events.outcomes, ["day", "type", "reason"], ["conversions", "revenue"]),
        *(
            (_credit(model, Options(by_touch_date=by_touch_date)), ["day", "name"], CREDIT)
            for model in ("linear", "shapley", "w_shaped")
            for by_touch_date in (False, True)
        ),
    ):
        whole, part = ask(rated, WHOLE), ask(rated, PART)
        agree(events.by(part, keys, sums), events.by(whole[whole["day"].isin(days)], keys, sums))


def _credit(model: str, chosen: Options) -> Callable[[Stores, Period], pd.DataFrame]:
    return lambda stores, period: events.credit(stores, period, model, options=chosen)


@settings(few, max_examples=2)
@given(worlds, ways)
def test_the_order_of_rows_changes_nothing(rated: Stores, world: World, way: Way) -> None:
    """Ties in time are broken by the touchpoint's id, not by where its row stands."""
    answers = []
    for _ in range(2):
        events.fill(rated, *world)
        told = events.by(engine.outcomes(asked(rated, way)), ["day", "type", "reason"], ["conversions"])
        ruled = [events.by(rows, ["day", "name"], CREDIT) for rows in rules(rated, way).values()]
        answers.append([told, *ruled, *(by_name(rated, way, model, parameters) for model, parameters in SOLVED)])
        world = (random.Random(1).sample(world[0], len(world[0])), random.Random(2).sample(world[1], len(world[1])))
    for first, second in zip(*answers, strict=True):
        agree(first, second)


@settings(few, max_examples=3)
@given(worlds)
def test_a_wider_window_attributes_no_less(rated: Stores, world: World) -> None:
    events.fill(rated, *world)
    attributed = []
    for days in (0.001, *WINDOWS):
        told = events.outcomes(rated, WHOLE, lookback_days=days)
        attributed.append(told.loc[told["reason"].isna(), "conversions"].sum())
    assert attributed == sorted(attributed)


@settings(few, max_examples=2)
@given(worlds, ways)
def test_every_dimension_shares_the_same_credit(rated: Stores, world: World, way: Way) -> None:
    """Whatever is credited; collapsing what is credited alone changes which touches count, never how much they share."""
    events.fill(rated, *world)
    for model in ("linear", "markov", "shapley", "hybrid"):
        totals = [
            engine.credit(asked(rated, way, model, dimension=dimension))[CREDIT].sum().tolist()
            for dimension in ("channel", "campaign", "post", "kind")
        ]
        assert totals == [near(totals[0])] * len(totals)
