"""Texts of a file -> typed columns, one a field of the source.

Invariant: every field of the source gets a column as long as the file, whether the file has it or not. Values are read from distinct texts;
texts stay codes into them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import FileRefused
from pipelines.ingest.cells import Cells, Problem, clean, count, encoded
from pipelines.ingest.columns import Column, at_once, columns_of
from pipelines.ingest.conversions import example
from pipelines.ingest.currencies import read_currencies
from pipelines.ingest.date_order import Order, OrderEvidence, decide_order, order_evidence
from pipelines.ingest.dates import read_days, read_instants
from pipelines.ingest.keys import plain
from pipelines.ingest.money import currency_of
from pipelines.ingest.numbers import MARKS, Evidence, Mark, evidence, read_numbers, undecided
from pipelines.ingest.prepared import Conversion, Doubt
from pipelines.ingest.whole_rows import problems_of_rows
from pipelines.ingest.words import read_booleans, read_choices, read_identifiers, read_names, read_sentiments
from pipelines.sources import NUMBER_TYPES, Field, Source

_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""The moment that days which may lie ahead are read at."""


@dataclass(frozen=True)
class Fault:
    """A problem of some rows, and the columns (headers) whose cells show it."""

    columns: tuple[str, ...]
    problem: Problem


@dataclass(frozen=True)
class Conventions:
    """What a file does not say about itself: the zone of its times, the currency of its amounts, the moment it is read at (aware), its
    delimiter; and how it writes dates and decimals, as the tool that wrote it is known for (`declared_order`) or as the person said.
    """

    zone: str
    currency: str
    now: datetime
    delimiter: str = ""
    declared_order: Order | None = None
    date_order: Order | None = None
    decimal: Mark | None = None


