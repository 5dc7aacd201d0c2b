"""Read a file as text: a table of strings, one row a record, and the records that are no rows of it.

Invariant: a cell is never guessed at and never shifted: what does not fit the header is refused with its record number.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import pyarrow as pa

from pipelines.errors import FileRefused
from pipelines.ingest.containers import unpack
from pipelines.ingest.damage import possible_faults, refuse_damaged
from pipelines.ingest.encodings import decode, encoding_note, refuse_binary
from pipelines.ingest.header import DELIMITERS, Layout, count_names, find_layout, known_headers
from pipelines.ingest.prepared import Raw
from pipelines.ingest.records import Records, is_blank, parse_records, where
from pipelines.ingest.sections import settle_sections
from pipelines.ingest.spreadsheet import read_sheet
from pipelines.sources import Source


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
    parsed = parse_records(below, layout, file_name)
    faults = possible_faults(below, parsed, layout, file_name)
    first_section, section_notes = settle_sections(parsed.without_blank(), layout, known)
    records, refused = refuse_damaged(first_section, faults, layout)
    if not len(records) and not refused.num_rows:
        raise FileRefused(f"'{file_name}' has a header but no rows.", "Export it again and check that it has rows.")
    table = records.table.select(_used_columns(records, layout))
    return Raw(
        file_name,
        text.encoding,
        "" if text.encoding == "xlsx" else layout.delimiter,
        layout.header_row,
        tuple(table.column_names),
        table,
        pa.array(records.numbers + layout.header_row),
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


def _used_columns(records: Records, layout: Layout) -> list[str]:
    """The columns that have a name or any text."""
    columns = zip(layout.header, layout.written, records.table.columns, strict=True)
    return [name for name, written, column in columns if written or not where(column, is_blank).all()]
