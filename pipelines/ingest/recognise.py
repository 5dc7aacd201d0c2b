"""Which column is which field: by the names and aliases that the source declares.

Invariant: a column serves one field at most and a field has one column at most; the best name wins, the others are said.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.errors import FileRefused, WrongUsage
from pipelines.ingest.header import bare_header, fold_header
from pipelines.ingest.prepared import Raw
from pipelines.sources import Field, Source

_EXACT, _ALIAS, _SUFFIX = range(3)


@dataclass(frozen=True, order=True)
class _Match:
    """How well a column's name fits a field, best first."""

    kind: int
    field_order: int
    alias: int
    bracketed: bool
    position: int
    field: str
    column: str


def recognise(source: Source, raw: Raw) -> dict[str, str]:
    """Field -> column for every field of the source that a header names, in the order of the fields."""
    return _assign(source, raw)[0]


def settle_mapping(
    source: Source, raw: Raw, mapping: Mapping[str, str | None], fixed: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """The mapping to read with, and notes: what was recognised, overruled by what the person says.

    A field mapped to None or '' has no column, nor has one with a fixed value but no column named by the person; a column that the
    person gives to one field is taken from the others. Raises WrongUsage for a field and FileRefused for a column that do not exist.
    """
    _check_fields(source, [*mapping, *fixed])
    said = {field: _column(column, raw) for field, column in mapping.items() if column}
    recognised, notes = _assign(source, raw)
    kept = {
        field: column
        for field, column in recognised.items()
        if field not in mapping and field not in fixed and column not in said.values()
    }
    settled = kept | said
    unused = [column for column in raw.header if column not in settled.values()]
    if unused:
        notes.append(f"Columns not used: {', '.join(unused)}.")
    return {field: settled[field] for field in source.field_names if field in settled}, notes


def _assign(source: Source, raw: Raw) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    matches = sorted(_matches(source, raw.header))
    for match in matches:
        if match.field not in found and match.column not in found.values():
            found[match.field] = match.column
    notes = []
    for field, column in found.items():
        others = {match.column for match in matches if match.field == field} - set(found.values())
        if others:
            listed = ", ".join(f"'{other}'" for other in sorted(others))
            notes.append(f"'{field}' is read from '{column}', not from {listed}.")
    return {field: found[field] for field in source.field_names if field in found}, notes


def _matches(source: Source, header: tuple[str, ...]) -> list[_Match]:
    matches: list[_Match] = []
    for order, field in enumerate(source.fields):
        names = [fold_header(name) for name in (field.name, *field.aliases)]
        for position, column in enumerate(header):
            for bracketed, form in enumerate((fold_header(column), bare_header(column))):
                if form in names:
                    alias = names.index(form)
                    kind = _ALIAS if alias else _EXACT
                    matches.append(_Match(kind, order, alias, bool(bracketed), position, field.name, column))
        matches += _suffix(field, order, header)
    return matches


def _suffix(field: Field, order: int, header: tuple[str, ...]) -> list[_Match]:
    """The only column whose name ends in the field's name, if there is exactly one."""
    if not field.suffix:
        return []
    ending = fold_header(field.name)
    fitting = [(position, column) for position, column in enumerate(header) if bare_header(column).endswith(ending)]
    if len(fitting) != 1:
        return []
    position, column = fitting[0]
    return [_Match(_SUFFIX, order, 0, False, position, field.name, column)]


def _check_fields(source: Source, names: list[str]) -> None:
    for name in names:
        if name not in source.field_names:
            raise WrongUsage(
                f"The source {source.name} has no field '{name}'.", f"Its fields are {', '.join(source.field_names)}."
            )


def _column(name: str, raw: Raw) -> str:
    """The column of that name, as written or as folded."""
    if name in raw.header:
        return name
    alike = [column for column in raw.header if fold_header(column) == fold_header(name)]
    if len(alike) == 1:
        return alike[0]
    raise FileRefused(f"'{raw.file_name}' has no column '{name}'.", f"Its columns are {', '.join(raw.header)}.")
