"""Prepare a file for a source: read -> recognise -> normalise -> validate, on Arrow tables.

Invariant: rows_read = accepted + refused + totals_dropped + merged.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.keys import identify_rows, key_rows
from pipelines.ingest.normalise import Conventions, Fault, read_fields, unknown_numbers
from pipelines.ingest.prepared import MappingNeeded, Prepared, Raw
from pipelines.ingest.read import read_raw
from pipelines.ingest.recognise import settle_mapping
from pipelines.ingest.validate import drop_totals, refuse
from pipelines.sources import Source


def prepare(
    source: Source,
    content: bytes,
    file_name: str,
    mapping: Mapping[str, str | None] | None = None,
    fixed: Mapping[str, str] | None = None,
    *,
    zone: str = "UTC",
    currency: str = "EUR",
    now: datetime | None = None,
    date_order: Literal["day", "month"] | None = None,
    decimal: Literal["point", "comma"] | None = None,
) -> Prepared:
    """Read a file and make its rows ready to be stored.

    `mapping` (field -> column; None or '' for no column) overrules what is recognised; `fixed` (field -> text) fills fields that have
    no column, and the blank cells of those that `mapping` names. `zone` is that of times without one, `currency` that of amounts
    without one; `now` (aware) tells what lies in the future. `date_order` and `decimal` say how the file writes dates and decimals.
    Raises FileRefused where nothing can be done, MappingNeeded where only columns are missing, WrongUsage for unknown fields.
    """
    given, values = dict(mapping or {}), {field: text for field, text in (fixed or {}).items() if text.strip()}
    raw = read_raw(content, file_name, source, [column for column in given.values() if column])
    settled, mapping_notes = settle_mapping(source, raw, given, values)
    _require(source, raw, settled, values)

    table, numbers, totals = drop_totals(source, raw, settled)
    moment = (now or datetime.now(UTC)).astimezone(ZoneInfo(zone))
    reading = read_fields(source, table, settled, values, raw.delimiter, Conventions(zone, currency, moment))
    kept, refused = refuse(table, numbers, reading.faults)
    table, numbers = table.filter(kept), numbers.filter(kept)
    columns = {name: column.filter(kept) for name, column in reading.columns.items()}
    rows = pa.table({**columns, "row_number": numbers})

    id_name = settled.get(source.id_field or "", "")
    keyed = key_rows(source, rows) if source.store == "warehouse" else identify_rows(source, rows, id_name)
    refusals = [raw.refused, refused]
    if keyed.refused:
        key = tuple(settled[name] for name in source.key if name in settled)
        refusals.append(refuse(table, numbers, [Fault(key, keyed.refused)])[1])
    tables, days = _stored(source, keyed.rows)
    return Prepared(
        source=source,
        file_name=file_name,
        sha256=hashlib.sha256(content).hexdigest(),
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        header_row=raw.header_row,
        header=raw.header,
        mapping=settled,
        fixed=values,
        rows_read=raw.rows_read,
        totals_dropped=totals,
        merged=keyed.merged,
        tables=tables,
        refused=pa.concat_tables(refusals).sort_by("row"),
        warnings=(*reading.warnings, *unknown_numbers(source, columns, settled), *keyed.warnings),
        notes=(*_encoding_note(raw), *mapping_notes, *reading.notes),
        first_day=days[0],
        last_day=days[1],
        container=raw.container,
        options=_options(zone, date_order, decimal),
        said_mapping=dict(mapping or {}),
        said_fixed=dict(fixed or {}),
    )


def _options(zone: str, date_order: str | None, decimal: str | None) -> dict[str, str]:
    """What the person said about how the file is to be read."""
    said = {"zone": zone, "date_order": date_order, "decimal": decimal}
    return {name: value for name, value in said.items() if value}


def _encoding_note(raw: Raw) -> tuple[str, ...]:
    if raw.encoding.startswith("utf"):
        return ()
    return (f"The file is not Unicode; read as {raw.encoding}. If letters look wrong, save it as CSV UTF-8.",)


def _require(source: Source, raw: Raw, mapping: Mapping[str, str], fixed: Mapping[str, str]) -> None:
    """Raise MappingNeeded unless every required field, or one that stands in for it, has a column or a fixed value."""
    there = {*mapping, *fixed}
    missing = tuple(
        field.name for field in source.fields if field.required and not there & {field.name, *field.instead}
    )
    if missing:
        raise MappingNeeded(
            f"'{raw.file_name}' has no column for {', '.join(missing)} that Touchline recognises.",
            f"Choose the column or give a fixed value. The columns are {', '.join(raw.header)}.",
            missing,
            raw,
            mapping,
        )


def _stored(source: Source, rows: pa.Table) -> tuple[dict[str, pa.Table], tuple[date | None, date | None]]:
    """The rows under the names and in the order they are stored in, for every table the source feeds, and their first and last day."""
    renamed = {field.stored_as: rows[field.name].combine_chunks() for field in source.fields}
    names = [field.stored_as for field in source.fields if field.stored]
    renamed["row_number"] = rows["row_number"]
    days = _days(source, rows)
    if source.store == "warehouse":
        renamed["key_hash"] = rows["key_hash"]
        order = [*names, "row_number", "key_hash"]
    else:
        lead = [source.field(name).stored_as for name in (source.id_field, source.day_field) if name]
        encoded = days.dictionary_encode()
        renamed["dt"] = pc.take(encoded.dictionary.cast(pa.string()), encoded.indices)
        order = [*lead, "dt", *(name for name in names if name not in lead), "row_number"]
    full = pa.table(renamed)
    tables = {source.table: full.select(order)} | {name: derive(full) for name, derive in source.also.items()}
    ends = pc.min_max(days)
    return tables, (ends["min"].as_py(), ends["max"].as_py())


def _days(source: Source, rows: pa.Table) -> pa.Array:
    """The day of each row (of the lake: its UTC day), null where the source has none."""
    if source.day_field is None:
        return pa.nulls(rows.num_rows, pa.date32())
    return rows[source.day_field].combine_chunks().cast(pa.date32())
