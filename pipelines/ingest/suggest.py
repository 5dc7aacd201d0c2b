"""Columns that may hold a field which no header names: by close spelling, and by what the cells look like.

Invariant: a suggestion is shown to a person and never taken unasked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipelines.ingest import contents
from pipelines.ingest.header import bare_header, fold_header
from pipelines.ingest.prepared import Raw
from pipelines.ingest.recognise import recognise
from pipelines.sources import Field, FieldType, Source
from pipelines.sources.exports import EXPORTS

_CLOSE = 0.75  # ratio of difflib from which a spelling is close
_MOST = 3  # suggestions a field

_LOOKS: dict[FieldType, tuple[Callable[[list[str]], bool], str]] = {
    "date": (contents.are_moments, "its cells look like days"),
    "instant": (contents.are_moments, "its cells look like days or moments"),
    "clock": (contents.are_clocks, "its cells look like times of day"),
    "money": (contents.are_numbers, "its cells look like amounts"),
    "decimal": (contents.are_numbers, "its cells look like numbers"),
    "integer": (contents.are_whole, "its cells look like counts"),
    "currency": (contents.are_currencies, "its cells look like currencies"),
    "person": (contents.are_persons, "its cells look like e-mail addresses or their hashes"),
    "url": (contents.are_urls, "its cells look like web addresses"),
    "boolean": (contents.are_flags, "its cells look like yes and no"),
    "sentiment": (contents.are_sentiments, "its cells look like sentiments"),
}
"""Type of a field -> what its cells look like. Names and other texts look like anything."""


@dataclass(frozen=True)
class Suggestion:
    """A column that may hold a field, and why."""

    column: str
    why: str


def suggest(source: Source, raw: Raw) -> dict[str, tuple[Suggestion, ...]]:
    """Field -> columns that may hold it, best first, for the fields that no header names, out of the columns that no field has."""
    taken = recognise(source, raw)
    free = [column for column in raw.header if column not in taken.values()]
    heads = {column: contents.head(raw, column) for column in free}
    suggestions = {}
    for field in source.fields:
        if field.name in taken:
            continue
        names = [fold_header(name) for name in _names(source, field)]
        ranked = sorted(
            (-score, position, Suggestion(column, why))
            for position, column in enumerate(free)
            for score, why in [_likeness(field, names, column, heads[column])]
            if score
        )
        if ranked:
            suggestions[field.name] = tuple(suggestion for _, _, suggestion in ranked[:_MOST])
    return suggestions


def _names(source: Source, field: Field) -> list[str]:
    """Every header known for the field, in any tool."""
    exports = [export for export in EXPORTS.values() if export.source == source.name]
    return [field.name, *field.aliases, *(name for export in exports for name in export.columns.get(field.name, ()))]


def _likeness(field: Field, names: list[str], column: str, cells: list[str]) -> tuple[float, str]:
    """How much a column suggests itself for a field, and why; 0 where it does not. Cells that look otherwise overrule a close spelling."""
    form = bare_header(column)
    spelling = max((_closeness(form, name), name) for name in names)[0]
    close = spelling >= _CLOSE or any(len(name) > 3 and name in form for name in names)
    look, why = _LOOKS.get(field.type, (None, ""))
    if look is None:
        return (spelling, "its name is close") if close else (0.0, "")
    if not cells or not look(cells):
        return 0.0, ""
    return (1 + spelling, f"its name is close, and {why}") if close else (spelling / 2, why)


def _closeness(form: str, name: str) -> float:
    return SequenceMatcher(None, form, name).ratio()
