"""Athena's engine in Athena's place: queries are run by a Trino, and answered in the texts that Athena writes into its result files.

Invariant: a query goes to Trino as Athena hands it on, its parameters as the literals of an EXECUTE IMMEDIATE; nothing is translated.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import requests
import trino
from trino.exceptions import Error, TrinoQueryError

from tests.cloud.endpoint import ENGINE_KEY, REGION
from tests.cloud.engines import QueryFailed, Result
from tests.cloud.trino_server import CATALOG, trino_over


def open_engine(url: str) -> "TrinoEngine":
    """The engine over the S3 and Glue that answer at a URL, on a Trino of its own that ends with it."""
    with ExitStack() as stack:
        port = stack.enter_context(trino_over(url, ENGINE_KEY, REGION))
        return TrinoEngine(port, stack.pop_all().close)


class _Cancelled(Exception):
    """Somebody wants the query to end."""


class TrinoEngine:
    """The engine on a Trino at a port of this machine."""

    def __init__(self, port: int, on_close: Callable[[], None]) -> None:
        self.port = port
        self._on_close = on_close
        self._cancelled: dict[str, threading.Event] = {}

    def run(self, query_id: str, sql: str, parameters: Sequence[str], database: str) -> Result:
        """The result of a query. parameters: SQL literals in the order of the text's `?`. Raises QueryFailed."""
        cancelled = self._cancelled.setdefault(query_id, threading.Event())

        def look(_: object) -> None:
            """Trino is asked how far it is once a second at least."""
            if cancelled.is_set():
                raise _Cancelled

        connection = trino.dbapi.connect(
            host="127.0.0.1",
            port=self.port,
            user="athena",
            catalog=CATALOG,
            schema=database,
            timezone="UTC",
            legacy_primitive_types=True,
        )
        cursor = connection.cursor(stats_callback=look)
        try:
            rows = cursor.execute(_with_literals(sql, parameters)).fetchall()
        except _Cancelled:
            cursor.cancel()
            raise QueryFailed("Query cancelled by user") from None
        except (Error, requests.RequestException) as error:
            raise QueryFailed(_words(error)) from error
        finally:
            self._cancelled.pop(query_id, None)
            connection.close()
        columns = cursor.description or []
        writers = [_writer(column.type_code) for column in columns]
        return Result(
            tuple(column.name for column in columns),
            tuple(_athena_type(column.type_code) for column in columns),
            [
                tuple(None if value is None else write(value) for write, value in zip(writers, row, strict=True))
                for row in rows
            ],
            int(cursor.stats["physicalInputBytes"]),
        )

    def cancel(self, query_id: str) -> None:
        """End a query that runs: its `run` raises QueryFailed."""
        self._cancelled.setdefault(query_id, threading.Event()).set()

    def close(self) -> None:
        """End the server."""
        self._on_close()


def _with_literals(sql: str, parameters: Sequence[str]) -> str:
    """A query with its parameters, as Athena hands it to its engine."""
    if not parameters:
        return sql
    quoted = sql.replace("'", "''")
    return f"EXECUTE IMMEDIATE '{quoted}' USING {', '.join(parameters)}"


def _words(error: Exception) -> str:
    return f"{error.error_name}: {error.message}" if isinstance(error, TrinoQueryError) else str(error)


def _athena_type(of_trino: str) -> str:
    """Athena calls Trino's types by Trino's names, but for one."""
    return "float" if of_trino == "real" else of_trino


def _writer(of_trino: str) -> Callable[[Any], str]:
    """How Athena writes the values of a type."""
    base = of_trino.split("(")[0]
    if base == "boolean":
        return lambda value: str(value).lower()
    if base in ("double", "real"):
        return lambda value: _number(float(value))
    if base == "array":
        return lambda values: "[" + ", ".join(_within(value) for value in values) + "]"
    return str


def _within(value: Any) -> str:
    """A value inside of a list, in which types are not looked at."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: float) -> str:
    """A number as Java writes it: with an exponent below a thousandth and from ten millions on."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return str(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, rest = str(digits[0]), "".join(map(str, digits[1:]))
    return f"{'-' * sign}{first}.{rest or '0'}E{int(exponent) + len(digits) - 1}"
