"""Credit by day and name where a model gives credit by name only: the linear credit's pattern, fitted to the model's sums.

Invariants: no cell is below zero; a name's days sum to its credit, to rounding; a day's names sum to the day's conversions as nearly as the
pattern allows, and how far they are off is returned; a pattern that has the right sums already is left as it is.

Source: iterative proportional fitting, Deming and Stephan, "On a least squares adjustment of a sampled frequency table when the expected
marginal totals are known", Annals of Mathematical Statistics 11 (1940): rows and columns are scaled in turn. Among all tables with these
sums it finds the one nearest to the pattern in relative entropy (Csiszar 1975).
"""

from dataclasses import dataclass

import numpy as np

from pipelines.attribution.model import Numbers

TOLERANCE = 1e-12
"""How far the rows may be off, as a part of the whole sum, to be done."""
ROUNDS = 5_000


@dataclass(frozen=True)
class Spread:
    """cells: (days, names). rows_off: by how much each day's sum is above what it should be, (days)."""

    cells: Numbers
    rows_off: Numbers


def spread(pattern: Numbers, rows: Numbers, columns: Numbers) -> Spread:
    """A table with the sums of rows (days) and columns (names), as near as can be to the pattern.

    pattern: (days, names), such as linear credit. rows and columns: sums not below zero, of the same total. A name with credit but no
    pattern is laid over the days as all the credit is. Raises ValueError where an input is negative or the totals differ.
    """
    total = rows.sum()
    if min(pattern.min(initial=0), rows.min(initial=0), columns.min(initial=0)) < 0:
        raise ValueError("A credit below zero cannot be spread.")
    if not np.isclose(total, columns.sum(), rtol=1e-6, atol=1e-9):
        raise ValueError(f"The days have {total:g} to share out, the names {columns.sum():g}.")
    cells = np.where(pattern.sum(axis=0) > 0, pattern, rows[:, None])
    cells, off = _to_columns(cells, rows, columns)
    for _ in range(ROUNDS):
        if np.abs(off).sum() <= TOLERANCE * total:
            break
        nearer, further_off = _to_columns(cells * _ratio(rows, cells.sum(axis=1))[:, None], rows, columns)
        if np.abs(further_off).sum() >= np.abs(off).sum():
            break
        cells, off = nearer, further_off
    return Spread(cells, off)


def _to_columns(cells: Numbers, rows: Numbers, columns: Numbers) -> tuple[Numbers, Numbers]:
    """The cells scaled to the columns' sums, and by how much their rows are off."""
    scaled = cells * _ratio(columns, cells.sum(axis=0))
    return scaled, scaled.sum(axis=1) - rows


def _ratio(wanted: Numbers, found: Numbers) -> Numbers:
    """wanted / found; 1 where nothing was found, since nothing can be scaled."""
    return np.divide(wanted, found, out=np.ones_like(found), where=found > 0)
