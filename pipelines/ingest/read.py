"""Read a file as text: a table of strings, one row a record, and the records that are no rows of it.

Invariant: a cell is never guessed at and never shifted: what does not fit the header is refused with its record number.
"""

import csv
import io
import re
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from pipelines.errors import FileRefused
from pipelines.ingest.encodings import decode, refuse_binary
from pipelines.ingest.header import Layout, find_layout, known_headers
from pipelines.ingest.prepared import REFUSED_SCHEMA, Raw
from pipelines.sources import Source

_TOP = 100_000  # bytes in which the header is looked for
_BLOCK = 1 << 24
_SHOWN = 200  # characters of a refused record that are kept
_CONTROLS = bytes(set(range(32)) - {9, 10, 13}) + b"\x7f"
_CONTROL_PATTERN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"


def read_raw(content: bytes, file_name: str, source: Source | None = None, mapped: Collection[str] = ()) -> Raw:
    """Read a file as text.

    `source` (any, if None) and `mapped`, the columns somebody has already pointed at, tell which row is the header.
    Raises FileRefused, with what to do, for a file that is empty, no text, without header or without rows.
    """
    refuse_binary(content, file_name)
    text, encoding = decode(content, file_name)
    top = text[:_TOP].decode("utf-8", "ignore")
    layout = find_layout(top, len(text) <= _TOP, known_headers(source), mapped, file_name)
    start = len(top[: layout.data_start].encode())

    table, ragged = _parse(pa.py_buffer(text).slice(start), layout, file_name)
    _refuse_swallowed(text, start, layout, file_name, records=table.num_rows + len(ragged))
    numbers = np.arange(1, table.num_rows + len(ragged) + 1, dtype=np.int64)
    bad = np.array([row.number for row in ragged], dtype=np.int64)
    rows = pa.array(np.delete(numbers, bad - 1) + layout.header_row)

    filled = pc.invert(_blank_rows(table)).combine_chunks()
    table, rows = table.filter(filled), rows.filter(filled)
    refused = _refuse_ragged(ragged, layout)
    if _has_controls(text):
        table, rows, damaged = _refuse_controls(table, rows)
        refused = pa.concat_tables([refused, damaged])
    if not table.num_rows and not refused.num_rows:
        raise FileRefused(f"'{file_name}' has a header but no rows.", "Export it again and check that it has rows.")
    return Raw(file_name, encoding, layout.delimiter, layout.header_row, layout.header, table, rows, refused)


def _parse(data: pa.Buffer, layout: Layout, file_name: str) -> tuple[pa.Table, list[arrow_csv.InvalidRow]]:
    """All records below the header with as many cells as it has, and the others."""
    ragged: list[arrow_csv.InvalidRow] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    if not data.size:
        return pa.table({name: pa.array([], pa.string()) for name in layout.header}), []
    parse = arrow_csv.ParseOptions(
        delimiter=layout.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep
    )
    convert = arrow_csv.ConvertOptions(
        column_types={name: pa.string() for name in layout.header}, strings_can_be_null=False
    )
    # One thread: only then does a refused record come with its number. A record longer than a block needs one block for all.
    for block in (_BLOCK, data.size + 1):
        read = arrow_csv.ReadOptions(column_names=list(layout.header), use_threads=False, block_size=block)
        ragged.clear()
        try:
            return arrow_csv.read_csv(pa.BufferReader(data), read, parse, convert), ragged
        except pa.ArrowInvalid as error:
            failure = error
    raise FileRefused(f"'{file_name}' cannot be read as a table: {failure}.", "Export it again as CSV.")


def _refuse_swallowed(text: bytes, start: int, layout: Layout, file_name: str, records: int) -> None:
    """Refuse a file in which a stray quotation mark makes the rows after it part of one cell.

    Only a file with more lines than records has line breaks in its cells; it is then read strictly, once more.
    """
    if max(text.count(b"\n", start), text.count(b"\r", start)) <= records:
        return
    content = io.BytesIO(text)
    content.seek(start)
    reader = csv.reader(io.TextIOWrapper(content, "utf-8", newline=""), delimiter=layout.delimiter, strict=True)
    good = 0
    try:
        for _ in reader:
            good += 1
    except csv.Error:
        raise FileRefused(
            f"In '{file_name}' a quotation mark of row {layout.header_row + good + 1} is not closed where its cell ends, "
            "so that the rows after it would be read as part of the cell.",
            "Close or remove the quotation mark in that row, or export the file again with quoted texts.",
        ) from None


def _blank_rows(table: pa.Table) -> pa.ChunkedArray:
    blank = pc.equal(pc.utf8_trim_whitespace(table.column(0)), "")
    for column in table.columns[1:]:
        if not pc.any(blank).as_py():
            break
        blank = pc.and_(blank, pc.equal(pc.utf8_trim_whitespace(column), ""))
    return blank


def _refuse_ragged(ragged: list[arrow_csv.InvalidRow], layout: Layout) -> pa.Table:
    blank = re.compile(rf"[\s\"{re.escape(layout.delimiter)}]*")
    return pa.Table.from_pylist(
        [
            {
                "row": row.number + layout.header_row,
                "column": "",
                "value": row.text[:_SHOWN],
                "reason": f"The row has {row.actual_columns} cells, the header has {row.expected_columns}.",
            }
            for row in ragged
            if not blank.fullmatch(row.text)
        ],
        REFUSED_SCHEMA,
    )


def _has_controls(text: bytes) -> bool:
    return len(text.translate(None, _CONTROLS)) != len(text) or re.search(rb"\xc2[\x80-\x9f]", text) is not None


def _refuse_controls(table: pa.Table, rows: pa.Array) -> tuple[pa.Table, pa.Array, pa.Table]:
    """Take out the rows in which any cell has a control character (or a place that could not be decoded)."""
    column_of = np.full(table.num_rows, -1)
    for index, column in reversed(list(enumerate(table.columns))):
        column_of[pc.match_substring_regex(column, _CONTROL_PATTERN).to_numpy()] = index
    bad = np.flatnonzero(column_of >= 0)
    refused = [
        {
            "row": rows[position].as_py(),
            "column": table.column_names[column_of[position]],
            "value": table.column(int(column_of[position]))[position].as_py()[:_SHOWN],
            "reason": "The cell has a control character or one that could not be decoded.",
        }
        for position in bad.tolist()
    ]
    kept = pa.array(column_of < 0)
    return table.filter(kept), rows.filter(kept), pa.Table.from_pylist(refused, REFUSED_SCHEMA)
