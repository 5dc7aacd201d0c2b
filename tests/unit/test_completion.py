"""How much of a recent day's credit is in: the chain ladder against published numbers and made-up days that are known to their end."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.attribution.completion import completion, completion_by_age
from pipelines.attribution.model import Numbers

LAST = "2026-03-31"

TAYLOR_ASHE = [
    [357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463],
    [352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085],
    [290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315],
    [310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
    [443160, 1136350, 2128333, 2897821, 3402672, 3873311],
    [396132, 1333217, 2180715, 2985752, 3691712],
    [440832, 1288463, 2419861, 3483130],
    [359480, 1421128, 2864498],
    [376686, 1363294],
    [344014],
]
"""The triangle of Mack's paper (from Taylor and Ashe 1983), cumulative."""


def rows_of(triangle: Numbers, last_day: str = LAST) -> pd.DataFrame:
    """Credit by touch day and lag, the last row of the triangle on last_day; only what has happened by then."""
    days = pd.date_range(end=last_day, periods=len(triangle)).strftime("%Y-%m-%d")
    return pd.DataFrame(
        [
            (days[day], lag, credit)
            for day, credits in enumerate(triangle)
            for lag, credit in enumerate(credits)
            if day + lag < len(triangle) and credit
        ],
        columns=["touch_day", "lag_days", "credit"],
    )


def stationary(seed: int, days: int, window: int) -> Numbers:
    """Credit by day and lag as if the future were known: most comes at once, the rest over the window; weekends are slow."""
    random = np.random.default_rng(seed)
    growth = np.exp(-np.arange(window + 1) / 3)
    level = 40 * (1 + 0.5 * (np.arange(days) % 7 < 5))
    return random.poisson(level[:, None] * growth / growth.sum()).astype(np.float64)


triangles = st.integers(1, 12).flatmap(
    lambda lags: st.lists(
        st.lists(st.one_of(st.just(0.0), st.floats(0.1, 9)), min_size=lags, max_size=lags), min_size=1, max_size=25
    ).map(np.array)
)


def test_the_published_triangle() -> None:
    """Mack 1993: the reserves are 18,680,856 in all, 94,634 for the second year and about 4,626 thousand for the last."""
    triangle = np.zeros((10, 10))
    for day, reached in enumerate(TAYLOR_ASHE):
        triangle[day, : len(reached)] = np.diff(reached, prepend=0)
    found = completion(rows_of(triangle), LAST, 9)
    outstanding = (found["expected"] - found["observed"]).tolist()
    assert sum(outstanding) == pytest.approx(18_680_856, abs=1)
    assert outstanding[0] == 0
    assert outstanding[1] == pytest.approx(94_634, abs=1)
    assert outstanding[9] == pytest.approx(4_626_000, abs=1_000)


@given(triangles, st.integers(0, 12))
def test_completion_is_a_part_that_never_falls_with_age(triangle: Numbers, window: int) -> None:
    by_age = completion_by_age(triangle)
    assert ((by_age >= 0) & (by_age <= 1)).all()
    assert (np.diff(by_age) >= -1e-12).all()
    assert by_age[-1] == 1
    found = completion(rows_of(triangle), LAST, window)
    assert found["completion"].is_monotonic_decreasing
    seen = found[found["completion"] > 0]
    assert (seen["completion"] * seen["expected"]).to_numpy() == pytest.approx(seen["observed"])
    assert found.loc[found["completion"] == 0, "expected"].isna().all()


@given(st.integers(0, 50))
def test_days_whose_window_has_passed_are_complete(seed: int) -> None:
    full = stationary(seed, days=30, window=7)
    found = completion(rows_of(full), LAST, 7).set_index("touch_day")
    past = found[:"2026-03-24"]
    assert (past["completion"] == 1).all()
    assert (past["expected"] == past["observed"]).all()
    assert past["observed"].to_numpy() == pytest.approx(full[:23].sum(axis=1))
    assert (found["completion"]["2026-03-25":] < 1).all()
    assert found["known"].all()


def test_the_expectation_is_unbiased_in_a_steady_world() -> None:
    """Over many worlds: what is expected of the last week's days is what they come to, each day to 3 %."""
    window, worlds = 10, 300
    expected, final = np.zeros((2, worlds, 7))
    for seed in range(worlds):
        full = stationary(seed, days=90, window=window)
        expected[seed] = completion(rows_of(full), LAST, window)["expected"].to_numpy()[-7:]
        final[seed] = full[-7:].sum(axis=1)
    assert expected.mean(axis=0) == pytest.approx(final.mean(axis=0), rel=0.03)
    assert np.abs(expected[:, 0] - final[:, 0]).mean() < np.abs(expected[:, -1] - final[:, -1]).mean()


def test_by_hand() -> None:
    """Two whole days of 10, half of it at once; the last day has 3 at once, so 6 are expected of it."""
    found = completion(rows_of(np.array([[5.0, 5.0], [5.0, 5.0], [3.0, 0.0]])), LAST, 1)
    assert found["touch_day"].tolist() == ["2026-03-29", "2026-03-30", "2026-03-31"]
    assert found["observed"].tolist() == [10, 10, 3]
    assert found["completion"].tolist() == [1, 1, 0.5]
    assert found["expected"].tolist() == [10, 10, 6]
    assert found["known"].tolist() == [True, True, True]


def test_days_without_credit_are_there_with_none() -> None:
    rows = rows_of(np.array([[4.0, 4.0], [0.0, 0.0], [2.0, 2.0], [0.0, 0.0], [0.0, 0.0]]))
    found = completion(rows, LAST, 1)
    assert found["observed"].tolist() == [8, 0, 4, 0, 0]
    assert found["completion"].tolist() == [1, 1, 1, 1, 0.5]
    assert found["expected"].tolist() == [8, 0, 4, 0, 0]


def test_a_day_of_which_nothing_could_be_seen_yet_has_no_expectation() -> None:
    found = completion(rows_of(np.array([[0.0, 4.0], [0.0, 6.0], [0.0, 0.0]])), LAST, 1)
    assert found["completion"].tolist() == [1, 1, 0]
    assert found["expected"].tolist()[:2] == [4, 6]
    assert np.isnan(found["expected"].iloc[2])


def test_lags_that_nobody_has_lived_through_are_unknown() -> None:
    """Three days of history under a window of thirty: the growth seen so far, and no claim to know the rest."""
    found = completion(rows_of(np.array([[2.0, 1.0, 1.0], [2.0, 1.0, 0.0], [2.0, 0.0, 0.0]])), LAST, 30)
    assert found["completion"].tolist() == pytest.approx([1, 3 / 4, 1 / 2])
    assert not found["known"].any()


def test_conversions_after_the_last_whole_day_are_left_out() -> None:
    rows = pd.DataFrame(
        {
            "touch_day": ["2026-03-30", "2026-03-30", "2026-04-01"],
            "lag_days": [1, 2, 0],
            "credit": [1.0, 5.0, 7.0],
        }
    )
    assert completion(rows, LAST, 3)["observed"].tolist() == [1, 0]
    assert completion(rows, "2026-03-01", 3).empty
    assert completion(rows[:0], LAST, 3).columns.tolist() == [
        "touch_day",
        "observed",
        "completion",
        "expected",
        "known",
    ]


def test_a_window_of_part_of_a_day_reaches_into_the_next() -> None:
    found = completion(rows_of(np.array([[3.0, 1.0], [3.0, 1.0], [3.0, 0.0]])), LAST, 0.5)
    assert found["completion"].tolist() == [1, 1, 0.75]
