"""Markov attribution against published numbers and against the chain written out and walked step by step."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.attribution import markov
from pipelines.attribution.markov import order1_shares, removal_effects, transition_counts
from pipelines.errors import CannotCarry
from pipelines.settings import PROJECT
from tests.unit.grams import grams

REFERENCE = PROJECT.parent / "shared" / "reference"

beside_the_repository = pytest.mark.skipif(not REFERENCE.exists(), reason="the reference files are not on this machine")

World = list[tuple[str, int, int]]

channel_names = st.sampled_from(["a", "b", "c", "d"])
paths = st.lists(channel_names, min_size=1, max_size=6).map(" > ".join)
worlds = st.lists(st.tuples(paths, st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8).filter(
    lambda world: any(converting for _, converting, _ in world)
)
orders = st.sampled_from([1, 2, 3])


def effects(world: World, order: int) -> dict[str, float]:
    channels = removal_effects(grams(world, order), order).channels
    return dict(zip(channels["channel"], channels["removal_effect"], strict=True))


def conversion_probability(world: World, order: int, removed: str = "") -> float:
    """P(conversion) by walking the chain, its states spelled as tuples, until next to nothing is on its way."""
    moves: dict[tuple[str, ...], dict[tuple[str, ...] | str, float]] = defaultdict(lambda: defaultdict(float))
    for path, converting, rest in world:
        channels = path.split(" > ")
        states = [(), *[tuple(channels[max(0, end - order) : end]) for end in range(1, len(channels) + 1)]]
        for before, after in pairwise(states):
            moves[before][after] += converting + rest
        moves[states[-1]]["conversion"] += converting
        moves[states[-1]]["null"] += rest
    walking: dict[tuple[str, ...], float] = {(): 1.0}
    converted = 0.0
    while sum(walking.values()) > 1e-13:
        further: dict[tuple[str, ...], float] = defaultdict(float)
        for state, mass in walking.items():
            left = sum(moves[state].values())
            for target, weight in moves[state].items():
                if target == "conversion":
                    converted += mass * weight / left
                elif isinstance(target, tuple) and removed not in target:
                    further[target] += mass * weight / left
        walking = further
    return converted


@given(worlds, orders)
@settings(max_examples=150, deadline=None)
def test_the_chain_walked_step_by_step_loses_the_same(world: World, order: int) -> None:
    world = [(path, converting, rest) for path, converting, rest in world if converting + rest]
    removal = removal_effects(grams(world, order), order)
    base = conversion_probability(world, order)
    assert removal.base == pytest.approx(base, abs=1e-10)
    for channel, effect in zip(removal.channels["channel"], removal.channels["removal_effect"], strict=True):
        assert effect == pytest.approx(1 - conversion_probability(world, order, channel) / base, abs=1e-9)
    assert removal.channels["share"].sum() == pytest.approx(1)
    assert (removal.channels["share"] >= 0).all()


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("dense", [0, 10**6])
def test_a_large_chain_is_solved_alike_by_iteration_and_at_once(
    order: int, dense: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = random_world(np.random.default_rng(26), channels=6, journeys=400)
    removal = removal_effects(grams(world, order), order)
    assert removal.states > 30
    monkeypatch.setattr(markov, "DENSE_STATES", dense)
    again = removal_effects(grams(world, order), order)
    assert again.channels["removal_effect"].to_numpy() == pytest.approx(removal.channels["removal_effect"], abs=1e-11)


def test_where_the_iteration_ends_without_an_answer_the_equations_are_solved_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = random_world(np.random.default_rng(26), channels=5, journeys=100)
    expected = effects(world, 2)
    monkeypatch.setattr(markov, "DENSE_STATES", 0)
    monkeypatch.setattr(markov, "bicgstab", lambda _, right, **__: (np.zeros_like(right), 1))
    assert effects(world, 2) == pytest.approx(expected, abs=1e-12)


def random_world(random: np.random.Generator, channels: int, journeys: int) -> World:
    return [
        (
            " > ".join(f"c{channel}" for channel in random.integers(0, channels, random.geometric(0.3))),
            int(random.integers(0, 4)),
            int(random.integers(1, 9)),
        )
        for _ in range(journeys)
    ]


@beside_the_repository
def test_ten_thousand_paths() -> None:
    sample = pd.read_csv(REFERENCE / "paths_10k.csv")
    published = pd.read_csv(REFERENCE / "paths_10k_markov_order1.csv")
    world = zip(sample["path"], sample["total_conversions"], sample["total_null"], strict=True)
    removal = removal_effects(grams(world, 1), 1)
    assert removal.channels["channel"].tolist() == published["channel"].tolist()
    assert removal.conversions == sample["total_conversions"].sum()
    assert removal.base == pytest.approx(published["base_conversion_probability"][0], abs=1e-12)
    assert removal.channels["removal_effect"].to_numpy() == pytest.approx(published["removal_effect"], abs=1e-9)
    credit = removal.channels["share"].to_numpy() * removal.conversions
    assert credit == pytest.approx(published["attributed_conversions"], abs=1e-6)


@beside_the_repository
def test_tiny_published_examples() -> None:
    """The simulated ones (10,000 walks) to half a percent, the rest to rounding."""
    examples = pd.read_csv(REFERENCE / "tiny_paths.csv")
    published = pd.read_csv(REFERENCE / "tiny_published.csv")
    published = published[(published["model"] == "markov_order1") & ~published["note"].str.contains("WRONG")]
    assert set(published["example"]) == {"analyzecore_c123", "puzyrov", "pychattr_readme"}
    for example, rows in published.groupby("example"):
        chosen = examples[examples["example"] == example]
        removal = removal_effects(grams(zip(chosen["path"], chosen["conversions"], chosen["nulls"], strict=True), 1), 1)
        found = removal.channels.set_index("channel")
        found["conversions"] = found["share"] * removal.conversions
        for row in rows.itertuples():
            tolerance = 0.01 if "10k sims" in str(row.note) else 1e-9
            assert found.loc[row.channel, row.kind] == pytest.approx(row.value, abs=tolerance)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_more_of_the_same_changes_nothing(order: int) -> None:
    world = random_world(np.random.default_rng(1), channels=4, journeys=30)
    thousandfold = [(path, converting * 1000, rest * 1000) for path, converting, rest in world]
    once = effects(world, order)
    assert effects(world + world, order) == pytest.approx(once, abs=1e-12)
    assert effects(thousandfold, order) == pytest.approx(once, abs=1e-12)
    assert effects(world[::-1], order) == pytest.approx(once, abs=1e-12)
    counts = ["journeys", "begun"]
    aggregated = grams(world, order).groupby(
        [name for name in grams(world, order) if name not in counts], dropna=False, as_index=False
    )
    again = removal_effects(aggregated[counts].sum(), order).channels
    assert again["removal_effect"].to_numpy() == pytest.approx(list(once.values()), abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_channel_that_no_journey_counts_for_has_no_effect(order: int) -> None:
    """As where all that it touched was refunded."""
    world = random_world(np.random.default_rng(2), channels=3, journeys=20)
    with_dummy = effects([*world, ("dummy > c1", 0, 0), ("c0 > dummy", 0, 0)], order)
    assert with_dummy.pop("dummy") == 0
    assert with_dummy == pytest.approx(effects(world, order), abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_channels_that_play_the_same_part_earn_the_same(order: int) -> None:
    twins = effects([("a > x > a", 2, 3), ("b > x > b", 2, 3), ("x", 1, 4)], order)
    assert twins["a"] == pytest.approx(twins["b"])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_only_channel_earns_all(order: int) -> None:
    assert effects([("a > a > a > a", 1, 5), ("a", 0, 2)], order) == pytest.approx({"a": 1.0})


def test_order_2_by_hand() -> None:
    """start -> a 1; (a) -> (a,b) 1; (a,b) -> (b,a) 1/2, end in conversion 1/2; (b,a) -> null. All of it goes through a and b."""
    removal = removal_effects(grams([("a > b", 1, 0), ("a > b > a", 0, 1), ("c", 1, 1)], 2), 2)
    assert removal.states == 4
    assert removal.base == pytest.approx(0.5)
    assert removal.channels["removal_effect"].tolist() == pytest.approx([0.5, 0.5, 0.5])


def test_many_chains_at_once_are_the_chains_one_by_one() -> None:
    random = np.random.default_rng(3)
    several = [random_world(random, channels=4, journeys=20) for _ in range(5)]
    names = ["c0", "c1", "c2", "c3"]
    bucketed = pd.concat([grams(world, 1).assign(slice=bucket) for bucket, world in enumerate(several)])
    counts = transition_counts(bucketed, names, 6)
    assert counts.shape == (6, 5, 6)
    shares = order1_shares(counts)
    for world, share in zip(several, shares, strict=False):
        one = removal_effects(grams(world, 1), 1).channels.set_index("channel")["share"]
        assert share == pytest.approx(one.reindex(names, fill_value=0.0).to_numpy(), abs=1e-12)
    assert shares[5].tolist() == [0, 0, 0, 0]
    together = order1_shares(counts.sum(axis=0, keepdims=True))[0]
    whole = removal_effects(grams([path for world in several for path in world], 1), 1).channels["share"]
    assert together == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_without_conversions_there_is_no_model(order: int) -> None:
    with pytest.raises(CannotCarry, match="No journey of this period converts"):
        removal_effects(grams([("a > b", 0, 4)], order), order)
    with pytest.raises(CannotCarry, match="No journey of this period converts"):
        removal_effects(grams([], order), order)


def test_too_much_for_the_model_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = random_world(np.random.default_rng(4), channels=5, journeys=50)
    monkeypatch.setattr(markov, "MOST_STATES", 20)
    with pytest.raises(CannotCarry, match=r"states; the model carries 20\."):
        removal_effects(grams(world, 2), 2)
    monkeypatch.setattr(markov, "MOST_CHANNELS", 4)
    with pytest.raises(CannotCarry, match=r"have 5 names; the model carries 4\."):
        removal_effects(grams(world, 1), 1)


def test_few_conversions_are_said() -> None:
    assert removal_effects(grams([("a", 99, 1)], 1), 1).caveat == (
        "Only 99 conversions carry this model: under 100 its shares say little."
    )
    assert removal_effects(grams([("a", 100, 1)], 1), 1).caveat is None


@pytest.mark.parametrize("order", [1, 2, 3])
def test_grams_of_half_a_journey_are_refused(order: int) -> None:
    """They are a defect of the caller: such a chain might never end."""
    whole = grams([("a > b > c > a", 2, 3), ("b", 1, 1)], order)
    with pytest.raises(ValueError, match="gram"):
        removal_effects(whole[whole["touch_1"] != "c"], order)
