"""Where the header of a file is, and what delimits its cells.

Invariant: header names are compared by letters and digits alone (`fold_header`), so that 'User_ID', 'user id' and 'UserId' are one.
"""

import csv
import io
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from pipelines.errors import FileRefused
from pipelines.sources import SOURCES, Source

DELIMITERS = (",", ";", "\t", "|", "^")
_TOPS = (
    100_000,
    5_000_000,
)  # bytes in which the header is looked for: the second where a single record fills the first
MOST_COLUMNS = 2_000
_NAMES_AMONG = 200  # records from the top among which known names are looked for
_HEADER_AMONG = 50  # records from the top among which a header of unknown names is looked for
_NUMBER_OR_DATE = re.compile(r"[\s\d.,:/+\-%€$£T]*")
_BRACKETS = re.compile(r"(\s*[(\[][^)\]]*[)\]])+\s*$")
LONGEST_NAME = 200  # characters: what is longer is no name, and patterns take too long over it
_OTHER_NUMBER = re.compile(
    r"(?<=[\W\d_])(?:previous|prior|budget|plan(?:ned)?|target|goal|avg|average|mean|max|min|\d+[- ]?days?|"
    r"thousands?|millions?|tausend|tsd|milliers?|miles|millones|mio|mln|mn|0{3}s?|cents?|micros?"
    r"|(?<!:)[kmt](?=\W|eur|usd)|%(?=\s*[)\]]))",
    re.IGNORECASE,
)
_SAID = re.compile(r'"?sep=([!#-/:-@\[-`{-~\t])"?[,;\t|]*[\r\n]', re.IGNORECASE)

csv.field_size_limit(sys.maxsize)  # a cell may be as long as its file


@dataclass(frozen=True)
class Layout:
    """A file's delimiter, its header (unique names), the header's 1-based record number, and the byte at which the data begins.

    `written` are the names as they stand there ('' for none), `preamble` the filled cells of each record above the header.
    """

    delimiter: str
    header: tuple[str, ...]
    header_row: int
    data_start: int
    written: tuple[str, ...]
    preamble: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class _Record:
    cells: list[str]
    end: int

    @property
    def filled(self) -> tuple[str, ...]:
        return tuple(trimmed for cell in self.cells if (trimmed := trim(cell)))


@dataclass(frozen=True, order=True)
class _Score:
    """How well a record serves as the header, best last: known names, rows that have the usual width, that width."""

    names: int
    agreeing: int
    usual: int


@lru_cache(maxsize=1 << 14)
def fold_header(name: str) -> str:
    """Letters and digits of a header, case-folded. A share ('Spend %') is another number than what it is a share of."""
    return "".join(c for c in unicodedata.normalize("NFC", name).casefold().replace("%", "percent") if c.isalnum())


def bare_header(name: str) -> str:
    """A header folded without what stands in brackets at its end: 'Reach (SUM)' is 'reach'. 'Reach (thousands)' and 'Spend (budget)' are other
    numbers.
    """
    opening = re.search(r"[(\[]", name)
    if opening is None or len(name) > LONGEST_NAME or _OTHER_NUMBER.search(name[opening.start() :]):
        return fold_header(name)
    return fold_header(_BRACKETS.sub("", name)) or fold_header(name)


def trim(cell: str) -> str:
    """A cell without NULs, nor white space and byte-order marks around it, its line breaks and runs of spaces as one space."""
    return " ".join(cell.replace("\ufeff", " ").replace("\x00", " ").split())


def known_headers(source: Source | None) -> frozenset[str]:
    """Every folded name of the source's fields, their aliases and the headers of its exports; of all sources if there is none."""
    return _known(None if source is None else source.name)


@cache
def _known(source: str | None) -> frozenset[str]:
    from pipelines.sources.exports import EXPORTS  # many declarations, which Spark's jobs do without

    sources = SOURCES.values() if source is None else (SOURCES[source],)
    declared = (name for one in sources for field in one.fields for name in (field.name, *field.aliases))
    of_tools = (name for export in EXPORTS.values() if source in (None, export.source) for name in export.names)
    return frozenset(form for name in (*declared, *of_tools) for form in (fold_header(name), bare_header(name)))


def count_names(cells: list[str], known: Collection[str], mapped: Collection[str]) -> int:
    """How many cells of a record are known names; those that somebody has pointed at (`mapped`) count twice."""
    written = {trim(cell) for cell in cells} - {""}
    folded = [{fold_header(cell), bare_header(cell)} for cell in written]
    return sum(1 for forms in folded if not forms.isdisjoint(known)) + 2 * len(
        written & {trim(name) for name in mapped}
    )


