"""What the models promise, asked of the engine on data sets made by chance: each axiom changes raw events and says how credit follows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.attribution.asked import Options
from pipelines.stores.base import Stores
from tests.sql import events
from tests.sql.events import CREDIT, Conversion, Touch, agree
from tests.sql.plain import Way
from tests.sql.test_conservation import PARAMETERS, by_name, few, ways
from tests.sql.worlds import FIRST, worlds

World = tuple[list[Touch], list[Conversion]]
Asking = tuple[str, dict[str, float]]
LINEAR: Asking = ("linear", {})
SHAPLEY: Asking = ("shapley", {})
OF_EACH_KIND = ("linear", "time_decay", "w_shaped", "markov", "shapley", "ordered_shapley")
"""One model for each way in which the lake is asked."""
LONG_AGO = FIRST - timedelta(days=20)

plain_ways = st.builds(
    Way,
    st.sampled_from([1.5, 7.0]),
    st.builds(Options, restart=st.booleans(), first_conversion=st.booleans()),
    st.just(()),
    st.none(),
    st.just("UTC"),
)
"""Ways in which no touch is left out for the name of its channel, and no window is longer than a week."""


def credits_of(stores: Stores, world: World, way: Way, models: list[Asking]) -> list[events.Sums]:
    """The credit by name under each model."""
    events.fill(stores, *world)
    return [by_name(stores, way, model, parameters) for model, parameters in models]


def renamed(world: World, name: Callable[[str | None], str | None]) -> World:
    """The same events, channels called otherwise."""
    return [replace(touch, channel=name(touch.channel)) for touch in world[0]], world[1]


@settings(few, max_examples=4)
@given(worlds, ways)
def test_a_touch_outside_the_window_changes_nothing(rated: Stores, world: World, way: Way) -> None:
    if way.lookback_days > 7:  # as long as there is data: nothing lies outside
        way = replace(way, lookback_days=7.0)
    met = {touch.person for touch in world[0] if touch.person is not None and touch.consent is not False}
    older = [Touch(f"old {person}", LONG_AGO, person, "Mail") for person in sorted(met)]
    models = [(model, PARAMETERS.get(model, {})) for model in OF_EACH_KIND]
    before = credits_of(rated, world, way, models)
    after = credits_of(rated, ([*world[0], *older], world[1]), way, models)
    for first, second in zip(before, after, strict=True):
        agree(first, second)


@settings(few, max_examples=5)
@given(worlds, plain_ways)
def test_two_channels_called_one_earn_together_what_they_earned(rated: Stores, world: World, way: Way) -> None:
    [apart] = credits_of(rated, world, way, [LINEAR])
    [together] = credits_of(rated, renamed(world, lambda name: "Social" if name == "Search" else name), way, [LINEAR])
    expected = dict(apart)
    for measure in CREDIT:
        moved = expected.pop(("Search", measure), 0.0)
        if moved or ("Social", measure) in expected:
            expected["Social", measure] = expected.get(("Social", measure), 0.0) + moved
    agree(together, expected)


@settings(few, max_examples=5)
@given(worlds, plain_ways)
def test_channels_that_always_stand_together_earn_the_same_shapley_value(rated: Stores, world: World, way: Way) -> None:
    twins = [
        replace(touch, id=f"{touch.id} twin", channel="Twin of Mail") for touch in world[0] if touch.channel == "Mail"
    ]
    [earned] = credits_of(rated, ([*world[0], *twins], world[1]), way, [SHAPLEY])
    for measure in CREDIT:
        assert earned.get(("Mail", measure), 0.0) == pytest.approx(earned.get(("Twin of Mail", measure), 0.0), abs=1e-9)


@settings(few, max_examples=5)
@given(worlds, plain_ways)
def test_a_channel_without_conversions_earns_no_shapley_value(rated: Stores, world: World, way: Way) -> None:
    duds = [Touch(f"dud {number}", FIRST, f"nobody {number}", "Dud") for number in range(5)]
    [before] = credits_of(rated, world, way, [SHAPLEY])
    [after] = credits_of(rated, ([*world[0], *duds], world[1]), way, [SHAPLEY])
    assert not any(after.get(("Dud", measure), 0.0) for measure in CREDIT)
    agree(before, {key: earned for key, earned in after.items() if key[0] != "Dud"})


@settings(few, max_examples=5)
@given(worlds, plain_ways)
def test_a_chain_of_twice_the_people_shares_as_before(rated: Stores, world: World, way: Way) -> None:
    chains = [("markov", {"order": order}) for order in (1.0, 2.0, 3.0)]

    def again(row: Touch) -> Touch:
        return replace(row, id=f"{row.id} again", person=f"{row.person} again")

    touches = [*world[0], *(again(touch) for touch in world[0] if touch.person is not None)]
    conversions = [
        *world[1],
        *(
            replace(conversion, id=f"{conversion.id} again", person=f"{conversion.person} again")
            for conversion in world[1]
            if conversion.person is not None
        ),
    ]
    once = credits_of(rated, world, way, chains)
    twice = credits_of(rated, (touches, conversions), way, chains)
    for first, second in zip(once, twice, strict=True):
        agree(second, {key: 2 * earned for key, earned in first.items()})