@dataclass(frozen=True)
class Reading:
    """Field -> typed column, the faults found on the way, what is in doubt, how each field was read, and what is to be said.

    `assumed_currency`: the rows whose amount has the reporting currency because nothing names another; None where there are none.
    """

    columns: dict[str, pa.Array]
    faults: tuple[Fault, ...]
    doubts: tuple[Doubt, ...]
    conversions: tuple[Conversion, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    assumed_currency: pa.BooleanArray | None


def give_back() -> None:
    """Let the system have the memory that Arrow would keep for its next arrays: the steps of reading need it in turn."""
    pa.default_memory_pool().release_unused()


class _Reader:
    """Reads cells by the type of their field, with what all columns of the file together tell about numbers and dates."""

    def __init__(
        self, source: Source, columns: Sequence[Column], conventions: Conventions, unused: Iterable[pa.ChunkedArray]
    ) -> None:
        self._source, self._conventions = source, conventions
        self.zone = conventions.zone
        numbers, dated = list(filter(_is_number, columns)), list(filter(_is_dated, columns))
        marks = at_once(lambda column: evidence(column.field, column.texts), numbers)
        self._marks = {column.field.name: found for column, found in zip(numbers, marks, strict=True)}
        self._orders = {column.field.name: order_evidence(column.texts) for column in dated}
        self._marks_of_file = sum(self._marks.values(), Evidence())
        self._orders_of_file = sum(self._orders.values(), OrderEvidence())
        if self._orders_of_file.order is None and self._orders_of_file.undecided:
            for column in unused:
                self._orders_of_file += order_evidence(clean(encoded(column).dictionary))

    def order(self, column: Column) -> tuple[Order, bool]:
        """Whether the column has the day or the month first, and whether that is in doubt."""
        own = self._orders.get(column.field.name, OrderEvidence())
        return decide_order(own, self._orders_of_file, self._conventions.declared_order, self._conventions.date_order)

    def doubt(self, column: Column) -> Doubt | None:
        """What the person must say about the column's dates or amounts, if anything."""
        if _is_number(column):
            return self._doubt_of_mark(column)
        if not _is_dated(column) or not self.order(column)[1]:
            return None
        shown = self._orders[column.field.name].undecided_example
        orders: tuple[Order, Order] = ("day", "month")
        days = {order: read_days(pa.array([shown]), column.name, self._conventions.now, order) for order in orders}
        return Doubt("date_order", column.name, shown, {order: str(cells.values[0]) for order, cells in days.items()})

    def _doubt_of_mark(self, column: Column) -> Doubt | None:
        field, own, said = column.field, self._marks[column.field.name], self._conventions
        shown = undecided(field, column.texts, own, self._marks_of_file, said.decimal)
        if not shown:
            return None
        readings: dict[str, str] = {}
        for mark in MARKS:
            cells = read_numbers(field, pa.array([shown]), own, self._marks_of_file, said.delimiter, column.name, mark)
            readings[mark] = f"{cells.values[0].as_py().normalize():f}"
        return Doubt("decimal", column.name, shown, readings)

    def read(self, column: Column) -> Cells:
        """Values and problems of the distinct texts."""
        field, texts, name, said = column.field, column.texts, column.name, self._conventions
        if field.name == self._source.id_field:
            return Cells(texts)  # whether the ids can be used is decided over all of them
        match field.type:
            case "date":
                return read_days(texts, name, _LATEST if field.ahead else said.now, self.order(column)[0])
            case "instant":
                return read_instants(texts, name, said.zone, said.now, self.order(column)[0])
            case "integer" | "money" | "decimal":
                own = self._marks[field.name]
                return read_numbers(field, texts, own, self._marks_of_file, said.delimiter, name, said.decimal)
            case "boolean":
                return read_booleans(texts)
            case "sentiment":
                return read_sentiments(texts, name)
            case "currency":
                return read_currencies(texts)
            case "choice":
                return read_choices(texts, field)
            case "id" | "person":
                return read_identifiers(texts, field, name)
            case "name" | "url":
                return read_names(texts, field, name)
            case "text" | "clock":
                return Cells(texts)


def read_fields(
    source: Source, table: pa.Table, mapping: Mapping[str, str], fixed: Mapping[str, str], conventions: Conventions
) -> Reading:
    """Read every field from its column, its fixed value, or as unknown. Raises FileRefused for a fixed value that does not hold."""
    _refuse_control_characters(fixed)
    columns = columns_of(source, table, mapping, fixed)
    used = set(mapping.values())
    unused = (table[name] for name in table.column_names if name not in used)
    reader = _Reader(source, columns, conventions, unused)
    give_back()
    read = at_once(partial(_read_column, reader, fixed), columns)
    values = {column.field.name: found.values for column, found in zip(columns, read, strict=True)}
    faults = [fault for found in read for fault in found.faults]
    conversions = [found.conversion for found in read]
    notes = [note for found in read for note in found.notes]
    warnings = [warning for found in read for warning in found.warnings]
    assumed: pa.BooleanArray | None = None
    for field in source.fields:
        if field.fill:
            filled = pc.coalesce(plain(values[field.name]), field.fill(_Plain(values)))
            values[field.name] = filled.dictionary_encode() if pa.types.is_string(filled.type) else filled
    for name, problem in problems_of_rows(source, values):
        faults.append(Fault((mapping.get(name, name),), problem))
    for column in columns:
        if column.field.type == "currency" and not column.field.filled:
            found = currency_of(column, columns, values, conventions.currency, fixed.get(column.field.name, ""))
            values[column.field.name] = found.values
            conversions.append(found.conversion)
            warnings += found.warnings
            assumed = found.assumed
            if found.problem:
                faults.append(Fault((found.amount, *column.headers), found.problem))
    return Reading(
        values,
        tuple(faults),
        tuple(doubt for column in columns if (doubt := reader.doubt(column))),
        tuple(conversion for conversion in conversions if conversion),
        tuple(notes),
        tuple(warnings),
        assumed,
    )


@dataclass(frozen=True)
class _Read:
    """What was read from one column."""

    values: pa.Array
    faults: tuple[Fault, ...]
    conversion: Conversion | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def _read_column(reader: _Reader, fixed: Mapping[str, str], column: Column) -> _Read:
    cells = _must_be_filled(column.field, reader.read(column))
    problems = [problem for problem in cells.problems if count(problem.where)]
    if not column.headers:
        _accept_fixed(column, fixed, problems)
    headers = column.headers or (column.name,)
    read = _Read(
        column.over_rows(cells.values),
        tuple(Fault(headers, Problem(column.over_rows(problem.where), problem.reason)) for problem in problems),
        example(column, cells.values, reader.order(column)[0], reader.zone),
        cells.notes,
        cells.warnings,
    )
    give_back()
    return read


class _Plain(Mapping[str, pa.Array]):
    """Columns by field, decoded when they are asked for."""

    def __init__(self, columns: Mapping[str, pa.Array]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> pa.Array:
        return plain(self._columns[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def _is_number(column: Column) -> bool:
    return column.field.type in NUMBER_TYPES


def _is_dated(column: Column) -> bool:
    return column.field.type in ("date", "instant")


def _must_be_filled(field: Field, cells: Cells) -> Cells:
    """Cells of a field that must be filled, with a problem where one is neither a value nor a problem already."""
    if not field.filled:
        return cells
    blank = pc.is_null(cells.values)
    for problem in cells.problems:
        blank = pc.and_not(blank, problem.where)
    return Cells(
        cells.values, (*cells.problems, Problem(blank, "This must not be blank.")), cells.notes, cells.warnings
    )


def _refuse_control_characters(fixed: Mapping[str, str]) -> None:
    """Refuse a fixed value with characters that no cell may have either."""
    for name, value in fixed.items():
        if _NO_TEXT.search(value):
            raise FileRefused(f"The fixed value for {name} has a character that no text has.", "Write it anew.")


def _accept_fixed(column: Column, fixed: Mapping[str, str], problems: Sequence[Problem]) -> None:
    """A fixed value holds for every row: refuse the file rather than each of its rows."""
    if column.field.name in fixed and problems:
        raise FileRefused(
            f"The fixed value '{fixed[column.field.name]}' for {column.field.name} cannot be used: {problems[0].reason}",
            "Correct it, or choose a column instead.",
        )
