"""How DuckDB reads the Parquet files of an Iceberg table: by field id, so that renamed and added columns hold.

Invariant: whatever schema a file was written with, its rows come under the column names that the reader asks for.
"""

from collections.abc import Sequence

from pyiceberg.schema import Schema
from pyiceberg.types import IcebergType

from pipelines import statements
from pipelines.stores.catalog import COUNT, FLAG, INSTANT, MONEY, TEXT

_DUCKDB: dict[IcebergType, str] = {
    TEXT: "VARCHAR",
    COUNT: "BIGINT",
    INSTANT: "TIMESTAMP",
    FLAG: "BOOLEAN",
    MONEY: "DECIMAL(18,4)",
}


def reading(schema: Schema, files: Sequence[str]) -> str:
    """SQL that reads files of a table under the column names of one of its schemas."""
    fields = [(field.field_id, field.name, _DUCKDB[field.field_type]) for field in schema.fields]
    if not files:
        columns = ", ".join(f'cast(null as {kind}) as "{column}"' for _, column, kind in fields)
        return f"(select {columns} where false)"
    columns = ", ".join(
        f"{number}: {{name: '{column}', type: '{kind}', default_value: NULL}}" for number, column, kind in fields
    )
    return f"read_parquet([{', '.join(map(statements.quoted, files))}], schema=MAP {{{columns}}})"
