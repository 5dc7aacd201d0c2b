"""An .xlsx workbook -> the text of one of its sheets, as CSV.

Invariants:
- A cell's text says in one way only what the cell holds: ISO days and moments, plain decimals that nobody can take for thousands, errors
  such as #REF! as they stand. Whole numbers whose last digits may be lost are in scientific notation, which no field takes for exact.
- A sheet is laid out in memory only once it is known how large it becomes: one with a cell in the last corner is small as a file.
"""

import csv
import io
import math
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from pipelines.errors import FileRefused
from pipelines.ingest.containers import damaged, open_zip, read_member, refuse_large

_MOST_CELLS = 10_000_000  # blank ones in between counted
_KEPT, _EXACT = 10**15, 2**53  # Excel keeps 15 digits of a number, other programs what a double holds
_LOOKED_AT = 200  # rows of a sheet among which its header is looked for
_LIKE_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRINGS = "xl/sharedstrings.xml"
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)([0-9]+)["']""")
_STRING = re.compile(rb"""\st="s"[^>]*>\s*<(?:\w+:)?v>([0-9]+)<""")
_ERROR = re.compile(rb"""<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*\br="([A-Z]+)([0-9]+)".*?<(?:\w+:)?v>([^<]*)<""", re.DOTALL)
_FORMULA_ALONE = re.compile(
    rb"""<(?:\w+:)?c\b(?![^>]*\bt="str")[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"""
    rb"""\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
)


@dataclass(frozen=True)
class SheetText:
    """A sheet's name, its rows as CSV in UTF-8 (the first record is the sheet's first row), and the names of the sheets left aside."""

    name: str
    text: bytes
    others: tuple[str, ...]


@dataclass
class _Extent:
    """How far a sheet goes, how long its texts are together, and the error cells, which the reader shows as blank."""

    rows: int = 0
    columns: int = 0
    characters: int = 0
    errors: dict[int, dict[int, str]] = field(default_factory=dict)


def read_sheet(content: memoryview, file_name: str, names_in: Callable[[list[str]], int]) -> SheetText:
    """The first sheet with a row of at least two known names (`names_in` counts them); if none has, the first with the most.

    Raises FileRefused for a workbook that is damaged, too large, empty, or has formulas whose results are not stored in it.
    """
    archive = open_zip(content, file_name)
    refuse_large(sum(member.file_size for member in archive.infolist()), file_name)
    lengths = _check_parts(archive, file_name)
    try:
        workbook = CalamineWorkbook.from_object(pa.BufferReader(content))
        parts = _sheet_parts(archive)
        chosen: tuple[int, str, CalamineSheet, _Extent] | None = None
        for name in workbook.sheet_names:
            if name not in parts:  # a sheet that is a chart
                continue
            extent = _measure(read_member(archive, parts[name], file_name), lengths, file_name)
            sheet = workbook.get_sheet_by_name(name)
            names = max(
                (names_in([_text(cell) for cell in row]) for row in islice(sheet.iter_rows(), _LOOKED_AT)), default=-1
            )
            if names >= 0 and (chosen is None or names > chosen[0]):
                chosen = names, name, sheet, extent
            if names >= 2:
                break
    except (CalamineError, ElementTree.ParseError, KeyError, OSError) as problem:
        raise damaged(file_name) from problem
    if chosen is None:
        raise FileRefused(f"'{file_name}' is empty.", "Export it again and check that it has rows.")
    _, name, sheet, extent = chosen
    return SheetText(name, _csv(sheet, extent), tuple(other for other in workbook.sheet_names if other != name))


def _check_parts(archive: zipfile.ZipFile, file_name: str) -> np.ndarray:
    """Read through what every workbook is opened with. Returns the length of each of its shared texts, at most."""
    lengths = np.zeros(0, np.int64)
    for member in archive.infolist():
        part = member.filename.lower()
        if part.endswith((".xml", ".rels")) and not part.startswith("xl/worksheets/sheet"):
            text = b"".join(read_member(archive, member, file_name))
            if part == _STRINGS:
                lengths = np.array([len(one) for one in re.split(rb"</(?:\w+:)?si>", text)], np.int64)
    return lengths


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Sheet name -> the member of the archive that holds its cells."""
    members = {member.filename.lower(): member for member in archive.infolist()}
    relations = ElementTree.fromstring(archive.read(members["xl/_rels/workbook.xml.rels"]))
    targets = {one.get("Id"): posixpath.join("/xl", one.get("Target", "")).lstrip("/").lower() for one in relations}
    book = ElementTree.fromstring(archive.read(members["xl/workbook.xml"]))
    sheets = {one.get("name", ""): targets.get(one.get(_RELATION), "") for one in book.iterfind("{*}sheets/{*}sheet")}
    return {name: members[part] for name, part in sheets.items() if part.startswith("xl/worksheets/")}


