"""Read a file as text: a table of strings, one row a record, and the records that are no rows of it.

Invariant: a cell is never guessed at and never shifted: what does not fit the header is refused with its record number.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from pipelines.errors import FileRefused
from pipelines.ingest.containers import unpack
from pipelines.ingest.encodings import decode, encoding_note, refuse_binary
from pipelines.ingest.header import DELIMITERS, Layout, count_names, find_layout, known_headers
from pipelines.ingest.prepared import REFUSED_SCHEMA, Raw
from pipelines.ingest.sections import Records, settle_sections
from pipelines.ingest.spreadsheet import read_sheet
from pipelines.sources import Source

_BLOCK = 1 << 22
_SAMPLE = 1 << 18
_SHOWN = 200  # characters of a refused record that are kept
_CONTROLS = bytes(set(range(32)) - {9, 10, 13}) + b"\x7f"
_CONTROL_PATTERN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"
_ENCODED = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class _Text:
    """A file's text in UTF-8, where it comes from, and what may delimit it."""

    content: memoryview
    encoding: str
    container: str
    delimiters: tuple[str, ...]
    notes: tuple[str, ...]


def read_raw(
    content: bytes | memoryview, file_name: str, source: Source | None = None, mapped: Collection[str] = ()
) -> Raw:
    """Read a file as text: delimited text in any encoding, also in a gzip or in a zip of one, or a sheet of an .xlsx workbook.

    `source` (any, if None) and `mapped`, the columns somebody has already pointed at, tell which row is the header. Raises FileRefused,
    with what to do, for a file that is too large, empty, no table, without header or without rows.
    """
    known = known_headers(source)
    text = _text(content, file_name, lambda cells: count_names(cells, known, mapped))
    layout = find_layout(text.content, known, mapped, file_name, text.delimiters)
    below = text.content[layout.data_start :]

    records = _parse(below, layout, file_name)
    line_ends, has_controls = _survey(below)
    if line_ends > len(records):
        _refuse_swallowed(below, layout, file_name)
    records = _without_blank(records)
    records, section_notes = settle_sections(records, layout)

    table, rows = records.table, pa.array(records.numbers + layout.header_row)
    refused = _refuse_ragged(records.ragged, layout)
    if has_controls:
        table, rows, damaged = _refuse_controls(table, rows)
        refused = pa.concat_tables([refused, damaged])
    if not table.num_rows and not refused.num_rows:
        raise FileRefused(f"'{file_name}' has a header but no rows.", "Export it again and check that it has rows.")
    table = table.select(_used(table, layout))
    return Raw(
        file_name,
        text.encoding,
        layout.delimiter if text.encoding != "xlsx" else "",
        layout.header_row,
        tuple(table.column_names),
        table,
        rows,
        refused,
        layout.preamble,
        text.container,
        (*text.notes, *section_notes),
    )


def _text(content: bytes | memoryview, file_name: str, names_in: Callable[[list[str]], int]) -> _Text:
    unpacked = unpack(content, file_name)
    if unpacked.is_workbook:
        sheet = read_sheet(unpacked.content, file_name, names_in)
        container = ", ".join(part for part in (unpacked.container, f"xlsx: {sheet.name}") if part)
        others = ", ".join(f"'{name}'" for name in sheet.others)
        notes = (f"Read from the sheet '{sheet.name}', not from {others}.",) if others else ()
        return _Text(memoryview(sheet.text), "xlsx", container, (",",), notes)
    refuse_binary(unpacked.content, file_name)
    text, encoding = decode(unpacked.content, file_name)
    note = encoding_note(text, encoding)
    return _Text(text, encoding, unpacked.container, DELIMITERS, (note,) if note else ())


def _parse(below: memoryview, layout: Layout, file_name: str) -> Records:
    """All records below the header: those with as many cells as it has, and the others."""
    ragged: list[arrow_csv.InvalidRow] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    table = pa.table({name: pa.array([], pa.string()) for name in layout.header})
    if len(below):
        types = _column_types(_arrow_table(below[:_SAMPLE], layout, _SAMPLE + 1, lambda _: "skip"))
        try:
            table = _arrow_table(below, layout, _BLOCK, keep, types)
        except pa.ArrowInvalid:  # a record is longer than a block
            ragged.clear()
            try:
                table = _arrow_table(below, layout, len(below) + 1, keep, types)
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
    block: int,
    ragged: Callable[[arrow_csv.InvalidRow], str],
    types: Mapping[str, pa.DataType] | None = None,
) -> pa.Table:
    """The records with as many cells as the header; the others are handed to `ragged`. Columns are strings unless `types` says otherwise."""
    names = list(layout.header)
    table = arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(text)),
        # One thread: only then does a ragged record come with its number.
        arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=block),
        arrow_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=ragged
        ),
        arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in names} | dict(types or {}), strings_can_be_null=False
        ),
    )
    return table.unify_dictionaries().combine_chunks()


