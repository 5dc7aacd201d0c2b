"""The quick engine behind the local Athena: DuckDB over the files of the Iceberg tables in the local S3 and Glue.

Invariant: it reads what Athena would: of a snapshot its own columns, of the tables the files that the query's bounds on the partitions leave.
Translated is not equivalent: what is Trino's own is proven on the real Trino.
"""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table
from sqlglot import exp

from pipelines.stores import files_duckdb
from tests.cloud.engines import QueryFailed, Result

_SESSION = ("TimeZone = 'UTC'", "integer_division = true")

_ATHENA = {
    "BIGINT": "bigint",
    "HUGEINT": "bigint",  # DuckDB widens a sum of bigint, Trino does not
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "VARCHAR": "varchar",
    "DOUBLE": "double",
    "FLOAT": "float",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp(6)",
    '"NULL"': "varchar",
}

_BOUNDS: dict[type[exp.Expr], Any] = {
    exp.EQ: EqualTo,
    exp.GT: GreaterThan,
    exp.GTE: GreaterThanOrEqual,
    exp.LT: LessThan,
    exp.LTE: LessThanOrEqual,
}


def open_engine(url: str) -> "DuckDBEngine":
    """The engine over the S3 and Glue that answer at a URL."""
    from tests.cloud.endpoint import ENGINE_KEY, REGION

    keys = {"region": REGION, "access-key-id": ENGINE_KEY, "secret-access-key": ENGINE_KEY, "endpoint": url}
    properties = {f"{service}.{name}": value for service in ("glue", "s3") for name, value in keys.items()}
    return DuckDBEngine(GlueCatalog("engine", **properties))


