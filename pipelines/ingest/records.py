"""The records below a header: those that are as wide as it in an Arrow table, and the others one by one.

Invariant: every record is there once, under its number, and none has lost, gained or shifted a cell.
"""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from pyarrow.csv import InvalidRow

from pipelines.errors import FileRefused
from pipelines.ingest.header import LONGEST_NAME, Layout, fold_header, trim

_BLOCK = 1 << 22
_SAMPLE = 1 << 18
_MANY = 10_000  # texts that are not looked at one by one
_LARGE = 100 << 20  # bytes from which one thread reads: each keeps memory for itself
_ENCODED = pa.dictionary(pa.int32(), pa.string())

Filled = tuple[str, ...]
"""The cells of a record that are not blank, trimmed."""


@dataclass(frozen=True)
class Records:
    """What stands below a header: a table of the records as wide as it, with their numbers, and the other records.

    Numbers count from the header: the record after it is 1.
    """

    table: pa.Table
    numbers: np.ndarray
    ragged: list[InvalidRow]
    delimiter: str

    def __len__(self) -> int:
        return len(self.numbers) + len(self.ragged)

    def before(self, end: int) -> "Records":
        """Those with a number below `end`."""
        return self._kept(self.numbers < end, [row for row in self.ragged if row.number < end])

    def without(self, numbers: Iterable[int]) -> "Records":
        """Those that have none of these numbers."""
        gone = set(numbers)
        kept = np.isin(self.numbers, list(gone), invert=True)
        return self._kept(kept, [row for row in self.ragged if row.number not in gone])

    def without_blank(self) -> "Records":
        """Those that have any text."""
        blank = np.ones(self.table.num_rows, bool)
        for column in self.table.columns:
            if not blank.any():
                break
            blank &= where(column, is_blank)
        nothing = re.compile(rf"[\s\"{re.escape(self.delimiter)}]*")
        return self._kept(~blank, [row for row in self.ragged if not nothing.fullmatch(row.text)])

    def filled(self, number: int) -> Filled:
        """The filled cells of the record of that number."""
        if number in self._ragged_cells:
            return self._ragged_cells[number]
        position = int(np.searchsorted(self.numbers, number))
        cells = (trim(column[position].as_py()) for column in self.table.columns)
        return tuple(cell for cell in cells if cell)

    def preceding(self, number: int) -> int | None:
        """The number of the record before the one of that number."""
        position = int(np.searchsorted(self._all_numbers, number))
        return int(self._all_numbers[position - 1]) if position else None

    def between(self, start: int, end: int | None) -> int:
        """How many records have a number above `start` and, if there is one, below `end`."""
        after = int(np.searchsorted(self._all_numbers, start, side="right"))
        return (len(self) if end is None else int(np.searchsorted(self._all_numbers, end))) - after

    def led_by_any(self, names: Collection[str], column: int) -> list[int]:
        """As `led_by`, of any of these folded names; among the records of the table only where the column repeats its texts, or is short."""
        cells = self.table.column(column)
        alike = np.zeros(len(cells), bool)
        if pa.types.is_dictionary(cells.type) or len(cells) < _MANY:
            alike = where(cells, lambda texts: _are_among(texts, names))
        ragged = (number for number, cells in self._ragged_cells.items() if cells and fold_header(cells[0]) in names)
        return sorted({*self.numbers[alike].tolist(), *ragged})

    def led_by(self, name: str, column: int) -> list[int]:
        """Numbers of the records in whose `column` stands this header name, or whose first filled cell it is where they are ragged."""
        folded = fold_header(name)
        if len(folded) > LONGEST_NAME:  # longer than a pattern may be, and than any header is
            return []
        pattern = r"^[^\pL\pN]*" + r"[^\pL\pN]*".join(folded) + r"[^\pL\pN]*$"
        alike = where(
            self.table.column(column), lambda texts: pc.match_substring_regex(texts, pattern, ignore_case=True)
        )
        ragged = (number for number, cells in self._ragged_cells.items() if cells and fold_header(cells[0]) == folded)
        return sorted({*self.numbers[alike].tolist(), *ragged})

    @cached_property
    def _all_numbers(self) -> np.ndarray:
        return np.union1d(self.numbers, np.fromiter(self._ragged_cells, np.int64))

    @cached_property
    def _ragged_cells(self) -> dict[int, Filled]:
        rows = {row.number: next(csv.reader([row.text], delimiter=self.delimiter), []) for row in self.ragged}
        return {number: tuple(cell for cell in map(trim, cells) if cell) for number, cells in rows.items()}

    def _kept(self, kept: np.ndarray, ragged: list[InvalidRow]) -> "Records":
        table = self.table if kept.all() else self.table.filter(pa.array(kept))
        return Records(table, self.numbers[kept], ragged, self.delimiter)