def _column_types(sample: pa.Table) -> dict[str, pa.DataType]:
    """Columns that repeat their texts are held as codes and distinct texts: that is smaller, and every text is then read only once."""
    columns = zip(sample.column_names, sample.columns, strict=True)
    return {name: _ENCODED for name, column in columns if 2 * pc.count_distinct(column).as_py() <= sample.num_rows}


def _survey(text: memoryview) -> tuple[int, bool]:
    """How many line ends a text has, within cells and between records, and whether it has control characters."""
    feeds = returns = 0
    controls = re.search(rb"\xc2[\x80-\x9f]", text) is not None
    for start in range(0, len(text), _BLOCK):
        block = bytes(text[start : start + _BLOCK])
        feeds, returns = feeds + block.count(b"\n"), returns + block.count(b"\r")
        controls = controls or len(block.translate(None, _CONTROLS)) != len(block)
    return max(feeds, returns), controls


def _refuse_swallowed(text: memoryview, layout: Layout, file_name: str) -> None:
    """Refuse a file in which a stray quotation mark makes the rows after it part of one cell.

    Only a file with more lines than records has line breaks in its cells; it is then read strictly, once more.
    """
    lines = io.TextIOWrapper(pa.BufferReader(pa.py_buffer(text)), "utf-8", newline="")
    good = 0
    try:
        for _ in csv.reader(lines, delimiter=layout.delimiter, strict=True):
            good += 1
    except csv.Error:
        raise FileRefused(
            f"In '{file_name}' a quotation mark of row {layout.header_row + good + 1} is not closed where its cell ends, "
            "so that the rows after it would be read as part of the cell.",
            "Close or remove the quotation mark in that row, or export the file again with quoted texts.",
        ) from None


def _where(column: pa.ChunkedArray, holds: Callable[[pa.Array], pa.Array]) -> np.ndarray:
    """For each cell of a column whether something holds of its text; asked once a distinct text where those are at hand."""
    if not pa.types.is_dictionary(column.type):
        return np.asarray(holds(column))
    chunks = column.chunks or [pa.array([], _ENCODED)]
    return np.concatenate([np.asarray(pc.take(holds(chunk.dictionary), chunk.indices)) for chunk in chunks])


def _without_blank(records: Records) -> Records:
    blank = np.ones(records.table.num_rows, bool)
    for column in records.table.columns:
        if not blank.any():
            break
        blank &= _where(column, _is_blank)
    pattern = re.compile(rf"[\s\"{re.escape(records.delimiter)}]*")
    ragged = [row for row in records.ragged if not pattern.fullmatch(row.text)]
    table = records.table.filter(pa.array(~blank)) if blank.any() else records.table
    return Records(table, records.numbers[~blank], ragged, records.delimiter)


def _used(table: pa.Table, layout: Layout) -> list[str]:
    """The columns that have a name or any text."""
    written = zip(table.column_names, table.columns, layout.written, strict=True)
    return [name for name, column, as_written in written if as_written or not _where(column, _is_blank).all()]


def _is_blank(text: pa.Array) -> pa.Array:
    return pc.equal(pc.utf8_trim_whitespace(text), "")


def _refuse_ragged(ragged: list[arrow_csv.InvalidRow], layout: Layout) -> pa.Table:
    lines = [
        {
            "row": row.number + layout.header_row,
            "column": "",
            "value": row.text[:_SHOWN],
            "reason": f"The row has {row.actual_columns} cells, the header has {row.expected_columns}.",
        }
        for row in ragged
    ]
    return pa.Table.from_pylist(lines, REFUSED_SCHEMA)


def _refuse_controls(table: pa.Table, rows: pa.Array) -> tuple[pa.Table, pa.Array, pa.Table]:
    """Take out the rows in which any cell has a control character (or a place that could not be decoded)."""
    column_of = np.full(table.num_rows, -1)
    for index, column in reversed(list(enumerate(table.columns))):
        column_of[_where(column, lambda text: pc.match_substring_regex(text, _CONTROL_PATTERN))] = index
    refused = [
        {
            "row": rows[position].as_py(),
            "column": table.column_names[column_of[position]],
            "value": table.column(int(column_of[position]))[position].as_py()[:_SHOWN],
            "reason": "The cell has a control character or one that could not be decoded.",
        }
        for position in np.flatnonzero(column_of >= 0).tolist()
    ]
    kept = pa.array(column_of < 0)
    return table.filter(kept), rows.filter(kept), pa.Table.from_pylist(refused, REFUSED_SCHEMA)
