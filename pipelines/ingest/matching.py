"""Which column is which field: by the names that the source, and the export if it is a known one, declare.

Invariant: a field has one column at most, and a column serves one field unless the export's declaration reads it into two; the best name
wins, the others are said.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest import contents
from pipelines.ingest.cells import clean, encoded, matches
from pipelines.ingest.currencies import CURRENCY_AT_END, currencies_of, header_currency
from pipelines.ingest.header import bare_header, fold_header
from pipelines.ingest.prepared import Raw
from pipelines.ingest.words import shortened
from pipelines.sources import Field, Source
from pipelines.sources.exports import Export
from pipelines.sources.ranges import ENDS, STARTS

_EXPORT, _EXACT, _ALIAS, _SUFFIX = range(4)


@dataclass(frozen=True, order=True)
class _Match:
    """How well a column fits a field, best first. `idle`: its cells say nothing that the field could take."""

    idle: bool
    kind: int
    field_order: int
    alias: int
    bracketed: bool
    position: int
    field: str
    column: str


@lru_cache(maxsize=4096)
def forms(header: str) -> tuple[str, ...]:
    """A header as names are compared with it: whole, and without what ends in brackets."""
    return fold_header(header), bare_header(header)


def named(header: Iterable[str], names: Iterable[str]) -> list[str]:
    """The columns that go by one of the names, in the order of the names."""
    columns = [(column, forms(column)) for column in header]
    found = [column for name in names for form in [fold_header(name)] for column, own in columns if form in own]
    return list(dict.fromkeys(found))


def assign(source: Source, raw: Raw, export: Export | None) -> tuple[dict[str, str], list[str]]:
    """Field -> column for every field that a header names, in the order of the fields, and what is to be said of it."""
    found: dict[str, str] = {}
    ranked = sorted(_matches(source, raw, export))
    for match in ranked:
        if match.field not in found and (match.kind == _EXPORT or match.column not in found.values()):
            found[match.field] = match.column
    _give_to_required(source, ranked, found)
    _drop_needless_clock(raw, found)
    notes = []
    for field, column in found.items():
        others = {match.column for match in ranked if match.field == field} - set(found.values())
        if others:
            listed = ", ".join(f"'{other}'" for other in sorted(others))
            notes.append(f"'{field}' is read from '{column}', not from {listed}.")
    return {field: found[field] for field in source.field_names if field in found}, notes


def currencies_apart(source: Source, raw: Raw, export: Export | None, field: str) -> dict[str, str]:
    """Column -> its currency ('' where it names none) for all columns that may be this field of amounts, if they differ in it; else {}.

    A column names its currency in its header, or in its first cells.
    """
    matches_ = sorted(_matches(source, raw, export))
    columns = dict.fromkeys(match.column for match in matches_ if match.field == field and not match.idle)
    said = {column: currency_said(raw, column) for column in columns}
    return said if len(set(said.values())) > 1 else {}


def currency_said(raw: Raw, column: str) -> str:
    """The currency that a column of amounts names: in its header or, all alike, in its first cells; '' where it names none."""
    if code := header_currency(column):
        return code
    codes = set(currencies_of(clean(pa.array(contents.head(raw, column), pa.string()))).to_pylist()) - {None}
    return str(codes.pop()) if len(codes) == 1 else ""


def _give_to_required(source: Source, ranked: list[_Match], found: dict[str, str]) -> None:
    """A required field without a column takes the one that a field which can do without it has."""
    required = {field.name for field in source.fields if field.required}
    for match in ranked:
        if match.field in required and match.field not in found:
            holders = [field for field, column in found.items() if column == match.column]
            if not required & set(holders):
                found[match.field] = match.column
                for holder in holders:
                    del found[holder]


def _drop_needless_clock(raw: Raw, found: dict[str, str]) -> None:
    """A moment that says its time of day needs no clock beside it."""
    if {"clock", "time"} <= set(found) and contents.have_clocks(contents.head(raw, found["time"])):
        del found["clock"]


def _matches(source: Source, raw: Raw, export: Export | None) -> list[_Match]:
    result: list[_Match] = []
    for order, field in enumerate(source.fields):
        ranks: list[tuple[int, int, bool, int, str]] = []
        own = export.columns.get(field.name, ()) if export else ()
        ranks += _by_name(_EXPORT, own, raw.header)
        if not _settled_by(export, field):
            ranks += _by_name(_EXACT, (field.name,), raw.header) + _by_name(_ALIAS, field.aliases, raw.header)
            ranks += _suffix(field, raw.header) if export is None else []
        ranks = [rank for rank in ranks if field.type != "clock" or contents.are_clocks(contents.head(raw, rank[4]))]
        idle = _idle(field, raw, export, {rank[4] for rank in ranks})
        result += [
            _Match(column in idle, kind, order, alias, bracketed, position, field.name, column)
            for kind, alias, bracketed, position, column in ranks
        ]
    return result


def _settled_by(export: Export | None, field: Field) -> bool:
    """Whether the export says what the field is, so that a name which people use elsewhere means something else here."""
    if export is None:
        return False
    return field.name in (*export.fixed, *export.said) or export.columns.get(field.name) == ()


def _by_name(kind: int, names: Iterable[str], header: tuple[str, ...]) -> list[tuple[int, int, bool, int, str]]:
    folded = [fold_header(name) for name in names]
    found = []
    for position, column in enumerate(header):
        for bracketed, form in enumerate((*forms(column), _without_currency(column))):
            if form in folded:
                found.append((kind, folded.index(form), bool(bracketed), position, column))
    return found


def _without_currency(column: str) -> str:
    """The folded header without a currency at its end: 'Spend EUR' and 'cost_usd' are spend and cost."""
    return fold_header(CURRENCY_AT_END.sub("", column) if header_currency(column) else column)


def _suffix(field: Field, header: tuple[str, ...]) -> list[tuple[int, int, bool, int, str]]:
    """The only column whose name ends in the field's name, if there is exactly one."""
    if not field.suffix:
        return []
    ending = fold_header(field.name)
    ranges = named(header, (*STARTS, *ENDS))
    fitting = [
        (position, column)
        for position, column in enumerate(header)
        if bare_header(column).endswith(ending) and column not in ranges
    ]
    if len(fitting) != 1:
        return []
    position, column = fitting[0]
    return [(_SUFFIX, 0, False, position, column)]


