"""The lake's tables as Apache Iceberg knows them: their columns, their partitioning, and the catalogue that finds them.

Invariant: a table's columns are declared once, here, in storage order; the first one is the id of a row.
"""

from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table, TableProperties
from pyiceberg.transforms import IdentityTransform, Transform, TruncateTransform
from pyiceberg.types import (
    BooleanType,
    DecimalType,
    DoubleType,
    IcebergType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
)

from pipelines.slots import AGED, TRANSITIONS, USUAL_WINDOWS, total_columns

NAMESPACE = "touchline"
"""The namespace of the embedded catalogue; in the cloud it is the Glue database."""

TEXT, COUNT, NUMBER, INSTANT, FLAG = StringType(), LongType(), DoubleType(), TimestampType(), BooleanType()
MONEY = DecimalType(18, 4)

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
        "journey_number": COUNT,
        "converted": FLAG,
        "anchored_at": INSTANT,
        "dt": TEXT,
        "person": TEXT,
        "bucket": COUNT,
        "type": TEXT,
        "revenue": MONEY,
        "refund": FLAG,
        "currency": TEXT,
        "restart_age_ms": COUNT,
        "person_conversion": COUNT,
        "touchpoint_id": TEXT,
        "touched_at": INSTANT,
        "age_ms": COUNT,
        "older_age_ms": COUNT,
        "last_age_ms": COUNT,
        "position_from_last": COUNT,
        "next_channel": TEXT,
        "channel_set": TEXT,
        **dict.fromkeys(USUAL_WINDOWS.values(), COUNT),
        **_TOUCH,
        "origin": TEXT,
        **{f"gap_{place}_ms": COUNT for place in AGED},
        "last_channel": TEXT,
        "last_origin": TEXT,
        "marked": COUNT,
        **dict.fromkeys(total_columns(), NUMBER),
        **dict.fromkeys(TRANSITIONS.values(), TEXT),
    },
    "conversion_status": {
        "conversion_id": TEXT,
        "converted_at": INSTANT,
        "dt": TEXT,
        "person": TEXT,
        "bucket": COUNT,
        "type": TEXT,
        "revenue": MONEY,
        "currency": TEXT,
        "person_conversion": COUNT,
        "nearest_age_ms": COUNT,
        "nearest_consented_age_ms": COUNT,
    },
}
"""Table -> column -> type. `dt` is the UTC day of the row's instant."""

DERIVED = ("journeys", "conversion_status")
"""Tables that are built from the others."""

TEN_DAYS = len("2026-01-1")
"""Of a day's text, what it shares with the days around it."""

_ARROW: dict[IcebergType, pa.DataType] = {
    TEXT: pa.string(),
    COUNT: pa.int64(),
    NUMBER: pa.float64(),
    INSTANT: pa.timestamp("us"),
    FLAG: pa.bool_(),
    MONEY: pa.decimal128(18, 4),
}


DDL = "touchline.ddl"
"""Table property: the number of the last file of sql/lake/ddl that the table has been through."""

EVOLUTION = 5
"""The last of the files of sql/lake/ddl, which say in Athena's words what is declared here; a test holds them against it."""

PROPERTIES = {TableProperties.COMMIT_NUM_RETRIES: "0", DDL: str(EVOLUTION)}
"""Iceberg does not rebase a commit on the state that a faster writer left: rows of the same id would be there twice. The lake makes it anew."""


def arrow_schema(table: str) -> pa.Schema:
    """The Arrow schema in which rows of a lake table are handed over."""
    return pa.schema([(name, _ARROW[kind]) for name, kind in TABLES[table].items()])


def open_glue_catalog(lake_url: str) -> Catalog:
    """The catalogue in the cloud: AWS Glue, its files in S3. Credentials, region and end points are boto3's own settings."""
    import boto3  # a second to import, for those whose lake is in the cloud
    from botocore.config import Config
    from pyiceberg.catalog.glue import GlueCatalog
    from pyiceberg.io import PY_IO_IMPL

    from pipelines.stores.signed_files import CREDENTIALS, SignedFiles

    session = boto3.Session()
    # Arrow's own S3 client does not look for an end point: it is told the one that boto3 would use.
    place: dict[str, Any] = {
        "s3.endpoint": session.client("s3").meta.endpoint_url,
        "s3.region": session.region_name or "",
    }
    place |= {"s3.connect-timeout": "5", "s3.request-timeout": "15"}
    place |= {PY_IO_IMPL: f"{SignedFiles.__module__}.{SignedFiles.__name__}", CREDENTIALS: session.get_credentials()}
    # Waits of 3 s at most: what is asked of Athena afterwards is put off for so much less (engine_athena.py).
    patience = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 3, "mode": "standard"})
    return GlueCatalog("lake", client=session.client("glue", config=patience), warehouse=f"{lake_url}/curated", **place)


def partitions(table: str) -> dict[str, tuple[str, Transform[Any, Any]]]:
    """Partition field -> the column and the transform it is made by.

    Rows as they came in lie by day. Derived ones lie by up to ten days (the first nine characters of the day), and journeys that converted
    apart from the others: every file that a query opens costs as much as ten thousand rows, and a build rewrites few of them.
    """
    if table not in DERIVED:
        return {"dt": ("dt", IdentityTransform())}
    fields: dict[str, tuple[str, Transform[Any, Any]]] = {"ten_days": ("dt", TruncateTransform(TEN_DAYS))}
    return fields | ({"converted": ("converted", IdentityTransform())} if "converted" in TABLES[table] else {})


def load_or_create(catalog: Catalog, name: str, namespace: str = NAMESPACE) -> Table:
    """The Iceberg table of that name: made empty where there is none yet; where it is older than its declaration, given the columns and the
    partitions that this has, and, as a derived table, no others. One that a newer version of ours has evolved further is left as it is."""
    fields = [NestedField(number, column, kind) for number, (column, kind) in enumerate(TABLES[name].items(), start=1)]
    schema = Schema(*fields)
    spec = PartitionSpec(
        *(
            PartitionField(schema.find_field(column).field_id, 1000 + number, transform, field)
            for number, (field, (column, transform)) in enumerate(partitions(name).items())
        )
    )
    table = catalog.create_table_if_not_exists(
        f"{namespace}.{name}", schema, partition_spec=spec, properties=PROPERTIES
    )
    if int(table.properties.get(DDL, 0)) > EVOLUTION:
        return table
    stored = [field.name for field in table.schema().fields]
    lacking = [column for column in TABLES[name] if column not in stored]
    left_over = [column for column in stored if name in DERIVED and column not in TABLES[name]]
    present = {field.name for field in table.spec().fields}
    if (
        not lacking
        and not left_over
        and present == set(partitions(name))
        and table.properties.get(DDL) == str(EVOLUTION)
    ):
        return table
    with table.transaction() as transaction:
        with transaction.update_schema() as update:
            for column in left_over:
                update.delete_column(column)
            for column in lacking:
                update.add_column(column, TABLES[name][column])
        with transaction.update_spec() as update_spec:
            for field in present - set(partitions(name)):
                update_spec.remove_field(field)
            for field, (column, transform) in partitions(name).items():
                if field not in present:
                    update_spec.add_field(column, transform, field)
        transaction.set_properties({DDL: str(EVOLUTION)})
    return table
