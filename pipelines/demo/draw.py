"""Reproducible chance for the demo.

Invariant: all randomness is uniform doubles of PCG64 with a written seed, in a fixed order. What is drawn reaches a file only as whole
seconds, cents or counts, so a last bit in which the maths libraries of two machines may differ does not show.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.demo.world import DAYS, FIRST_DAY, GROWTH, WEEKDAYS, Knots

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Shape = int | tuple[int, ...]


class Dice:
    """A stream of chance of its own: one a file, so that a change to one file leaves the others as they are."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def uniform(self, shape: Shape, low: float = 0.0, high: float = 1.0) -> Floats:
        """Numbers spread evenly over low <= x < high."""
        return low + (high - low) * self._generator.random(shape)

    def chance(self, probability: ArrayLike, shape: Shape) -> Bools:
        """True with the given probability."""
        return np.asarray(self.uniform(shape) < np.asarray(probability))

    def exponential(self, mean: ArrayLike, shape: Shape) -> Floats:
        """Waiting times with the given mean."""
        return np.asarray(-np.asarray(mean) * np.log1p(-self.uniform(shape)), dtype=np.float64)

    def below(self, limit: ArrayLike, shape: Shape) -> Ints:
        """Whole numbers spread evenly over 0 <= n < limit."""
        return np.asarray(np.floor(self.uniform(shape) * np.asarray(limit)), dtype=np.int64)

    def pick(self, weights: ArrayLike, shape: Shape) -> Ints:
        """Positions in `weights`, each as often as its weight says."""
        return np.searchsorted(cumulative(weights), self.uniform(shape), side="right").astype(np.int64)

    def pick_by_row(self, weights: ArrayLike, rows: Ints) -> Ints:
        """For each entry of `rows` a position in that row of the matrix `weights`."""
        table = cumulative(weights)
        return np.asarray((table[rows] <= self.uniform(len(rows))[:, None]).sum(axis=1), dtype=np.int64)


def cumulative(weights: ArrayLike) -> Floats:
    """Running shares along the last axis, ending in exactly 1."""
    sums = np.cumsum(np.asarray(weights, dtype=np.float64), axis=-1)
    return np.asarray(sums / sums[..., -1:])


def levels(seasons: Sequence[Knots]) -> Floats:
    """Each season's level on each day: a matrix seasons x days."""
    days = np.arange(DAYS)
    return np.array([np.interp(days, [day for day, _ in knots], [level for _, level in knots]) for knots in seasons])


def demand() -> Floats:
    """How busy each day is: the week's rhythm times a mild growth, around 1."""
    days = np.arange(DAYS)
    rhythm = np.array(WEEKDAYS)[(FIRST_DAY.weekday() + days) % 7]
    return np.asarray(rhythm * (1 - GROWTH / 2 + GROWTH * days / (DAYS - 1)))
