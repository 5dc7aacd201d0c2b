"""Where a point stands, what its quadrant is called, and what it is told to do."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.quadrants import (
    ALARMING_NEGATIVE_SHARE,
    ENOUGH_CONVERSIONS,
    FEWEST_RATED_MENTIONS,
    HIGH_PERFORMERS,
    LEAVE_IT,
    PLATFORM_PUSH,
    UNDERDOGS,
    Thresholds,
    advise,
    place,
    thresholds,
)

values = st.one_of(st.none(), st.integers(0, 9).map(float))


def points(*rows: tuple[float | None, float | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["reach", "mentions"], dtype=float)


def advice(**given: Any) -> dict[str, Any]:
    """The advice to one high performer of CPA 10 among four points (whose median CPA is 10), with some facts of it changed."""
    point = {
        "reach": 9.0,
        "mentions": 90.0,
        "positive": 20.0,
        "neutral": 20.0,
        "negative": 0.0,
        "spend": 500.0,
        "attributed_conversions": 50.0,
        "cpa": 10.0,
        "quadrant": HIGH_PERFORMERS,
    }
    others = [{**point, "cpa": cpa} for cpa in (8.0, 12.0, 10.0)]
    target = given.pop("target_cpa", None)
    told: dict[str, Any] = advise(pd.DataFrame([{**point, **given}, *others]), target).iloc[0].to_dict()
    return told


def test_each_corner_has_its_name() -> None:
    """Underdogs are loud and unseen; what is neither goes to Leave It. A published snippet of this scheme swaps the two."""
    corners = points((9, 9), (9, 1), (1, 9), (1, 1))
    placed = place(corners, thresholds(corners, "median"))
    assert placed["quadrant"].tolist() == [HIGH_PERFORMERS, PLATFORM_PUSH, UNDERDOGS, LEAVE_IT]
    assert (UNDERDOGS, LEAVE_IT) == ("Underdogs", "Leave It")


def test_a_tie_is_low() -> None:
    five = points((5, 5), (9, 5), (5, 9), (1, 1), (9, 9))
    lines = thresholds(five, "median")
    assert lines == Thresholds(5.0, 5.0)
    assert place(five, lines)["quadrant"].tolist() == [LEAVE_IT, PLATFORM_PUSH, UNDERDOGS, LEAVE_IT, HIGH_PERFORMERS]


def test_the_lines_are_medians_means_or_ones_own() -> None:
    four = points((1, 10), (2, 20), (3, 30), (10, 100))
    assert thresholds(four, "median") == Thresholds(2.5, 25.0)
    assert thresholds(four, "mean") == Thresholds(4.0, 40.0)
    assert thresholds(four, "own", 7.0, 8.0) == Thresholds(7.0, 8.0)
    assert thresholds(four, "own", 7.0, None) == Thresholds(7.0, 25.0)


def test_a_line_is_drawn_through_all_points_that_have_the_value() -> None:
    assert thresholds(points((1, 1), (2, 2), (3, 3), (4, 4), (100, None), (None, 50)), "median") == Thresholds(3.0, 3.0)


@pytest.mark.parametrize("how", ["median", "mean", "own"])
def test_under_four_points_none_is_named(how: str) -> None:
    three = points((1, 1), (9, 9), (1, 9), (5, None))
    assert place(three, thresholds(three, how, 2.0, 2.0))["quadrant"].isna().all()


@given(st.lists(st.tuples(values, values), max_size=12), st.sampled_from(["median", "mean"]))
def test_every_whole_point_has_exactly_one_quadrant(rows: list[tuple[float | None, float | None]], how: str) -> None:
    frame = points(*rows)
    lines = thresholds(frame, how)
    placed = place(frame, lines)
    whole = frame.notna().all(axis=1)
    assert (placed["quadrant"].notna() == (whole & (whole.sum() >= 4))).all()
    for point in placed[placed["quadrant"].notna()].itertuples():
        assert lines.reach is not None
        assert lines.mentions is not None
        assert (point.reach > lines.reach) == (point.quadrant in (HIGH_PERFORMERS, PLATFORM_PUSH))
        assert (point.mentions > lines.mentions) == (point.quadrant in (HIGH_PERFORMERS, UNDERDOGS))


@given(st.permutations([(1.0, 4.0), (2.0, 3.0), (3.0, 9.0), (7.0, 1.0), (5.0, 5.0), (None, 2.0)]))
def test_the_order_of_points_does_not_matter(rows: list[tuple[float | None, float | None]]) -> None:
    frame = points(*rows)
    placed = place(frame, thresholds(frame, "median")).sort_values("mentions")
    assert placed["quadrant"].tolist() == [PLATFORM_PUSH, None, LEAVE_IT, UNDERDOGS, HIGH_PERFORMERS, UNDERDOGS]


def test_more_budget_only_where_a_conversion_costs_no_more_than_elsewhere() -> None:
    assert advice()["advice"].endswith("no worse than the median. More budget.")
    assert advice(cpa=10.5)["advice"].startswith("Make it cheaper before feeding it")
    assert "above the target" in advice(target_cpa=9.0)["advice"]
    assert advice(target_cpa=9.0, cpa=9.0)["advice"].endswith("no worse than the target. More budget.")


@pytest.mark.parametrize(
    "thin",
    [
        {"attributed_conversions": ENOUGH_CONVERSIONS - 0.5},
        {"attributed_conversions": 0.0, "cpa": float("nan")},
        {"spend": float("nan"), "cpa": float("nan")},
    ],
)
def test_no_budget_on_thin_evidence(thin: dict[str, float]) -> None:
    assert "More budget" not in advice(**thin)["advice"]


@pytest.mark.parametrize(
    ("quadrant", "opening"),
    [
        (HIGH_PERFORMERS, "Double down"),
        (UNDERDOGS, "Amplify"),
        (PLATFORM_PUSH, "Change the content"),
        (LEAVE_IT, "Fix it or end it"),
        (None, "Too few points"),
    ],
)
def test_each_quadrant_has_its_advice(quadrant: str | None, opening: str) -> None:
    assert advice(quadrant=quadrant)["advice"].startswith(opening)


def test_one_sided_points_are_told_what_is_missing() -> None:
    assert advice(reach=float("nan"), quadrant=None)["advice"].startswith("Upload its reach")
    assert advice(mentions=float("nan"), quadrant=None)["advice"].startswith("Connect its mentions")


def test_a_pr_warning_needs_enough_rated_mentions() -> None:
    negative = FEWEST_RATED_MENTIONS * ALARMING_NEGATIVE_SHARE
    told = advice(positive=FEWEST_RATED_MENTIONS - negative, neutral=0.0, negative=negative)
    assert told["pr_warning"]
    assert told["advice"] == "PR fix before budget: 40% of the rated mentions are negative."
    too_few = advice(positive=0.0, neutral=0.0, negative=FEWEST_RATED_MENTIONS - 1.0)
    assert (too_few["pr_warning"], too_few["negative_share"]) == (False, 1.0)
    assert not advice(positive=60.0, neutral=1.0, negative=40.0)["pr_warning"]


def test_uncategorized_mentions_count_neither_for_nor_against() -> None:
    told = advice(positive=10.0, neutral=10.0, negative=20.0, uncategorized=10_000.0, mentions=10_040.0)
    assert (told["negative_share"], told["pr_warning"]) == (0.5, True)
    unrated = advice(positive=0.0, neutral=0.0, negative=0.0, uncategorized=90.0)
    assert pd.isna(unrated["negative_share"])
    assert not unrated["pr_warning"]
