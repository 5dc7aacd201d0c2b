"""Texts of a file -> typed columns, one a field of the source.

Invariant: every field of the source gets a column as long as the file, whether the file has it or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import FileRefused
from pipelines.ingest.cells import Cells, Problem, clean, count, spread
from pipelines.ingest.dates import read_days, read_instants
from pipelines.ingest.numbers import Evidence, currency_example, evidence, read_numbers
from pipelines.ingest.words import read_booleans, read_choices, read_currencies, read_identifiers, read_sentiments
from pipelines.sources import NUMBER_TYPES, Field, Source


@dataclass(frozen=True)
class Fault:
    """A problem of some rows, and the columns (headers) whose cells show it."""

    columns: tuple[str, ...]
    problem: Problem


@dataclass(frozen=True)
class Reading:
    """Field -> typed column, the faults found on the way, and what is to be said."""

    columns: dict[str, pa.Array]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Column:
    """The cells of a field: its distinct cleaned texts, which row has which, and how to call it."""

    field: Field
    texts: pa.Array
    indices: pa.Array
    name: str


@dataclass(frozen=True)
class Conventions:
    """What a file does not say about itself: the zone of its times, the currency of its amounts, and the moment it is read at (aware)."""

    zone: str
    currency: str
    now: datetime


def read_fields(
    source: Source,
    table: pa.Table,
    mapping: Mapping[str, str],
    fixed: Mapping[str, str],
    delimiter: str,
    conventions: Conventions,
) -> Reading:
    """Read every field from its column, its fixed value, or as unknown. Raises FileRefused for a fixed value that does not hold."""
    columns = [_column(field, table, mapping, fixed) for field in source.fields]
    marks = {column.field.name: evidence(column.field, column.texts) for column in columns if _is_number(column.field)}
    of_file = sum(marks.values(), Evidence())

    values: dict[str, pa.Array] = {}
    faults: list[Fault] = []
    notes: list[str] = []
    warnings: list[str] = []
    for column in columns:
        own = marks.get(column.field.name, Evidence())
        is_id = column.field.name == source.id_field
        cells = Cells(column.texts) if is_id else _read(column, own, of_file, delimiter, conventions)
        cells = spread(_must_be_filled(column.field, cells), column.indices)
        if column.field.name not in mapping:
            _accept_fixed(column, fixed, cells)
        values[column.field.name] = cells.values
        faults += [Fault((column.name,), problem) for problem in cells.problems]
        notes += cells.notes
        warnings += cells.warnings
    for field in source.fields:
        if field.fill:
            values[field.name] = pc.coalesce(values[field.name], field.fill(values))
    warnings += _assume_currency(columns, values, conventions.currency)
    return Reading(values, tuple(faults), tuple(notes), tuple(warnings))


def _column(field: Field, table: pa.Table, mapping: Mapping[str, str], fixed: Mapping[str, str]) -> _Column:
    otherwise = fixed.get(field.name, field.default)
    if field.name in mapping:
        encoded = table[mapping[field.name]].combine_chunks().dictionary_encode()
        texts = clean(encoded.dictionary)
        if otherwise is not None:
            texts = pc.fill_null(texts, otherwise)
        return _Column(field, texts, encoded.indices, mapping[field.name])
    indices = pa.repeat(pa.scalar(0, pa.int32()), table.num_rows)
    return _Column(field, clean(pa.array([otherwise], pa.string())), indices, field.name)


def _read(column: _Column, own: Evidence, of_file: Evidence, delimiter: str, conventions: Conventions) -> Cells:
    """Values and problems of the distinct texts, by the field's type."""
    field, texts, name = column.field, column.texts, column.name
    match field.type:
        case "date":
            return read_days(texts, name, conventions.now)
        case "instant":
            return read_instants(texts, name, conventions.zone, conventions.now)
        case "integer" | "money" | "decimal":
            return read_numbers(field, texts, own, of_file, delimiter, name)
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
        case "name" | "text" | "url" | "clock":
            return Cells(texts)


def _is_number(field: Field) -> bool:
    return field.type in NUMBER_TYPES


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


def _accept_fixed(column: _Column, fixed: Mapping[str, str], cells: Cells) -> None:
    """A fixed value holds for every row: refuse the file rather than each of its rows."""
    if column.field.name in fixed and cells.problems:
        raise FileRefused(
            f"The fixed value '{fixed[column.field.name]}' for {column.field.name} cannot be used: {cells.problems[0].reason}",
            "Correct it, or choose a column instead.",
        )


def unknown_numbers(source: Source, values: Mapping[str, pa.Array], mapping: Mapping[str, str]) -> list[str]:
    """A warning for each required number that is blank in some of the accepted rows, whose values these are."""
    required = [field.name for field in source.fields if field.required and _is_number(field) and field.name in mapping]
    return [
        f"Rows without a number in '{mapping[name]}': {blank:,}; unknown, not 0."
        for name in required
        if (blank := values[name].null_count)
    ]


def _assume_currency(columns: list[_Column], values: dict[str, pa.Array], currency: str) -> list[str]:
    """Give amounts without a currency the one that reports are in, and say so."""
    money = [column for column in columns if column.field.type == "money"]
    named = next((example for column in money if (example := currency_example(column.texts))), "")
    warnings = []
    for field in (column.field for column in columns):
        if field.type != "currency" or field.filled:
            continue
        blank = pc.is_null(values[field.name])
        concerned = sum(count(pc.and_(blank, pc.is_valid(values[column.field.name]))) for column in money)
        values[field.name] = pc.fill_null(values[field.name], currency)
        if concerned:
            written = f", although some are written like {named}" if named else ""
            warnings.append(f"Amounts without a currency: {concerned:,}; taken as {currency}{written}.")
    return warnings