class DuckDBEngine:
    """DuckDB in memory; files are fetched once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._folder = tempfile.TemporaryDirectory(prefix="lake-files-")
        self._connection = duckdb.connect()
        for setting in _SESSION:
            self._connection.execute(f"SET GLOBAL {setting}")
        self._running: dict[str, duckdb.DuckDBPyConnection] = {}
        self._lock = threading.Lock()

    def run(self, query_id: str, sql: str, parameters: Sequence[str], database: str) -> Result:
        """The result of a query in Athena's dialect. Raises QueryFailed with a message like Athena's."""
        try:
            tree = sqlglot.parse_one(_filled(sql, parameters), read="athena")
        except sqlglot.errors.SqlglotError as error:
            raise QueryFailed(f"SYNTAX_ERROR: {error}") from error
        if not isinstance(tree, exp.Query):
            raise QueryFailed("NOT_SUPPORTED: this engine runs queries only")
        scanned = sum([self._read(read, tree, database) for read in _tables(tree)])
        cursor = self._connection.cursor()
        with self._lock:
            self._running[query_id] = cursor
        try:
            found = cursor.sql(tree.sql(dialect="duckdb"))
            types = tuple(map(_athena, found.types))
            rows = [tuple(map(_text, row, types)) for row in found.fetchall()]
        except duckdb.InterruptException as error:
            raise QueryFailed("Query was cancelled by user") from error
        except duckdb.Error as error:
            raise QueryFailed(_told(error)) from error
        finally:
            with self._lock:
                del self._running[query_id]
        return Result(tuple(found.columns), types, rows, scanned)

    def cancel(self, query_id: str) -> None:
        """Interrupt a query that runs."""
        with self._lock:
            if query_id in self._running:
                self._running[query_id].interrupt()

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()
        self._folder.cleanup()

    def _read(self, read: exp.Table, tree: exp.Expr, database: str) -> int:
        """Put the files of one table in its place; how many bytes of them the query reads."""
        namespace = (read.db or database).lower()
        try:
            table = self._catalog.load_table(f"{namespace}.{read.name.lower()}")
            snapshot, schema = _version(table, read)
            wanted = _wanted(read, schema)
            tasks = [] if snapshot is None else list(table.scan(row_filter=wanted, snapshot_id=snapshot).plan_files())
            files = [self._fetched(table, task) for task in tasks]
        except NoSuchTableError:
            where = f"awsdatacatalog.{namespace}.{read.name}"
            raise QueryFailed(f"TABLE_NOT_FOUND: line 1:1: Table '{where}' does not exist") from None
        except OSError as error:
            raise QueryFailed(f"ICEBERG_INVALID_METADATA: Error accessing {namespace}.{read.name}: {error}") from error
        alias = read.alias_or_name
        read.replace(
            sqlglot.parse_one(f'select * from {files_duckdb.reading(schema, files)} as "{alias}"', read="duckdb")
            .find(exp.From)
            .this  # type: ignore[union-attr]
        )
        return sum(_bytes(task, schema, tree) for task in tasks)

    def _fetched(self, table: Table, task: FileScanTask) -> str:
        """The file of a task, on this machine."""
        if task.delete_files:
            raise QueryFailed("NOT_SUPPORTED: rows that were deleted by position or value")
        place = Path(self._folder.name) / task.file.file_path.removeprefix("s3://")
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            content = table.io.new_input(task.file.file_path).open().read()
            half = place.with_suffix(f".{threading.get_ident()}")
            half.write_bytes(content)
            half.replace(place)
        return str(place)


def _filled(sql: str, parameters: Sequence[str]) -> str:
    """A query with the literals in the place of its question marks."""
    marks = [
        token.start for token in sqlglot.tokenize(sql, read="athena") if token.text == "?" and sql[token.start] == "?"
    ]
    if len(marks) != len(parameters):
        raise QueryFailed(
            f"INVALID_PARAMETER_USAGE: Incorrect number of parameters: expected {len(marks)} but found {len(parameters)}"
        )
    parts, at = [], 0
    for mark, literal in zip(marks, parameters, strict=True):
        parts += [sql[at:mark], literal]
        at = mark + 1
    return "".join([*parts, sql[at:]])


def _tables(tree: exp.Expr) -> list[exp.Table]:
    """The lake tables that a query reads."""
    inner = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    return [table for table in tree.find_all(exp.Table) if table.name and (table.db or table.name not in inner)]


def _version(table: Table, read: exp.Table) -> tuple[int | None, Schema]:
    """The snapshot that is asked for and the columns it has: as in Trino those of its own time, where it is named."""
    version = read.args.get("version")
    if version is None:
        return table.metadata.current_snapshot_id, table.schema()
    number = int(version.expression.name)
    snapshot = table.snapshot_by_id(number)
    if snapshot is None:
        raise QueryFailed(f"INVALID_ARGUMENTS: Iceberg snapshot ID does not exists: {number}")
    schemas = table.schemas()
    return number, table.schema() if snapshot.schema_id is None else schemas[snapshot.schema_id]


def _wanted(read: exp.Table, schema: Schema) -> BooleanExpression:
    """What a query's own conditions leave of a table's partitions."""
    wanted: BooleanExpression = AlwaysTrue()
    select = read.find_ancestor(exp.Select)
    alone = select is not None and not select.args.get("joins")
    where = select.args.get("where") if select is not None and alone else None
    for condition in _conjuncts(where.this) if where is not None else ():
        for bound in _bounds(condition):
            wanted = And(wanted, bound)
    return wanted


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        yield from _conjuncts(inner.left)
        yield from _conjuncts(inner.right)
    else:
        yield inner


def _bounds(condition: exp.Expr) -> Iterator[BooleanExpression]:
    """Bounds on `dt`, and `converted or false`."""
    if isinstance(condition, exp.Between) and _is_column(condition.this, "dt"):
        low, high = _constant(condition.args["low"]), _constant(condition.args["high"])
        if low is not None and high is not None:
            yield And(GreaterThanOrEqual("dt", low), LessThanOrEqual("dt", high))  # type: ignore[call-arg, arg-type]
    elif type(condition) in _BOUNDS and _is_column(condition.this, "dt"):
        value = _constant(condition.expression)
        if value is not None:
            yield _BOUNDS[type(condition)]("dt", value)
    elif isinstance(condition, exp.Or) and _is_column(condition.left, "converted"):
        said = condition.right.unnest()
        said = said.this if isinstance(said, exp.Cast) else said
        if isinstance(said, exp.Boolean) and not said.this:
            yield EqualTo("converted", True)  # type: ignore[call-arg, arg-type]


def _is_column(expression: exp.Expr, name: str) -> bool:
    return isinstance(expression, exp.Column) and expression.name == name


def _constant(expression: exp.Expr) -> str | None:
    inner = expression.this if isinstance(expression, exp.Cast) else expression
    return inner.name if isinstance(inner, exp.Literal) and inner.is_string else None


def _bytes(task: FileScanTask, schema: Schema, tree: exp.Expr) -> int:
    """How many bytes of a file hold the columns that a query names."""
    sizes = task.file.column_sizes or {}
    named = {column.name for column in tree.find_all(exp.Column)}
    if not sizes:
        return int(task.file.file_size_in_bytes)
    return sum(sizes.get(field.field_id, 0) for field in schema.fields if field.name in named)


def _athena(kind: Any) -> str:
    name = str(kind)
    return name.lower() if name.startswith("DECIMAL") else _ATHENA.get(name, "varchar")


def _text(value: Any, kind: str) -> str | None:
    """A value as Athena writes it."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S.%f")
        case date():
            return value.isoformat()
        case list():
            return "[" + ", ".join("null" if item is None else str(_text(item, "")) for item in value) + "]"
    return str(value)


def _told(error: duckdb.Error) -> str:
    """DuckDB's error under the name that Trino has for it."""
    message = str(error).splitlines()[0]
    if isinstance(error, duckdb.BinderException) and "Referenced column" in message:
        column = message.split('"')[1]
        return f"COLUMN_NOT_FOUND: line 1:8: Column '{column}' cannot be resolved"
    if isinstance(error, (duckdb.BinderException, duckdb.ConversionException)):
        return f"TYPE_MISMATCH: {message}"
    return f"GENERIC_INTERNAL_ERROR: {message}"
