"""Credit is conserved: for every model, window and set of left-out channels, on data sets made by chance in a real lake, credit and
unattributed together are the conversions, and the engine agrees with plain Python."""

import random
from datetime import date
from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from pipelines.attribution import MODELS
from pipelines.attribution.rules import DAY_MS
from pipelines.calendar import Period
from pipelines.stores.base import Stores
from tests.sql import events, plain
from tests.sql.events import Conversion, Touch
from tests.sql.worlds import worlds

WHOLE = Period(date(2026, 3, 1), date(2026, 3, 31))
PART = Period(date(2026, 3, 3), date(2026, 3, 6))
LONGEST = 90.0
WINDOWS = (0.25, 1.5, LONGEST)
LEFT_OUT: tuple[tuple[str, ...], ...] = ((), ("Search", "direct"))
PARAMETERS: dict[str, dict[str, float]] = {
    "time_decay": {"half_life_days": 0.7},
    "position_based": {"first_weight": 0.5, "last_weight": 0.15},
}
CREDIT = ["attributed_conversions", "attributed_revenue"]

World = tuple[list[Touch], list[Conversion]]
# An example costs a lake's filling and dozens of queries: nothing is shrunk.
few = settings(
    deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(few, max_examples=8)
@given(worlds)
def test_credit_is_conserved_and_agrees_with_plain_python(bench: Stores, world: World) -> None:
    """Row by row, for credit and for reasons. The longest window is no window: plain Python is then asked without one."""
    touches, conversions = world
    events.fill(bench, touches, conversions)
    count = sum(conversion.counts for conversion in conversions)
    revenue = float(sum(conversion.revenue or 0 for conversion in conversions))
    for days, left_out in product(WINDOWS, LEFT_OUT):
        lookback_ms = days * DAY_MS if days < LONGEST else float("inf")
        told = events.outcomes(bench, WHOLE, lookback_days=days, left_out=left_out)
        lost = told[told["reason"].notna()]
        assert (told["conversions"].sum(), told["revenue"].sum()) == near((count, revenue))
        assert events.by(told, ["day", "type", "currency", "reason"], ["conversions", "revenue"]) == near(
            plain.outcomes(touches, conversions, lookback_ms, left_out)
        )
        for model in MODELS:
            given_parameters = PARAMETERS.get(model, {})
            rows = events.credit(
                bench, WHOLE, model, parameters=given_parameters, lookback_days=days, left_out=left_out
            )
            assert rows["attributed_conversions"].sum() + lost["conversions"].sum() == near(count)
            assert rows["attributed_revenue"].sum() + lost["revenue"].sum() == near(revenue)
            assert events.by(rows, ["day", "name", "currency"], CREDIT) == near(
                plain.credit(touches, conversions, model, given_parameters, lookback_ms, left_out)
            )


@settings(few, max_examples=3)
@given(worlds)
def test_a_part_of_the_days_is_that_part_of_the_rows(bench: Stores, world: World) -> None:
    """Touches before the first day of the period earn credit from the conversions within it."""
    events.fill(bench, *world)
    days = [day.isoformat() for day in pd.date_range(PART.start, PART.end).date]
    for whole, part in (
        (events.outcomes(bench, WHOLE), events.outcomes(bench, PART)),
        (events.credit(bench, WHOLE, "linear"), events.credit(bench, PART, "linear")),
    ):
        keys = [column for column in whole.columns if whole[column].dtype not in ("float64", "int64")]
        sums = [column for column in whole.columns if column not in keys]
        assert events.by(part, keys, sums) == near(events.by(whole[whole["day"].isin(days)], keys, sums))


@settings(few, max_examples=3)
@given(worlds)
def test_the_order_of_rows_changes_nothing(bench: Stores, world: World) -> None:
    """Ties in time are broken by the touchpoint's id, not by where its row stands."""
    answers = []
    for _ in range(2):
        events.fill(bench, *world)
        credited = [
            events.by(events.credit(bench, WHOLE, model, lookback_days=3.0), ["day", "name", "currency"], CREDIT)
            for model in MODELS
        ]
        told = events.by(
            events.outcomes(bench, WHOLE, lookback_days=3.0), ["day", "type", "currency", "reason"], ["conversions"]
        )
        answers.append([*credited, told])
        world = (random.Random(1).sample(world[0], len(world[0])), random.Random(2).sample(world[1], len(world[1])))
    assert answers[0] == [near(rows) for rows in answers[1]]


@settings(few, max_examples=3)
@given(worlds)
def test_a_wider_window_attributes_no_less(bench: Stores, world: World) -> None:
    events.fill(bench, *world)
    attributed = []
    for days in (0.001, *WINDOWS):
        told = events.outcomes(bench, WHOLE, lookback_days=days)
        attributed.append(told.loc[told["reason"].isna(), "conversions"].sum())
    assert attributed == sorted(attributed)


@settings(few, max_examples=3)
@given(worlds)
def test_every_dimension_shares_the_same_credit(bench: Stores, world: World) -> None:
    events.fill(bench, *world)
    totals = [
        events.credit(bench, WHOLE, "linear", lookback_days=3.0, dimension=dimension)[CREDIT].sum().tolist()
        for dimension in ("channel", "campaign", "post", "kind")
    ]
    assert totals == [near(totals[0])] * len(totals)
