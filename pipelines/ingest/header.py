"""Where the header of a file is, and what delimits its cells.

Invariant: header names are compared by letters and digits alone (`fold_header`), so that 'User_ID', 'user id' and 'UserId' are one.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipelines.errors import FileRefused
from pipelines.sources import SOURCES, Source
from pipelines.sources.exports import EXPORTS

DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 50  # records from the top among which the header is looked for
_NUMBER_OR_DATE = re.compile(r"[\s\d.,:/+\-%€$£T]*")


@dataclass(frozen=True)
class Layout:
    """A file's delimiter, its header (unique names), the header's 1-based record number, and where the data begins (in characters)."""

    delimiter: str
    header: tuple[str, ...]
    header_row: int
    data_start: int


@dataclass(frozen=True)
class _Record:
    cells: list[str]
    end: int

    @property
    def filled(self) -> int:
        return sum(1 for cell in self.cells if cell.strip())


def fold_header(name: str) -> str:
    """Letters and digits of a header, case-folded."""
    return "".join(c for c in unicodedata.normalize("NFC", name).casefold() if c.isalnum())


def bare_header(name: str) -> str:
    """A header folded without what stands in brackets at its end: 'Reach (SUM)' is 'reach'."""
    return fold_header(re.sub(r"(\s*[(\[][^)\]]*[)\]])+\s*$", "", name)) or fold_header(name)


def known_headers(source: Source | None) -> frozenset[str]:
    """Every folded name and alias of the source's fields and of its exports' headers; of all sources if there is none."""
    sources = [source] if source else list(SOURCES.values())
    exports = [export for export in EXPORTS.values() if export.source in [one.name for one in sources]]
    names = [name for one in sources for field in one.fields for name in (field.name, *field.aliases)]
    return frozenset(fold_header(name) for name in [*names, *(name for export in exports for name in export.names)])


def find_layout(top: str, complete: bool, known: Collection[str], mapped: Collection[str], file_name: str) -> Layout:
    """Find delimiter and header in the `top` of a text (`complete`: all of it is there).

    The header is the record with the most names out of `known` (folded) and `mapped` (as written); if none has any, the first one that
    looks like names rather than values. Raises FileRefused if there is no such record.
    """
    best: tuple[tuple[int, int, int], str, list[_Record], int] | None = None
    for delimiter in DELIMITERS:
        records = list(_records(top, delimiter, complete))
        usual, agreeing = _usual_width(records)
        for index, record in enumerate(records[:_LOOKED_AT]):
            if record.filled < min(2, usual):
                continue
            names = _names(record.cells, known, mapped)
            if not names and not _looks_like_names(record, usual):
                continue
            score = (names, agreeing if usual > 1 else 0, usual)
            if best is None or score > best[0]:
                best = (score, delimiter, records, index)
    if best is None:
        raise FileRefused(
            f"'{file_name}' has no header row.",
            "The first row of the table must name its columns: add one and try again.",
        )
    _, delimiter, records, index = best
    header = _complete_header(records[index].cells, records[index + 1 :])
    return Layout(delimiter, header, index + 1, records[index].end)


def _records(text: str, delimiter: str, complete: bool) -> Iterator[_Record]:
    """The records of a text, each with the character at which the next one begins; a cut-off last record is left out."""
    position = 0

    def lines() -> Iterator[str]:
        nonlocal position
        for line in io.StringIO(text, newline=""):
            position += len(line)
            yield line

    try:
        for cells in csv.reader(lines(), delimiter=delimiter):
            if position == len(text) and not complete:
                return
            yield _Record(cells, position)
    except csv.Error:
        return


def _usual_width(records: list[_Record]) -> tuple[int, int]:
    """The most common number of cells in a record that is not blank, and how many records have it."""
    widths = Counter(len(record.cells) for record in records if record.filled)
    several = Counter({width: count for width, count in widths.items() if width > 1})
    return (several or widths or Counter({1: 0})).most_common(1)[0]


def _names(cells: list[str], known: Collection[str], mapped: Collection[str]) -> int:
    written = {cell.strip() for cell in cells}
    folded = {form for cell in written for form in (fold_header(cell), bare_header(cell))}
    return len(folded & set(known)) + 2 * len(written & set(mapped))


def _looks_like_names(record: _Record, usual: int) -> bool:
    return len(record.cells) >= usual and not any(
        cell.strip() and _NUMBER_OR_DATE.fullmatch(cell.strip()) for cell in record.cells
    )


def _complete_header(cells: list[str], below: list[_Record]) -> tuple[str, ...]:
    """One unique name a column: columns without a name are numbered, repeated names too.

    Blank cells that end all rows below but not the header (or the other way round) are no difference in width.
    """
    names = [" ".join(cell.split()) for cell in cells]
    usual, _ = _usual_width(below) if below else (len(names), 0)
    spare = all(
        not cell.strip() for record in below if len(record.cells) == usual for cell in record.cells[len(names) :]
    )
    if usual > len(names) and spare:
        names += [""] * (usual - len(names))
    while len(names) > usual and not names[-1]:
        names.pop()
    unique: list[str] = []
    for position, name in enumerate(names, start=1):
        candidate, number = name or f"column {position}", 2
        while candidate in unique:
            candidate, number = f"{name or 'column'} ({number})", number + 1
        unique.append(candidate)
    return tuple(unique)
