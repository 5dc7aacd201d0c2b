"""How DuckDB reads the files of an Iceberg table.

Invariant: whatever schema a file was written with, its rows come under the column names that the reader asks for. A file that holds exactly
these columns is read as it is, which takes half the time; the others are read by the ids of their fields. A column that holds one and the same
value in all rows of the files, as their statistics tell, is told and not read.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import duckdb
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.types import IcebergType

from pipelines import statements
from pipelines.stores.catalog import COUNT, DERIVED, FLAG, INSTANT, MONEY, NUMBER, TEXT

_DUCKDB: dict[IcebergType, str] = {
    TEXT: "VARCHAR",
    COUNT: "BIGINT",
    NUMBER: "DOUBLE",
    INSTANT: "TIMESTAMP",
    FLAG: "BOOLEAN",
    MONEY: "DECIMAL(18,4)",
}
_KEPT = 20_000
_CUT = 16
"""Bytes to which Iceberg may cut the bounds of a text: a shorter one is whole."""
NOTHING: Mapping[str, str | bool] = MappingProxyType({})

Columns = tuple[tuple[int, str, str], ...]
"""Field id, name and DuckDB's type of each column, in order."""


def reading(schema: Schema, files: Sequence[str]) -> str:
    """SQL that reads files of a table by the ids of their fields, under the column names of one of its schemas."""
    if not files:
        columns = ", ".join(f'cast(null as {kind}) as "{column}"' for _, column, kind in _columns(schema))
        return f"(select {columns} where false)"
    columns = ", ".join(
        f"{number}: {{name: '{column}', type: '{kind}', default_value: NULL}}"
        for number, column, kind in _columns(schema)
    )
    return f"read_parquet({_listed(files)}, schema=MAP {{{columns}}})"


@dataclass(frozen=True)
class Plan:
    """The SQL that reads some files of a table, and what `same_in_all` tells of them."""

    sql: str
    same: Mapping[str, str | bool]


class Files:
    """Knows of the files that it has seen which columns they hold: no file ever changes. Safe to use from many threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._seen: dict[str, Columns] = {}
        self._lock = threading.Lock()

    def plan(self, table: str, schema: Schema, files: Sequence[DataFile]) -> Plan:
        """How to read files of a table under the column names of one of its schemas."""
        paths = [file.file_path.removeprefix("file://") for file in files]
        same = same_in_all(schema, files) if table in DERIVED else NOTHING
        return Plan(self.read(schema, paths, same), same)

    def read(self, schema: Schema, files: Sequence[str], same: Mapping[str, str | bool] = NOTHING) -> str:
        """SQL that reads files of a table under the column names of one of its schemas. same: what `same_in_all` tells of them."""
        if not files or any(columns != _columns(schema) for columns in self._columns(files)):
            return reading(schema, files)
        every = f"read_parquet({_listed(files)}, hive_partitioning = false)"
        if not same:
            return every
        told = ", ".join(
            f'{statements.text(value) if isinstance(value, str) else value} as "{column}"'
            for column, value in same.items()
        )
        return f"(select * replace ({told}) from {every})"

    def _columns(self, files: Sequence[str]) -> list[Columns]:
        with self._lock:
            known = dict(self._seen)
        new = [path for path in files if path not in known]
        if new:
            found = self._look(new)
            known |= found
            with self._lock:
                if len(self._seen) + len(found) > _KEPT:
                    self._seen.clear()
                self._seen |= found
        return [known[path] for path in files]

    def _look(self, files: Sequence[str]) -> dict[str, Columns]:
        found: dict[str, list[tuple[int, str, str]]] = {path: [] for path in files}
        rows = self._connection.cursor().sql(
            f"select file_name, field_id, name, duckdb_type from parquet_schema({_listed(files)}) where column_id > 0"
            " order by file_name, column_id"
        )
        for path, number, column, kind in rows.fetchall():
            found[path].append((number, column, kind))
        return {path: tuple(columns) for path, columns in found.items()}


def largest_first(files: Iterable[DataFile]) -> list[DataFile]:
    """Files by their number of rows. DuckDB takes all to have as many rows as the first, and keeps that side of a join in memory which it thinks
    is the smaller one: a small file in front makes it keep millions of rows."""
    return sorted(files, key=lambda file: file.record_count, reverse=True)


def same_in_all(schema: Schema, files: Sequence[DataFile]) -> dict[str, str | bool]:
    """Column -> the value that it has in every row of these files: of texts and flags, where the files' statistics say so.

    Only of files that DuckDB wrote: where another writer leaves out the bounds of a part of a file, the rest of it speaks for all.
    """
    found: dict[str, str | bool] = {}
    for field in schema.fields:
        bounds = {_only_value(file, field.field_id) for file in files} if field.field_type in (TEXT, FLAG) else {None}
        if len(bounds) == 1 and (value := bounds.pop()) is not None:
            found[field.name] = from_bytes(field.field_type, value)  # type: ignore[arg-type]
    return found


def _only_value(file: DataFile, field: int) -> bytes | None:
    """A column's value in all rows of a file, as its statistics spell it; None where there are several, nulls, or nobody knows."""
    low, high = ((bounds or {}).get(field) for bounds in (file.lower_bounds, file.upper_bounds))
    nulls = (file.null_value_counts or {}).get(field)
    return low if low == high and nulls == 0 and low is not None and len(low) < _CUT else None


def copy_options(table: str, schema: Schema) -> str:
    """How DuckDB's COPY is to write a file of a table, with the ids of its fields."""
    # A query waits longer for the unpacking of journeys than for the disk; rows as they came in are read seldom.
    compression = "snappy" if table in DERIVED else "zstd"
    numbers = ", ".join(f'"{field.name}": {field.field_id}' for field in schema.fields)
    return f"format parquet, compression {compression}, field_ids {{{numbers}}}"


def _columns(schema: Schema) -> Columns:
    return tuple((field.field_id, field.name, _DUCKDB[field.field_type]) for field in schema.fields)


def _listed(files: Sequence[str]) -> str:
    return f"[{', '.join(map(statements.quoted, files))}]"
