"""Shapley values against the definition: every coalition written out, and the axioms."""

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.attribution.shapley import ordered_weights, shapley_values
from pipelines.settings import PROJECT

REFERENCE = PROJECT.parent / "shared" / "reference"

beside_the_repository = pytest.mark.skipif(not REFERENCE.exists(), reason="the reference files are not on this machine")

Journeys = list[tuple[frozenset[str], float, float]]
"""channels, conversions, revenue."""

PLAYERS = "abcde"
channel_sets = st.frozensets(st.sampled_from(PLAYERS), min_size=1)
amounts = st.floats(-50, 500)
worlds = st.lists(st.tuples(channel_sets, st.floats(0, 20), amounts), min_size=1, max_size=12)
paths = st.lists(st.sampled_from(PLAYERS), min_size=1, max_size=9)


def values(journeys: Journeys, measure: str = "conversions") -> dict[str, float]:
    earned = shapley_values(pd.DataFrame(journeys, columns=["channels", "conversions", "revenue"]))
    return dict(zip(earned["channel"], earned[measure], strict=True))


def by_definition(journeys: list[tuple[frozenset[str], float]]) -> dict[str, float]:
    """The mean gain of a channel over all coalitions that it may join; worth of one: the journeys all of whose channels are in it."""

    def worth(coalition: frozenset[str]) -> float:
        return sum(amount for channels, amount in journeys if channels <= coalition)

    players = sorted(frozenset().union(*(channels for channels, _ in journeys)))
    n = len(players)
    found = {}
    for player in players:
        others = [other for other in players if other != player]
        found[player] = sum(
            factorial(size) * factorial(n - size - 1) / factorial(n) * (worth(joined | {player}) - worth(joined))
            for size in range(n)
            for joined in map(frozenset, combinations(others, size))
        )
    return found


@given(worlds)
def test_the_closed_form_is_the_definition(journeys: Journeys) -> None:
    assert values(journeys) == pytest.approx(
        by_definition([(channels, conversions) for channels, conversions, _ in journeys]), abs=1e-9
    )
    assert values(journeys, "revenue") == pytest.approx(
        by_definition([(channels, revenue) for channels, _, revenue in journeys]), abs=1e-9
    )


@given(worlds)
def test_efficiency(journeys: Journeys) -> None:
    assert sum(values(journeys).values()) == pytest.approx(sum(conversions for _, conversions, _ in journeys))
    assert sum(values(journeys, "revenue").values()) == pytest.approx(
        sum(revenue for _, _, revenue in journeys), abs=1e-9
    )


@given(worlds)
def test_symmetry(journeys: Journeys) -> None:
    """Channels that may take each other's place in every journey earn the same."""
    swap = {"a": "b", "b": "a"}
    mirrored = [(frozenset(swap.get(one, one) for one in channels), count, sum_) for channels, count, sum_ in journeys]
    found = values(journeys + mirrored)
    assert found.get("a", 0.0) == pytest.approx(found.get("b", 0.0))


@given(worlds)
def test_dummy(journeys: Journeys) -> None:
    """A channel whose journeys never convert changes nothing for the others and earns nothing."""
    found = values([*journeys, (frozenset({"dummy", "a"}), 0.0, 0.0)])
    assert found.pop("dummy") == 0
    assert found == pytest.approx(values([*journeys, (frozenset("a"), 0.0, 0.0)]))


@given(worlds)
def test_order_and_grouping_of_the_rows_change_nothing(journeys: Journeys) -> None:
    assert values(journeys[::-1]) == pytest.approx(values(journeys))
    halves = [(channels, count / 2, sum_ / 2) for channels, count, sum_ in journeys]
    assert values(halves + halves) == pytest.approx(values(journeys))


def test_nothing_earned_by_nobody() -> None:
    assert values([]) == {}
    assert values([(frozenset(), 3.0, 3.0), (frozenset("a"), 1.0, 2.0)]) == {"a": 1.0}


def test_repeats_within_a_row_are_one_channel() -> None:
    found = shapley_values(pd.DataFrame({"channels": [("a", "b", "a")], "conversions": [1], "revenue": [8.0]}))
    assert found["conversions"].tolist() == [0.5, 0.5]
    assert found["revenue"].tolist() == [4.0, 4.0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a", [1]), ("ab", [1, 1]), ("aab", [1 / 2, 1 / 2, 1]), ("abab", [1 / 2] * 4), ("abca", [1 / 2, 1, 1, 1 / 2])],
)
def test_ordered_weights(path: str, expected: list[float]) -> None:
    assert ordered_weights(list(path)).tolist() == pytest.approx(expected)


@given(st.lists(st.tuples(paths, st.floats(0, 20)), min_size=1, max_size=8))
def test_the_ordered_split_adds_up_to_the_value_without_order(journeys: list[tuple[list[str], float]]) -> None:
    earned = dict.fromkeys({channel for path, _ in journeys for channel in path}, 0.0)
    for path, conversions in journeys:
        weights = ordered_weights(path)
        assert weights.sum() == pytest.approx(len(set(path)))
        for channel, credit in zip(path, weights / weights.sum(), strict=True):
            earned[channel] += credit * conversions
    assert earned == pytest.approx(values([(frozenset(path), conversions, 0.0) for path, conversions in journeys]))


@given(st.lists(st.tuples(paths, st.integers(1, 5)), min_size=1, max_size=6))
def test_the_ordered_split_is_the_published_sum_over_coalitions(journeys: list[tuple[list[str], int]]) -> None:
    """phi(channel, position) = sum over S with the channel of R(S, channel, position) / |S|, R counting the journeys whose channels are S."""
    channels, longest = sorted({one for path, _ in journeys for one in path}), max(len(path) for path, _ in journeys)
    ours, published = np.zeros((2, len(channels), longest))
    for path, conversions in journeys:
        weights = ordered_weights(path)
        for place, channel in enumerate(path):
            ours[channels.index(channel), place] += conversions * weights[place] / weights.sum()
    for size in range(1, len(channels) + 1):
        for coalition in map(set, combinations(channels, size)):
            for path, conversions in journeys:
                for place, channel in enumerate(path):
                    if set(path) == coalition:
                        published[channels.index(channel), place] += conversions / path.count(channel) / size
    assert ours == pytest.approx(published)


@beside_the_repository
def test_the_tiny_example_with_the_empty_coalition() -> None:
    """The published 3.0 for `a` leaves the empty coalition out: with it, a = 2 + 5/3."""
    paths = pd.read_csv(REFERENCE / "tiny_paths.csv")
    chosen = paths[paths["example"] == "mtapy_tests"]
    found = values([(frozenset(row.path.split(" > ")), row.conversions, 0.0) for row in chosen.itertuples()])
    assert found == pytest.approx({"a": 2 + 5 / 3, "b": 1 / 2 + 5 / 3, "c": 1 / 2 + 5 / 3})