def parse_records(text: memoryview, layout: Layout, file_name: str) -> Records:
    """All records below the header: those with as many cells as it has, and the others."""
    ragged: list[InvalidRow] = []

    def keep(row: InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    table = pa.table({name: pa.array([], pa.string()) for name in layout.header})
    if len(text):
        types = _column_types(_arrow_table(text[:_SAMPLE], layout, lambda _: "skip", block=_SAMPLE + 1))
        try:
            table = _arrow_table(text, layout, keep, types, threads=len(text) < _LARGE)
            if ragged:  # which come with their numbers only where one thread reads
                ragged.clear()
                table = _arrow_table(text, layout, keep, types)
        except pa.ArrowInvalid:  # a record is longer than a block
            ragged.clear()
            try:
                table = _arrow_table(text, layout, keep, types, block=len(text) + 1)
            except pa.ArrowInvalid as problem:
                raise FileRefused(
                    f"'{file_name}' cannot be read as a table: {problem}.", "Export it again as CSV."
                ) from problem
    numbers = np.arange(1, table.num_rows + len(ragged) + 1, dtype=np.int64)
    numbers = np.delete(numbers, [row.number - 1 for row in ragged])
    return Records(table, numbers, ragged, layout.delimiter)


def _arrow_table(
    text: memoryview,
    layout: Layout,
    ragged: Callable[[InvalidRow], str],
    types: Mapping[str, pa.DataType] | None = None,
    *,
    block: int = _BLOCK,
    threads: bool = False,
) -> pa.Table:
    """The records with as many cells as the header; the others are handed to `ragged`. Columns are strings unless `types` says otherwise."""
    names = list(layout.header)
    table = arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(text)),
        arrow_csv.ReadOptions(column_names=names, use_threads=threads, block_size=block),
        arrow_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=ragged
        ),
        arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in names} | dict(types or {}), strings_can_be_null=False
        ),
    )
    whole = []
    while table.num_columns:  # one column after the other, so that only one is there twice
        column = table.column(0)
        table = table.remove_column(0)
        whole.append(column.unify_dictionaries().combine_chunks())
    return pa.Table.from_arrays(whole, names)


def _column_types(sample: pa.Table) -> dict[str, pa.DataType]:
    """Columns that repeat their texts are held as codes and distinct texts: that is smaller, and every text is then read only once."""
    columns = zip(sample.column_names, sample.columns, strict=True)
    return {name: _ENCODED for name, column in columns if 2 * pc.count_distinct(column).as_py() <= sample.num_rows}


def where(column: pa.ChunkedArray, holds: Callable[[pa.Array], pa.Array]) -> np.ndarray:
    """For each cell of a column whether something holds of its text; asked once a distinct text where those are at hand."""
    if not pa.types.is_dictionary(column.type):
        return np.asarray(holds(column))
    chunks = column.chunks or [pa.array([], _ENCODED)]
    return np.concatenate([np.asarray(pc.take(holds(chunk.dictionary), chunk.indices)) for chunk in chunks])


def _are_among(texts: pa.Array, names: Collection[str]) -> pa.Array:
    """Which texts are one of the folded names; one with digits, or longer than a name, is not looked at."""
    worded = np.flatnonzero(~np.asarray(pc.match_substring_regex(texts, rf"(?s)\d|^.{{{LONGEST_NAME}}}")))
    among = np.zeros(len(texts), bool)
    among[worded] = [fold_header(text) in names for text in texts.take(pa.array(worded)).to_pylist()]
    return pa.array(among)


def is_blank(texts: pa.Array) -> pa.Array:
    """Whether a text is nothing but white space."""
    return pc.equal(pc.utf8_trim_whitespace(texts), "")
