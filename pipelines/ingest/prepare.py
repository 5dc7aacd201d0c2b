"""Prepare a file for a source: read -> recognise -> normalise -> leave out totals -> refuse -> key, on Arrow tables.

Invariant: rows_read = accepted + refused + totals_dropped + merged.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import Problem
from pipelines.ingest.date_order import Order
from pipelines.ingest.keys import Keyed, identify_rows, key_hashes, key_rows, whole
from pipelines.ingest.normalise import Conventions, Fault, Reading, give_back, read_fields
from pipelines.ingest.numbers import Mark
from pipelines.ingest.prepared import MappingNeeded, Prepared
from pipelines.ingest.read import read_raw
from pipelines.ingest.recognise import Recognised, recognise_file
from pipelines.ingest.reconcile import Rows, reconcile
from pipelines.ingest.smells import smells
from pipelines.ingest.sums import Mask, Sums
from pipelines.ingest.tell import said_zone
from pipelines.ingest.totals import find_totals
from pipelines.ingest.validate import refuse
from pipelines.sources import NUMBER_TYPES, Source


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
    date_order: Order | None = None,
    decimal: Mark | None = None,
) -> Prepared:
    """Read a file and make its rows ready to be stored.

    `mapping` (field -> column; None or '' for no column) overrules what is recognised; `fixed` (field -> text) fills fields that have
    no column, and the blank cells of those that `mapping` names. `zone` is that of times without one, `currency` that of amounts
    without one; `now` (aware) tells what lies in the future. `date_order` and `decimal` say how the file writes dates and decimals.
    Raises FileRefused where nothing can be done, MappingNeeded where only columns are missing, WrongUsage for unknown fields.
    """
    given = dict(mapping or {})
    values = {field: text for field, text in (fixed or {}).items() if text.strip()}
    moment = (now or datetime.now(UTC)).astimezone(ZoneInfo(zone))
    said = Conventions(zone, currency, moment, date_order=date_order, decimal=decimal)
    # The file as text is the largest thing there is: nothing may hold it any longer when the rows get their hashes.
    prepared = _prepared(_recognised(source, content, file_name, given, values), said)
    give_back()
    return replace(
        prepared,
        sha256=hashlib.sha256(content).hexdigest(),
        tables=_with_hashes(prepared),
        options=_options(zone, date_order, decimal),
        said_mapping=given,
        said_fixed=dict(fixed or {}),
    )


def _recognised(
    source: Source, content: bytes, file_name: str, mapping: Mapping[str, str | None], fixed: Mapping[str, str]
) -> Recognised:
    raw = read_raw(content, file_name, source, [column for column in mapping.values() if column])
    file = recognise_file(source, raw, mapping, fixed)
    _require(file)
    return file


def _prepared(file: Recognised, said: Conventions) -> Prepared:
    """All but what is known without the file's text: hashes, and what the person said."""
    give_back()
    reading = read_fields(file.source, file.raw.table, file.mapping, file.fixed, _conventions(file, said))
    give_back()
    totals = find_totals(file.source, file.raw, file.mapping, reading, known_tool=file.export is not None)
    give_back()
    keyed, rows = _settle(file, reading, totals.rows)
    tables, (first_day, last_day) = stored_tables(file.source, keyed.rows)
    compared = reconcile(totals.totals, Sums(file.source, file.raw, file.mapping, reading.columns), file.raw, rows)
    return Prepared(
        source=file.source,
        file_name=file.raw.file_name,
        sha256="",
        encoding=file.raw.encoding,
        delimiter=file.raw.delimiter,
        header_row=file.raw.header_row,
        header=file.raw.header,
        mapping=file.mapping,
        fixed=file.fixed,
        rows_read=file.raw.rows_read,
        totals_dropped=int(totals.rows.sum()),
        merged=keyed.merged,
        tables=tables,
        refused=rows.lines,
        warnings=(
            *reading.warnings,
            *_assumed_currency(reading, rows.stored, said.currency),
            *totals.warnings,
            *compared.warnings,
            *_unknown_numbers(file, keyed.rows),
            *keyed.warnings,
            *smells(file.source, tables, file.mapping),
        ),
        notes=(*file.notes, *reading.notes, *compared.agreeing, *compared.notes),
        first_day=first_day,
        last_day=last_day,
        export=file.export,
        container=file.raw.container,
        totals=compared.totals,
        reconciliation=compared.agreeing,
        doubts=reading.doubts,
        conversions=reading.conversions,
    )


def _options(zone: str, date_order: str | None, decimal: str | None) -> dict[str, str]:
    """What the person said about how the file is to be read."""
    said = {"zone": zone, "date_order": date_order, "decimal": decimal}
    return {name: value for name, value in said.items() if value}