def _measure(pieces: Iterator[bytes], lengths: np.ndarray, file_name: str) -> _Extent:
    """Read through a sheet's cells. Raises FileRefused if it would be too large in memory or has formulas without results."""
    extent = _Extent()
    for rows in _whole_rows(pieces):
        references = _REFERENCE.findall(rows)
        extent.rows = max([extent.rows, *{int(row) for _, row in references}])
        extent.columns = max(
            [extent.columns, *(_column_number(letters) for letters in {letters for letters, _ in references})]
        )
        if extent.rows * extent.columns > _MOST_CELLS:
            raise FileRefused(
                f"A sheet of '{file_name}' reaches over {extent.rows:,} rows and {extent.columns:,} columns.",
                "Copy the filled part to a new workbook, or save it as CSV, and upload that.",
            )
        shared = np.array(_STRING.findall(rows), dtype="S12").astype(np.int64)
        extent.characters += len(rows) + int(lengths[shared[shared < len(lengths)]].sum())
        refuse_large(extent.characters // 4, file_name)
        if _FORMULA_ALONE.search(rows):
            raise FileRefused(
                f"'{file_name}' has formulas whose results are not stored in it.",
                "Open it in Excel or LibreOffice, save it, and upload it again.",
            )
        if b't="e"' in rows:
            for letters, row, shown in _ERROR.findall(rows):
                extent.errors.setdefault(int(row), {})[_column_number(letters)] = shown.decode("utf-8", "replace")
    return extent


def _whole_rows(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that end where a row does."""
    held = bytearray()
    for piece in pieces:
        before = len(held)
        held += piece
        end = held.rfind(b"row>", max(0, before - 4)) + 4
        if end >= 4:
            yield bytes(held[:end])
            del held[:end]
    yield bytes(held)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _csv(sheet: CalamineSheet, extent: _Extent) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    left = sheet.start[1] + 1 if sheet.start else 1
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(cell) for cell in row] if any(cell != "" for cell in row) else row
        for column, shown in extent.errors.get(number, {}).items():
            cells[column - left] = shown
        writer.writerow(cells)
    return text.getvalue().encode()


def _text(cell: Any) -> str:
    """What a cell holds, as text."""
    match cell:
        case str():
            return cell
        case bool():
            return str(cell).upper()
        case int() | float():
            return _number(cell)
        case datetime():
            return cell.isoformat(timespec="milliseconds" if cell.microsecond else "seconds")
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        case time():
            return cell.isoformat(timespec="seconds")
        case date():
            return cell.isoformat()
    return str(cell)


def _number(value: float) -> str:
    """The shortest decimal that is the number; with a further zero where it could be taken for thousands, such as 1.234."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) > _EXACT or (abs(value) >= _KEPT and value % 10 == 0):
        return f"{Decimal(repr(value)).normalize():E}"
    if value.is_integer():
        return str(int(value))
    plain = f"{Decimal(repr(value)):f}"
    return plain + "0" if _LIKE_THOUSANDS.fullmatch(plain) else plain
