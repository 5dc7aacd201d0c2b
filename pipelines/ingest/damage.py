"""Records that cannot be rows of the table: too few or too many cells, characters that no text has, cells that hold other rows.

Invariant: such a record is refused under its number, with its first such cell; nothing else of the file is touched.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import FileRefused
from pipelines.ingest.header import Layout, looks_like_names
from pipelines.ingest.prepared import REFUSED_SCHEMA
from pipelines.ingest.records import Records, where

_BLOCK = 1 << 20
_SHOWN = 200  # characters of a refused cell or record that are kept
_LONGEST = 100_000  # bytes of a cell
_WIDEST = 200  # columns of a table in which swallowed rows are looked for
_SAMPLE = 1_000  # rows that tell in which columns numbers and dates stand
_NUMBERS_AND_DATES = " .,:/+-%€$£T"
_NOTHING = r"[^\s\S]"
_CONTROL_BYTES = bytes(set(range(32)) - {9, 10, 13}) + b"\x7f"
_CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"


@dataclass(frozen=True)
class Fault:
    """What may be wrong with a cell: a test, for the column at a place, of some of its texts; and the reason that is said."""

    found: Callable[[int, pa.Array], pa.Array]
    reason: str


def possible_faults(text: memoryview, records: Records, layout: Layout, file_name: str) -> list[Fault]:
    """The faults to look for in the cells of all `records` of a text.

    Raises FileRefused where a quotation mark that is not closed leaves it open where the rows end.
    """
    faults = [Fault(lambda _, texts: pc.greater(pc.binary_length(texts), _LONGEST), "The cell is too long.")]
    line_ends, has_controls = _survey(text)
    if has_controls:
        said = "The cell has a control character or one that could not be decoded."
        faults.append(Fault(lambda _, texts: pc.match_substring_regex(texts, _CONTROLS), said))
    if line_ends > len(records):
        _refuse_open_quotation(text, layout, file_name)
        patterns = _swallowing(records) if len(layout.header) <= _WIDEST else []
        said = "The cell holds what look like rows of the table: a quotation mark is missing, or one too many."
        if patterns:
            faults.append(Fault(lambda place, texts: pc.match_substring_regex(texts, patterns[place]), said))
    return faults


def refuse_damaged(records: Records, faults: Iterable[Fault], layout: Layout) -> tuple[Records, pa.Table]:
    """The records that can be rows, and a line of REFUSED_SCHEMA for each of the others."""
    lines: dict[int, dict[str, object]] = {
        row.number: _line(
            row.number + layout.header_row,
            "",
            row.text,
            f"The row has {row.actual_columns} cells, the header has {row.expected_columns}.",
        )
        for row in records.ragged
    }
    for place, (name, column) in enumerate(zip(layout.header, records.table.columns, strict=True)):
        for fault in faults:
            found = where(column, partial(fault.found, place))
            for position in np.flatnonzero(found).tolist():
                number = int(records.numbers[position])
                if number not in lines:
                    cell = column[position].as_py()
                    lines[number] = _line(number + layout.header_row, name, cell, fault.reason)
    refused = pa.Table.from_pylist([lines[number] for number in sorted(lines)], REFUSED_SCHEMA)
    return records.without(lines) if lines else records, refused


def _line(row: int, column: str, value: str, reason: str) -> dict[str, object]:
    return {"row": row, "column": column, "value": value[:_SHOWN], "reason": reason}


def _survey(text: memoryview) -> tuple[int, bool]:
    """How many line ends a text has, within cells and between records, and whether it has control characters."""
    feeds = returns = 0
    controls = latin = False
    for start in range(0, len(text), _BLOCK):
        block = bytes(text[start : start + _BLOCK])
        feeds, returns = feeds + block.count(b"\n"), returns + block.count(b"\r")
        controls = controls or len(block.translate(None, _CONTROL_BYTES)) != len(block)
        latin = latin or b"\xc2" in block
    if latin and not controls:
        controls = re.search(rb"\xc2[\x80-\x9f]", text) is not None
    return max(feeds, returns), controls


def _refuse_open_quotation(text: memoryview, layout: Layout, file_name: str) -> None:
    """Refuse a text in which a quotation mark stands where none can be: the rows after it would become part of one cell.

    Only a text with more lines than records has line breaks in its cells; it is then read strictly, once more.
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


def _swallowing(records: Records) -> list[str]:
    """For each column a pattern of cells that hold the rest of a row, whole rows, and the beginning of one, up to this column.

    They are told from prose by the columns of numbers and dates: a cell that swallowed rows has numbers and dates at the same places.
    """
    delimiter = re.escape(records.delimiter)
    value = "[" + "".join(re.escape(sign) for sign in _NUMBERS_AND_DATES if sign != records.delimiter) + r"\d]+"
    anything, line_end = rf"[^{delimiter}\r\n]*", r"[\r\n]+"
    is_value = [_holds_values(column) for column in records.table.columns]
    cells = [value if one else anything for one in is_value]
    row = delimiter.join(cells)
    patterns = []
    for place in range(len(cells)):
        rest = delimiter.join([anything, *cells[place + 1 :]])
        beginning = delimiter.join([*cells[:place], anything])
        told = any(is_value[:place]) or any(is_value[place + 1 :])
        patterns.append(rf"^{rest}{line_end}(?:{row}{line_end})*{beginning}$" if told else _NOTHING)
    return patterns


def _holds_values(column: pa.ChunkedArray) -> bool:
    """Whether nearly all cells of a column's first rows are numbers or dates."""
    cells = column.slice(0, _SAMPLE).to_pylist()
    return sum(1 for cell in cells if cell.strip() and not looks_like_names((cell,))) > 0.9 * len(cells)