def looks_like_names(cells: tuple[str, ...]) -> bool:
    """Whether none of the cells (trimmed, filled) is a number or a date."""
    return not any(_NUMBER_OR_DATE.fullmatch(cell) for cell in cells)


def find_layout(
    text: memoryview,
    known: Collection[str],
    mapped: Collection[str],
    file_name: str,
    delimiters: tuple[str, ...] = DELIMITERS,
) -> Layout:
    """Find delimiter and header at the top of a UTF-8 text.

    The header is the record with the most names out of `known` (folded) and `mapped` (as written); if none has any, the first one that
    looks like names rather than values. A first line such as `sep=;` says the delimiter. Raises FileRefused if there is no header.
    """
    for size in _TOPS:
        top = bytes(text[:size]).decode("utf-8", "ignore")
        layout = _best_layout(top, len(text) <= size, known, mapped, delimiters)
        if layout is not None:
            _refuse_wide(len(layout.header), file_name)
            return layout
        if len(text) <= size:
            break
    raise FileRefused(
        f"'{file_name}' has no header row.",
        "The first row of the table must name its columns: add one and try again.",
    )


def _refuse_wide(columns: int, file_name: str) -> None:
    if columns > MOST_COLUMNS:
        raise FileRefused(
            f"'{file_name}' has {columns:,} columns; Touchline reads at most {MOST_COLUMNS:,}.",
            "Export only the columns you need, and upload that.",
        )


def _best_layout(
    top: str, complete: bool, known: Collection[str], mapped: Collection[str], delimiters: tuple[str, ...]
) -> Layout | None:
    said = _SAID.match(top)
    first = 1 if said else 0
    best: tuple[_Score, str, list[_Record], int] | None = None
    for delimiter in (said.group(1), *delimiters) if said else delimiters:
        records = list(_records(top, delimiter, complete))
        usual, agreeing = _usual_width(records)
        for index, record in enumerate(records[first:_NAMES_AMONG], start=first):
            if len(record.filled) < min(2, usual):
                continue
            names = count_names(record.cells, known, mapped)
            if names and len(_named(record.cells, records[index + 1 :], usual)) != usual:
                names -= 2  # rather a line above the table, such as 'Date,01.02.2026 - 28.02.2026'
            may_be = index < _HEADER_AMONG and len(record.cells) >= usual and looks_like_names(record.filled)
            if names <= 0 and not may_be:
                continue
            score = _Score(max(0, names), agreeing if usual > 1 else 0, usual)
            if best is None or score > best[0]:
                best = (score, delimiter, records, index)
        if said and delimiter == said.group(1) and best and best[0].usual > 1:
            break  # as the file says
    if best is None:
        return None
    _, delimiter, records, index = best
    below = records[index + 1 :]
    written = _named(records[index].cells, below, _usual_width(below)[0] if below else 0)
    above = tuple(record.filled for record in records[first:index] if record.filled)
    return Layout(
        delimiter, _unique(written), index + 1, len(top[: records[index].end].encode()), tuple(written), above
    )


def _records(text: str, delimiter: str, complete: bool) -> Iterator[_Record]:
    """The records of a text, each with the character at which the next one begins; a cut-off last record is left out."""
    position = 0

    def lines() -> Iterator[str]:
        nonlocal position
        for line in io.StringIO(text, newline=""):
            position += len(line)
            yield line

    for cells in csv.reader(lines(), delimiter=delimiter):
        if position == len(text) and not complete:
            return
        yield _Record(cells, position)


def _usual_width(records: list[_Record]) -> tuple[int, int]:
    """The most common number of cells in a record that is not blank, and how many records have it."""
    widths = Counter(len(record.cells) for record in records if any(record.cells))
    several = Counter({width: count for width, count in widths.items() if width > 1})
    return (several or widths or Counter({1: 0})).most_common(1)[0]


def _named(cells: list[str], below: list[_Record], usual: int) -> list[str]:
    """The names of a header, one a column of the rows below, which are `usual` wide (0: there are none).

    Blank cells that end all rows below but not the header (or the other way round) are no difference in width.
    """
    names = [trim(cell) for cell in cells]
    if usual > len(names) and not any(
        trim(cell) for record in below if len(record.cells) == usual for cell in record.cells[len(names) :]
    ):
        names += [""] * (usual - len(names))
    while len(names) > usual > 0 and not names[-1]:
        names.pop()
    return names


def _unique(names: list[str]) -> tuple[str, ...]:
    """One unique name a column: columns without a name are numbered, repeated names too."""
    unique: dict[str, None] = {}
    repeated: Counter[str] = Counter()
    for position, name in enumerate(names, start=1):
        candidate = name or f"column {position}"
        while candidate in unique:
            repeated[name] += 1
            candidate = f"{name or 'column'} ({repeated[name] + 1})"
        unique[candidate] = None
    return tuple(unique)
