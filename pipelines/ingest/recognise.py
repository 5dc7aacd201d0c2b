"""What a file is: the export it comes from, which column is which field, and what holds for all of its rows.

Invariant: what the person says wins over what a column says, and that over what the export is known for; what is not known is asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipelines.errors import FileRefused, WrongUsage
from pipelines.ingest.currencies import header_currency
from pipelines.ingest.header import fold_header
from pipelines.ingest.matching import assign, currencies_apart
from pipelines.ingest.pivot import unpivot
from pipelines.ingest.prepared import MappingNeeded, Raw
from pipelines.ingest.ranges import date_of_range
from pipelines.ingest.stages import only_won
from pipelines.ingest.tell import find_export, preamble_lines, said_values, said_zone
from pipelines.sources import Source
from pipelines.sources.exports import Export


@dataclass(frozen=True)
class Recognised:
    """A file as it is to be read.

    `source` is the one asked for, in which the fields that the export never names are not required. `raw` may be another one than was read
    (a pivot, unpivoted). `mapping`: field -> column; `fixed`: field -> value of all rows, or of those whose cell is blank.
    """

    source: Source
    export: Export | None
    raw: Raw
    mapping: dict[str, str]
    fixed: dict[str, str]
    notes: tuple[str, ...] = ()


def recognise(source: Source, raw: Raw) -> dict[str, str]:
    """Field -> column for every field of the source that a header names, in the order of the fields."""
    export = find_export(source, raw)
    return assign(source, unpivot(raw, export), export)[0]


def recognise_file(source: Source, raw: Raw, mapping: Mapping[str, str | None], fixed: Mapping[str, str]) -> Recognised:
    """What the file is, overruled by what the person says (`mapping`: field -> column, `fixed`: field -> value).

    A field mapped to None or '' has no column, nor has one with a fixed value but no column named by the person; a column that the person
    gives to one field is taken from the others. Raises WrongUsage for a field that does not exist, FileRefused for a column that does not,
    for a file that covers a range of days in one row, and for an export of another metric than the source holds; MappingNeeded where columns
    of different currencies may be the same amount.
    """
    _check_fields(source, [*mapping, *fixed])
    export = find_export(source, raw)
    raw = only_won(unpivot(raw, export), export)
    said = {field: _column(column, raw) for field, column in mapping.items() if column}
    recognised, notes = assign(source, raw, export)
    if source.day_field == "date" and "date" not in {*said, *fixed}:
        recognised = date_of_range(raw, export, recognised)
    kept = {
        field: column
        for field, column in recognised.items()
        if field not in mapping and field not in fixed and column not in said.values()
    }
    settled = kept | said
    for field in source.fields:
        if field.type == "money" and field.name in kept:
            _ask_for_currency(source, field.name, raw, export, settled, fixed)
    values = _currency_of_headers(source, settled, mapping) | dict(fixed)
    if export:
        notes.insert(0, f"Read as an export of {export.title}.")
        if "reach" not in {*said, *fixed}:
            _refuse_other_metric(raw, export)
        told = {field: value for field, value in said_values(raw, export).items() if field not in settled}
        assumed = {field: value for field, value in export.fixed.items() if field not in said}
        values = assumed | told | values
        source = _relaxed(source, export)
    if zone := said_zone(raw):
        notes.append(f"Times without a zone are in {zone}, as a line above the header says.")
    unused = [column for column in raw.header if column not in settled.values()]
    if unused:
        notes.append(f"Columns not used: {', '.join(unused)}.")
    ordered = {field: settled[field] for field in source.field_names if field in settled}
    return Recognised(source, export, raw, ordered, values, (*raw.notes, *notes))


def _relaxed(source: Source, export: Export) -> Source:
    """The source without the need of the fields that the export never names."""
    fields = (
        replace(field, required=False, filled=False) if field.name in export.optional else field
        for field in source.fields
    )
    return replace(source, fields=tuple(fields)) if export.optional else source


def _refuse_other_metric(raw: Raw, export: Export) -> None:
    """Refuse an export whose number is another metric than the source holds."""
    lines = preamble_lines(raw)
    if not export.metric or any(re.fullmatch(export.metric, line, re.IGNORECASE) for line in lines):
        return
    raise FileRefused(
        f"'{raw.file_name}' holds {', '.join(repr(line) for line in lines)}, not {export.metric_named}.",
        f"In {export.title}, export {export.metric_named} instead.",
    )


def _ask_for_currency(
    source: Source, field: str, raw: Raw, export: Export | None, mapping: dict[str, str], fixed: Mapping[str, str]
) -> None:
    """Raise MappingNeeded where several columns may be the amount and name different currencies: only the person knows which one counts.

    One that names none beside one that does is in the currency that the rows name, where they do.
    """
    currencies = currencies_apart(source, raw, export, field)
    named = {code for code in currencies.values() if code}
    if len(named) > 1 or (named and not {"currency"} & {*mapping, *fixed}):
        listed = ", ".join(f"'{column}' ({code or 'no currency'})" for column, code in currencies.items())
        raise MappingNeeded(
            f"'{raw.file_name}' has amounts in different currencies: {listed}.",
            f"Choose the one that is the {field}.",
            (field,),
            raw,
            {name: column for name, column in mapping.items() if name != field},
        )


def _currency_of_headers(source: Source, mapping: Mapping[str, str], said: Mapping[str, str | None]) -> dict[str, str]:
    """The currency that the headers of the amounts name, if they agree: of all rows, or of those whose own cell is blank."""
    if "currency" not in source.field_names or said.get("currency"):
        return {}
    amounts = [mapping[field.name] for field in source.fields if field.type == "money" and field.name in mapping]
    codes = {code for column in amounts if (code := header_currency(column))}
    return {"currency": codes.pop()} if len(codes) == 1 else {}


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
