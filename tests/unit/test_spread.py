"""Credit by day under a model of the whole period: sums that hold, and a pattern that is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.attribution.model import Numbers
from pipelines.attribution.spread import spread

patterns = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.floats(0.5, 50))
"""The more uneven a pattern's odds are, the more rounds it takes to come within a distance of the sums."""
holes = arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.one_of(st.just(0.0), st.floats(0.1, 9))
)


def with_total(values: Numbers, total: float) -> Numbers:
    return values / values.sum() * total


@settings(deadline=None)
@given(patterns, st.data())
def test_a_full_pattern_takes_any_sums(pattern: Numbers, data: st.DataObject) -> None:
    rows, columns = (
        with_total(data.draw(arrays(np.float64, size, elements=st.floats(0.1, 10))), 50.0) for size in pattern.shape
    )
    found = spread(pattern, rows, columns)
    assert found.cells.sum(axis=0) == pytest.approx(columns, rel=1e-12)
    assert found.cells.sum(axis=1) == pytest.approx(rows, rel=1e-8)
    assert np.abs(found.rows_off).max() < 1e-8
    assert (found.cells >= 0).all()


@given(patterns, st.data())
def test_the_odds_of_the_pattern_are_kept(pattern: Numbers, data: st.DataObject) -> None:
    """Scaling rows and columns changes no cross-product ratio: what is found is the pattern, but for its sums."""
    rows, columns = (
        with_total(data.draw(arrays(np.float64, size, elements=st.floats(0.1, 10))), 50.0) for size in pattern.shape
    )
    cells = spread(pattern, rows, columns).cells
    before = pattern * pattern[0, 0] / np.outer(pattern[:, 0], pattern[0])
    after = cells * cells[0, 0] / np.outer(cells[:, 0], cells[0])
    assert after == pytest.approx(before, rel=1e-9)


@given(holes)
def test_a_pattern_with_the_right_sums_is_left_as_it_is(pattern: Numbers) -> None:
    found = spread(pattern, pattern.sum(axis=1), pattern.sum(axis=0))
    assert found.cells == pytest.approx(pattern, rel=1e-12)
    assert found.rows_off == pytest.approx(np.zeros(len(pattern)), abs=1e-10)


@given(holes.filter(lambda pattern: pattern.sum() > 0), st.data())
@settings(deadline=None)
def test_the_names_sums_hold_whatever_the_holes(pattern: Numbers, data: st.DataObject) -> None:
    columns = with_total(data.draw(arrays(np.float64, pattern.shape[1], elements=st.floats(0.1, 10))), 50.0)
    rows = with_total(pattern.sum(axis=1), 50.0)
    found = spread(pattern, rows, columns)
    assert found.cells.sum(axis=0) == pytest.approx(columns, rel=1e-12)
    assert found.rows_off == pytest.approx(found.cells.sum(axis=1) - rows, abs=1e-12)
    assert (found.cells >= 0).all()


def test_a_known_table() -> None:
    """Two days, two names: [[1, 1], [1, 3]] fitted to equal sums keeps the odds 3, so its corners are sqrt(3) to 1."""
    half = np.array([0.5, 0.5])
    corner = np.sqrt(3) / (1 + np.sqrt(3)) / 2
    found = spread(np.array([[1.0, 1.0], [1.0, 3.0]]), half, half)
    assert found.cells == pytest.approx(np.array([[corner, 0.5 - corner], [0.5 - corner, corner]]))


def test_where_the_pattern_forbids_it_the_days_are_off_and_it_is_said() -> None:
    """The first name was seen on the first day only, so all its 3 stand there, where 2 should."""
    found = spread(np.array([[4.0, 0.0], [0.0, 1.0]]), np.array([2.0, 2.0]), np.array([3.0, 1.0]))
    assert found.cells.tolist() == [[3, 0], [0, 1]]
    assert found.rows_off.tolist() == [1, -1]


def test_a_name_without_a_pattern_is_laid_over_the_days_as_all_credit_is() -> None:
    """In a Markov chain a channel may earn credit through journeys that did not convert."""
    found = spread(np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    assert found.cells == pytest.approx(np.array([[0.75, 0.25], [2.25, 0.75]]))
    assert found.rows_off == pytest.approx([0, 0])


def test_days_and_names_without_credit_stay_empty() -> None:
    found = spread(np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 1.0]]), np.array([2.0, 0.0, 3.0]), np.array([5.0, 0.0]))
    assert found.cells == pytest.approx(np.array([[2.0, 0], [0, 0], [3, 0]]))
    empty = spread(np.zeros((2, 2)), np.zeros(2), np.zeros(2))
    assert empty.cells.sum() == 0
    assert spread(np.zeros((0, 0)), np.zeros(0), np.zeros(0)).cells.shape == (0, 0)


def test_half_a_year_of_a_dozen_names() -> None:
    random = np.random.default_rng(26)
    pattern = random.gamma(1.0, 5.0, (180, 12)) * (random.random((180, 12)) < 0.7)
    rows = pattern.sum(axis=1)
    columns = with_total(pattern.sum(axis=0) * random.uniform(0.7, 1.4, 12), rows.sum())
    found = spread(pattern, rows, columns)
    assert found.cells.sum(axis=0) == pytest.approx(columns, rel=1e-12)
    assert np.abs(found.rows_off).max() < 1e-8


@pytest.mark.parametrize(
    ("pattern", "rows", "columns", "said"),
    [
        ([[-1.0]], [1.0], [1.0], "below zero"),
        ([[1.0]], [-1.0], [-1.0], "below zero"),
        ([[1.0]], [1.0], [2.0], "The days have 1 to share out, the names 2"),
    ],
)
def test_what_cannot_be_spread(pattern: list[list[float]], rows: list[float], columns: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        spread(np.array(pattern), np.array(rows), np.array(columns))
