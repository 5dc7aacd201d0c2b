"""What is stored of a source, written out as CSV that can be read back.

Invariant: reading the whole of it back changes nothing: the columns are the source's fields by name, days and instants are ISO (UTC, with Z),
amounts have a point and all their decimals, and a text that a spreadsheet would run is defused as reading undoes it.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import text

from pipelines.calendar import FIRST_YEAR, LAST_YEAR, Period, parse_day
from pipelines.errors import WrongUsage
from pipelines.ingest.defuse import defuse
from pipelines.sources import NUMBER_TYPES, Field, Source
from pipelines.stores.base import Reading, Stores

BATCH = 20_000  # rows in memory at a time
_FIRST, _LAST = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)

Rows = list[tuple[Any, ...]]


def export(stores: Stores, source: Source, start: str | None = None, end: str | None = None) -> Iterator[bytes]:
    """Every row of a source that holds now, of the days from start to end (ISO, both inclusive) where they are given, by day.

    UTF-8 as RFC 4180 has it, in pieces. Days of instants are those of the reporting time zone.
    Raises WrongUsage for days that are none, or of a source without days.
    """
    period = _period(source, start, end)
    fields = [field for field in source.fields if field.stored]
    rows = _of_lake if source.store == "lake" else _of_warehouse
    return _written(fields, rows(stores.read(), source, fields, period))


def _period(source: Source, start: str | None, end: str | None) -> Period | None:
    if start is None and end is None:
        return None
    if source.day_field is None:
        raise WrongUsage(f"The rows of {source.name} have no days.", "Leave out --start and --end.")
    first = _FIRST if start is None else parse_day(start, "start")
    last = _LAST if end is None else parse_day(end, "end")
    if first > last:
        raise WrongUsage(f"start is {first}, which is after the end, {last}.", "Turn them round.")
    return Period(first, last)


def _written(fields: list[Field], batches: Iterator[Rows]) -> Iterator[bytes]:
    piece = io.StringIO(newline="")
    writer = csv.writer(piece)  # as RFC 4180 has it: commas, double quotes where they are needed, CRLF
    writer.writerow([field.name for field in fields])
    for batch in batches:
        columns = [_column(field, values) for field, values in zip(fields, zip(*batch, strict=True), strict=True)]
        writer.writerows(zip(*columns, strict=True))
        yield piece.getvalue().encode()
        piece.seek(0)
        piece.truncate()
    yield piece.getvalue().encode()


def _column(field: Field, values: Sequence[Any]) -> Sequence[str | None]:
    match field.type:
        case "date":
            return [None if value is None else value.isoformat() for value in values]
        case "instant":
            return [None if value is None else f"{value.isoformat(timespec='milliseconds')}Z" for value in values]
        case "boolean":
            return [None if value is None else str(value).lower() for value in values]
        case kind if kind in NUMBER_TYPES:
            return [
                None if value is None else f"{value:f}" if field.type != "integer" else str(value) for value in values
            ]
        case _:
            return list(defuse(pa.array(values, pa.string())).to_pylist())


def _of_warehouse(reading: Reading, source: Source, fields: list[Field], period: Period | None) -> Iterator[Rows]:
    columns = ", ".join(f'"{field.stored_as}"' for field in fields)
    order = ", ".join(f'"{source.field(name).stored_as}"' for name in source.key)
    days = " where date between :first_day and :last_day" if period else ""
    bounds = {"first_day": period.start, "last_day": period.end} if period else {}
    query = text(f'select {columns} from "{source.table}_as_of"(cast(:version as bigint)){days} order by {order}')
    with reading.stores.warehouse.transaction() as connection:
        streaming = connection.execution_options(stream_results=True, max_row_buffer=BATCH)
        found = streaming.execute(query, {"version": reading.warehouse_version, **bounds})
        for rows in found.partitions(BATCH):
            yield [tuple(row) for row in rows]


def _of_lake(reading: Reading, source: Source, fields: list[Field], period: Period | None) -> Iterator[Rows]:
    bounds: dict[str, Any] = period.bounds(reading.settings.reporting_time_zone) if period else {}
    batches = reading.stores.lake.rows(
        source.table, reading.snapshots, starts_at=bounds.get("starts_at"), ends_at=bounds.get("ends_at")
    )
    names = [field.stored_as for field in fields]
    for batch in batches:
        for start in range(0, batch.num_rows, BATCH):
            part = batch.slice(start, BATCH)
            yield list(zip(*(part[name].to_pylist() for name in names), strict=True))