def _conventions(file: Recognised, said: Conventions) -> Conventions:
    """What was said, with what the file and the tool that wrote it are known for."""
    of_tool, order = (file.export.zone, file.export.date_order) if file.export else ("", None)
    zone = said_zone(file.raw) or of_tool or said.zone
    return replace(said, delimiter=file.raw.delimiter, zone=zone, declared_order=order)


def _require(file: Recognised) -> None:
    """Raise MappingNeeded unless every required field, or one that stands in for it, has a column or a fixed value."""
    there = {*file.mapping, *file.fixed}
    missing = tuple(
        field.name for field in file.source.fields if field.required and not there & {field.name, *field.instead}
    )
    if missing:
        raise MappingNeeded(
            f"'{file.raw.file_name}' has no column for {', '.join(missing)} that Touchline recognises.",
            f"Choose the column or give a fixed value. The columns are {', '.join(file.raw.header)}.",
            missing,
            file.raw,
            file.mapping,
        )


def _settle(file: Recognised, reading: Reading, left_out: Mask) -> tuple[Keyed, Rows]:
    """The rows that are stored, with what names them, and what became of every row but those `left_out`."""
    raw = file.raw
    faulty, lines = refuse(raw.table, raw.rows, reading.faults, spared=left_out)
    keyed = _key(file, reading, ~(faulty | left_out))
    if keyed.refused:
        where = np.zeros(len(faulty), bool)
        where[np.flatnonzero(~(faulty | left_out))] = np.asarray(keyed.refused.where)
        headers = tuple(file.mapping[name] for name in file.source.key if name in file.mapping)
        repeats = Fault(headers, Problem(pa.array(where), keyed.refused.reason))
        repeating, more = refuse(raw.table, raw.rows, [repeats], spared=left_out)
        faulty, lines = faulty | repeating, pa.concat_tables([lines, more])
    return keyed, Rows(~(faulty | left_out), faulty, pa.concat_tables([raw.refused, lines]).sort_by("row"))


def _key(file: Recognised, reading: Reading, kept: Mask) -> Keyed:
    columns = {**reading.columns, "row_number": file.raw.rows}
    if not kept.all():
        columns = {name: column.filter(pa.array(kept)) for name, column in columns.items()}
    if file.source.store == "lake":
        return identify_rows(file.source, pa.table(columns), file.mapping.get(file.source.id_field or "", ""))
    return key_rows(file.source, pa.table(columns))


def _assumed_currency(reading: Reading, stored: Mask, currency: str) -> list[str]:
    """A warning where stored amounts have the reporting currency because nothing names another."""
    if reading.assumed_currency is None:
        return []
    concerned = int((np.asarray(reading.assumed_currency) & stored).sum())
    return [f"Amounts without a currency: {concerned:,}; taken as {currency}."] if concerned else []


def _unknown_numbers(file: Recognised, rows: pa.Table) -> list[str]:
    """A warning for each required number that is blank in some of the rows."""
    required = [field for field in file.source.fields if field.required and field.type in NUMBER_TYPES]
    return [
        f"Rows without a number in '{file.mapping[field.name]}': {blank:,}; unknown, not 0."
        for field in required
        if field.name in file.mapping and (blank := rows[field.name].null_count)
    ]


def stored_tables(source: Source, rows: pa.Table) -> tuple[dict[str, pa.Table], tuple[date | None, date | None]]:
    """Rows (columns named by field, and row_number) under the names and in the order they are stored in, for every table the source feeds, and
    their first and last day.

    Those of the warehouse are still without their hash.
    """
    renamed = {field.stored_as: rows[field.name] for field in source.fields}
    names = [field.stored_as for field in source.fields if field.stored]
    renamed["row_number"] = rows["row_number"]
    days = _days(source, rows)
    if source.store == "warehouse":
        order = [*names, "row_number"]
    else:
        lead = [source.field(name).stored_as for name in (source.id_field, source.day_field) if name]
        encoded = days.dictionary_encode()
        renamed["dt"] = pa.DictionaryArray.from_arrays(encoded.indices, encoded.dictionary.cast(pa.string()))
        order = [*lead, "dt", *(name for name in names if name not in lead), "row_number"]
    full = pa.table(renamed)
    tables = {source.table: full.select(order)} | {name: derive(full) for name, derive in source.also.items()}
    ends = pc.min_max(days)
    return tables, (ends["min"].as_py(), ends["max"].as_py())


def _with_hashes(prepared: Prepared) -> dict[str, pa.Table]:
    """The tables, with the key_hash of each row for the warehouse."""
    source, tables = prepared.source, dict(prepared.tables)
    if source.store == "warehouse":
        tables[source.table] = tables[source.table].append_column("key_hash", key_hashes(source, tables[source.table]))
    return tables


def _days(source: Source, rows: pa.Table) -> pa.Array:
    """The day of each row (of the lake: its UTC day), null where the source has none."""
    if source.day_field is None:
        return pa.nulls(rows.num_rows, pa.date32())
    return whole(rows[source.day_field]).cast(pa.date32())
