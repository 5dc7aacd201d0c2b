"""The lake's tables as Apache Iceberg knows them: their columns, their partitioning, and the catalogue that finds them.

Invariant: a table's columns are declared once, here, in storage order; the first one is the id of a row.
"""

from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table, TableProperties
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import BooleanType, DecimalType, IcebergType, LongType, NestedField, StringType, TimestampType

NAMESPACE = "touchline"

TEXT, COUNT, INSTANT, FLAG, MONEY = StringType(), LongType(), TimestampType(), BooleanType(), DecimalType(18, 4)

_TOUCH = {
    "channel": TEXT,
    "campaign": TEXT,
    "platform": TEXT,
    "account": TEXT,
    "creative": TEXT,
    "post": TEXT,
    "kind": TEXT,
    "milestone": TEXT,
}

TABLES: dict[str, dict[str, IcebergType]] = {
    "mentions": {
        "mention_id": TEXT,
        "occurred_at": INSTANT,
        "dt": TEXT,
        "account": TEXT,
        "platform": TEXT,
        "campaign": TEXT,
        "mentions": COUNT,
        "sentiment": TEXT,
        "author": TEXT,
        "text": TEXT,
        "url": TEXT,
        "post": TEXT,
        "reach": COUNT,
        "engagements": COUNT,
        "upload_id": TEXT,
        "row_number": COUNT,
    },
    "touchpoints": {
        "touchpoint_id": TEXT,
        "occurred_at": INSTANT,
        "dt": TEXT,
        "person": TEXT,
        "source": TEXT,
        "medium": TEXT,
        **_TOUCH,
        "consent": FLAG,
        "upload_id": TEXT,
        "row_number": COUNT,
    },
    "conversions": {
        "conversion_id": TEXT,
        "occurred_at": INSTANT,
        "dt": TEXT,
        "person": TEXT,
        "type": TEXT,
        "revenue": MONEY,
        "currency": TEXT,
        "upload_id": TEXT,
        "row_number": COUNT,
    },
    "journeys": {
        "journey_id": TEXT,
        "converted": FLAG,
        "anchored_at": INSTANT,
        "dt": TEXT,
        "person": TEXT,
        "type": TEXT,
        "revenue": MONEY,
        "currency": TEXT,
        "touchpoint_id": TEXT,
        "touched_at": INSTANT,
        "age_ms": COUNT,
        "older_age_ms": COUNT,
        "position_from_last": COUNT,
        "next_channel": TEXT,
        "channel_set": TEXT,
        **_TOUCH,
        "origin": TEXT,
    },
    "conversion_status": {
        "conversion_id": TEXT,
        "converted_at": INSTANT,
        "dt": TEXT,
        "person": TEXT,
        "type": TEXT,
        "revenue": MONEY,
        "currency": TEXT,
        "nearest_age_ms": COUNT,
        "nearest_consented_age_ms": COUNT,
    },
}
"""Table -> column -> type. All are partitioned by `dt`, the UTC day of the row's instant."""

_ARROW: dict[IcebergType, pa.DataType] = {
    TEXT: pa.string(),
    COUNT: pa.int64(),
    INSTANT: pa.timestamp("us"),
    FLAG: pa.bool_(),
    MONEY: pa.decimal128(18, 4),
}


_PROPERTIES = {TableProperties.COMMIT_NUM_RETRIES: "0"}
"""Iceberg does not rebase a commit on the state that a faster writer left: rows of the same id would be there twice. The lake makes it anew."""


def arrow_schema(table: str) -> pa.Schema:
    """The Arrow schema in which rows of a lake table are handed over."""
    return pa.schema([(name, _ARROW[kind]) for name, kind in TABLES[table].items()])


def open_catalog(database_url: str, warehouse: Path) -> Catalog:
    """The embedded catalogue: its entries in our PostgreSQL, its Parquet files under a folder."""
    warehouse.mkdir(parents=True, exist_ok=True)
    catalog = SqlCatalog("lake", uri=database_url, warehouse=str(warehouse.resolve()), pool_pre_ping="true")
    catalog.create_namespace_if_not_exists(NAMESPACE)
    return catalog


def load_or_create(catalog: Catalog, name: str) -> Table:
    """The Iceberg table of that name: made empty where there is none yet, given the columns that it lacks where it is older than they are."""
    fields = [NestedField(number, column, kind) for number, (column, kind) in enumerate(TABLES[name].items(), start=1)]
    schema = Schema(*fields)
    day = PartitionSpec(PartitionField(schema.find_field("dt").field_id, 1000, IdentityTransform(), "dt"))
    table = catalog.create_table_if_not_exists(
        f"{NAMESPACE}.{name}", schema, partition_spec=day, properties=_PROPERTIES
    )
    lacking = [column for column in TABLES[name] if column not in table.schema().column_names]
    if lacking:
        with table.update_schema() as update:
            for column in lacking:
                update.add_column(column, TABLES[name][column])
    return table
