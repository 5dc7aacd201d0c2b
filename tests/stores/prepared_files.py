"""Prepared files made by hand, so that storing is tested without reading."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pipelines.ingest.prepared import REFUSED_SCHEMA, Prepared
from pipelines.sources import SOURCES

SPEND = pa.schema(
    [
        ("date", pa.date32()),
        ("channel", pa.string()),
        ("campaign", pa.string()),
        ("amount", pa.decimal128(18, 4)),
        ("currency", pa.string()),
        ("ad_account", pa.string()),
        ("row_number", pa.int64()),
        ("key_hash", pa.binary(32)),
    ]
)


def spend_file(rows: Sequence[tuple[str, str, str, str]], *, refused: int = 0) -> tuple[Prepared, bytes]:
    """A file of (day, channel, campaign, amount in EUR), with its bytes."""
    table = pa.Table.from_pylist(
        [
            {
                "date": date.fromisoformat(day),
                "channel": channel,
                "campaign": campaign,
                "amount": Decimal(amount),
                "currency": "EUR",
                "row_number": number,
                "key_hash": hashlib.sha256(f"{day}|{channel}|{campaign}".casefold().encode()).digest(),
            }
            for number, (day, channel, campaign, amount) in enumerate(rows, start=2)
        ],
        schema=SPEND,
    )
    return _file("spend", {"spend": table}, [date.fromisoformat(day) for day, *_ in rows], refused)


def touchpoint_file(
    touches: Sequence[tuple[str, str, str, str]], conversions: Sequence[tuple[str, str, str]] = ()
) -> tuple[Prepared, bytes]:
    """A file of touchpoints (id, instant, person, channel) that may mark conversions (id, instant, person) of 10 EUR each."""
    instants = {key: datetime.fromisoformat(moment) for key, moment, *_ in (*touches, *conversions)}
    numbers = {key: number for number, (key, *_) in enumerate(touches, start=2)}
    tables = {
        "touchpoints": [
            {
                "touchpoint_id": key,
                "occurred_at": instants[key],
                "dt": instants[key].date().isoformat(),
                "person": person,
                "channel": channel,
                "row_number": numbers[key],
            }
            for key, _, person, channel in touches
        ],
        "conversions": [
            {
                "conversion_id": key,
                "occurred_at": instants[key],
                "dt": instants[key].date().isoformat(),
                "person": person,
                "type": "conversion",
                "revenue": Decimal("10.0000"),
                "currency": "EUR",
                "row_number": number,
            }
            for number, (key, _, person) in enumerate(conversions, start=2)
        ],
    }
    schemas = {
        "touchpoints": _lake_schema("touchpoint_id", person=pa.string(), channel=pa.string()),
        "conversions": _lake_schema(
            "conversion_id",
            person=pa.string(),
            type=pa.string(),
            revenue=pa.decimal128(18, 4),
            currency=pa.string(),
        ),
    }
    arrow = {name: pa.Table.from_pylist(rows, schema=schemas[name]) for name, rows in tables.items()}
    return _file("touchpoints", arrow, [moment.date() for moment in instants.values()], 0)


def _lake_schema(key: str, **columns: pa.DataType) -> pa.Schema:
    fields = {
        key: pa.string(),
        "occurred_at": pa.timestamp("ms"),
        "dt": pa.string(),
        **columns,
        "row_number": pa.int64(),
    }
    return pa.schema(list(fields.items()))


def _file(source: str, tables: Mapping[str, pa.Table], days: list[date], refused: int) -> tuple[Prepared, bytes]:
    content = repr([table.to_pylist() for table in tables.values()]).encode()
    bad: list[dict[str, Any]] = [
        {"row": number, "column": "amount", "value": "a\x00b", "reason": "no number"} for number in range(refused)
    ]
    own = tables[SOURCES[source].table]
    prepared = Prepared(
        source=SOURCES[source],
        file_name=f"{source}.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        encoding="utf-8",
        delimiter=",",
        header_row=1,
        header=tuple(own.column_names),
        mapping={"date": "Day"},
        fixed={},
        rows_read=own.num_rows + refused,
        totals_dropped=0,
        merged=0,
        tables=tables,
        refused=pa.Table.from_pylist(bad, schema=REFUSED_SCHEMA),
        warnings=(),
        notes=(),
        first_day=min(days),
        last_day=max(days),
    )
    return prepared, content
