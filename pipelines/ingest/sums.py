"""Exact sums of a file's rows, and whether a written figure is such a sum.

Invariant: sums are decimals, never floats; a figure agrees with a sum when it is that sum, rounded as the figure is written.
"""

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.keys import codes_of
from pipelines.ingest.prepared import Raw
from pipelines.sources import NUMBER_TYPES, Field, Source

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Scope = tuple[str, ...]
"""Fields in which the rows of a sum are equal to each other; () stands for all rows."""

_FAR = Decimal("0.05")  # a figure farther than this fraction from a sum is not that sum, however it is rounded


class Sums:
    """The columns of a file that hold numbers, read into `columns`, and their sums.

    `fields`: those that may be added up, the one that matters most first: the source's `sums`, else all of its numbers.
    """

    def __init__(self, source: Source, raw: Raw, mapping: Mapping[str, str], columns: Mapping[str, pa.Array]) -> None:
        self._source, self._table, self._rows, self._mapping, self._columns = (
            source,
            raw.table,
            raw.rows,
            mapping,
            columns,
        )
        self._codes: dict[Scope, Ints] = {}
        names = source.sums or [field.name for field in source.fields if field.type in NUMBER_TYPES]
        fields = [source.field(name) for name in names if name in mapping]
        self.fields: tuple[Field, ...] = tuple(sorted(fields, key=lambda field: not field.required))

    def figures(self, field: Field, at: Ints) -> pa.Array:
        """What the rows `at` name in the field's column, as decimals."""
        return _wide(self._columns[field.name].take(pa.array(at)))

    def known(self, field: Field) -> Mask:
        """Which rows name more than 0 in the field's column."""
        return _some(self._columns[field.name])

    def alike(self, scope: Scope, position: int) -> Mask:
        """Which rows are equal in `scope` to the one at the position."""
        codes = self._codes_of(scope)
        alike: Mask = codes == codes[position]
        return alike

    def total(self, field: Field, counted: Mask) -> Decimal | None:
        """The sum over the counted rows; None where no number is known."""
        total: Decimal | None = pc.sum(_wide(self._columns[field.name].filter(pa.array(counted)))).as_py()
        return total

    def beside(self, field: Field, scope: Scope, at: Ints, counted: Mask) -> pa.Array:
        """For each row `at` the sum over the counted rows equal to it in `scope`; null where no number is known."""
        codes = self._codes_of(scope)
        values = _wide(self._columns[field.name].filter(pa.array(counted)))
        groups = pa.table({"code": codes[counted], "value": values}).group_by("code").aggregate([("value", "sum")])
        return groups["value_sum"].combine_chunks().take(_places(groups["code"].to_numpy(), codes[at]))

    def by_part(self, field: Field, part: Ints, parts: int, counted: Mask) -> list[Decimal]:
        """The sum over the counted rows of each part, where `part` numbers the rows' parts; 0 where no number is known."""
        values = _wide(self._columns[field.name].filter(pa.array(counted)))
        groups = pa.table({"part": part[counted], "value": values}).group_by("part").aggregate([("value", "sum")])
        sums = groups["value_sum"].combine_chunks().take(_places(groups["part"].to_numpy(), np.arange(parts)))
        return [total or Decimal(0) for total in sums.to_pylist()]

    def sizes(self, scope: Scope, at: Ints, counted: Mask) -> Ints:
        """For each row `at` how many counted rows are equal to it in `scope`."""
        codes = self._codes_of(scope)
        found, sizes = np.unique(codes[counted], return_counts=True)
        return np.asarray(pc.fill_null(pa.array(sizes).take(_places(found, codes[at])), 0))

    def any_figure(self, at: Ints) -> Mask:
        """Which rows `at` name more than 0 in any of the fields."""
        result = np.zeros(len(at), bool)
        for field in self.fields:
            result |= _some(self.figures(field, at))
        return result

    def add_up(self, scope: Scope, at: Ints, counted: Mask) -> Mask:
        """Which rows `at` are the sum of the counted rows equal to them in `scope`, in the first field of which they name more than 0."""
        result, undecided = np.zeros(len(at), bool), np.ones(len(at), bool)
        for field in self.fields:
            figures = self.figures(field, at)
            named = _some(figures) & undecided
            undecided &= ~named
            if not named.any():
                continue
            sums = self.beside(field, scope, at, counted)
            distance = np.abs(_floats(figures) - _floats(sums))
            near = named & (distance <= float(_FAR) * np.abs(_floats(figures)))
            for place in np.flatnonzero(near).tolist():
                result[place] = self.agree(field, int(at[place]), figures[place].as_py(), sums[place].as_py())
        return result

    def agree(self, field: Field, position: int, figure: Decimal, ours: Decimal) -> bool:
        """Whether the figure of a row, as it is written there, is `ours`."""
        if figure == ours:
            return True
        if abs(figure - ours) > _FAR * abs(figure):
            return False
        written = self._table[self._mapping[field.name]][position].as_py()
        return abs(figure - ours) <= _unit(written, figure) / 2

    def _codes_of(self, scope: Scope) -> Ints:
        if scope not in self._codes:
            rows = pa.table({"row": self._rows} | {name: self._columns[name] for name in scope})
            self._codes[scope] = codes_of(rows, [self._source.field(name) for name in scope])
        return self._codes[scope]


def _wide(values: pa.Array) -> pa.Array:
    """Numbers as decimals with room for their sums."""
    return values.cast(pa.decimal128(38, getattr(values.type, "scale", 0)))


def _some(figures: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(pc.not_equal(figures, pa.scalar(0, figures.type)), False))


def _floats(values: pa.Array) -> npt.NDArray[np.float64]:
    """Nearly the values, not a number where there is none: comparisons with it are false."""
    return np.asarray(pc.fill_null(values.cast(pa.float64()), float("nan")))


def _places(known: Ints, wanted: Ints) -> pa.Array:
    """Where each wanted number stands among the known ones (each once), null where it does not."""
    order = np.argsort(known)
    place = np.searchsorted(known, wanted, sorter=order)
    found = order[np.minimum(place, len(order) - 1)] if len(order) else place
    missing = (known[found] != wanted) if len(order) else np.ones(len(wanted), bool)
    return pa.array(found, mask=missing)


def _unit(written: str, figure: Decimal) -> Decimal:
    """The worth of the last digit that is written: 0.01 of "48,210.50", 100 of "12.3K"."""
    digits = "".join(character for character in written if character.isdigit()).lstrip("0")
    return Decimal(1).scaleb(figure.adjusted() - len(digits) + 1) if digits and figure else Decimal(0)