def _idle(field: Field, raw: Raw, export: Export | None, columns: set[str]) -> set[str]:
    """Of several columns for a field, those whose cells say nothing it could take."""
    if len(columns) < 2:
        return set()
    return {column for column in columns if _says_nothing(field, raw, export, column)}


def _says_nothing(field: Field, raw: Raw, export: Export | None, column: str) -> bool:
    empty = [word.casefold() for word in export.empty] if export else []
    cells = [cell for cell in contents.head(raw, column) if cell.casefold() not in empty]
    if not cells:
        return not _filled(raw.table[column], empty)
    match field.type:
        case "date" | "instant":
            return contents.are_clocks(cells) or not any(any(map(str.isdigit, cell)) for cell in cells)
        case "id" | "person":
            return bool(pc.any(shortened(_distinct(raw.table[column]))).as_py())
        case _:
            return False


def _distinct(column: pa.ChunkedArray) -> pa.Array:
    """The distinct texts of a column, cleaned."""
    return clean(encoded(column).dictionary)


def _filled(column: pa.ChunkedArray, empty: list[str]) -> bool:
    """Whether any cell says something."""
    texts = _distinct(column)
    said = pc.is_valid(texts)
    for word in empty:
        said = pc.and_not(said, matches(texts, re.escape(word), ignore_case=True))
    return bool(pc.any(said).as_py())
