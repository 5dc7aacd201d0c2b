"""Trino, by its own client: for those who run it themselves over the same tables, and the proof that our SQL is what Athena's engine runs.

Invariants: a value reaches Trino as the operand of EXECUTE IMMEDIATE, which the client writes; a query is cancelled at its deadline.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import requests
import trino
from trino.auth import BasicAuthentication

from pipelines.errors import LakeUnavailable
from pipelines.stores import lake_errors
from pipelines.stores.base import LakeQuery, State
from pipelines.stores.engine import Asked, arrow_type

_SECONDS_FOR_A_REQUEST = 15

_FAULTS = (trino.exceptions.Error, trino.exceptions.HttpError, requests.RequestException)
"""What the client raises: an answer that is no answer of Trino's is an HttpError, which is none of its Errors."""


class _TooSlow(Exception):
    """A query's time is up."""


class TrinoEngine:
    """One catalogue of a Trino."""

    dialect = "trino"

    def __init__(self, *, url: str, database: str, deadline_seconds: float) -> None:
        """url: http(s)://user[:password]@host:port/catalog, as the settings have checked it."""
        self._deadline_seconds = deadline_seconds
        place = urlsplit(url)
        user = unquote(place.username or "touchline")
        password = BasicAuthentication(user, unquote(place.password)) if place.password else None
        self._connection = trino.dbapi.connect(
            host=place.hostname,
            port=place.port or (443 if place.scheme == "https" else 8080),
            http_scheme=place.scheme,
            user=user,
            auth=password,
            catalog=place.path.strip("/"),
            schema=database,
            source="touchline",
            timezone="UTC",
            request_timeout=_SECONDS_FOR_A_REQUEST,
            max_attempts=3,
            legacy_prepared_statements=False,
        )

    def run(self, asked: Asked, ran: Callable[[LakeQuery], None]) -> pa.Table:
        """The rows of a query. Raises LakeUnavailable with the query's id."""
        deadline = time.monotonic() + self._deadline_seconds

        def look(stats: Any) -> None:
            """Called with every answer of Trino, which comes once a second at least."""
            if stats.get("state") != "FINISHED" and time.monotonic() > deadline:
                raise _TooSlow

        cursor = self._connection.cursor(stats_callback=look)
        problem: LakeUnavailable | None = None
        state: State = "failed"
        try:
            rows = cursor.execute(asked.sql, list(asked.values)).fetchall()
            answer = _table(cursor.description or [], rows)
            state = "succeeded"
            return answer
        except _TooSlow:
            state = "cancelled"
            with suppress(*_FAULTS):
                cursor.cancel()
            problem = lake_errors.too_slow("Trino", asked.tables, self._deadline_seconds, cursor.query_id)
            raise problem from None
        except (*_FAULTS, pa.ArrowException) as error:
            problem = lake_errors.unavailable("Trino", asked.tables, _words(error), _query_id(error) or cursor.query_id)
            raise problem from error
        finally:
            ran(_told(asked.statement, cursor, state, problem))

    def command(self, statement: str, ran: Callable[[LakeQuery], None]) -> None:
        """Run a statement that changes how a table is stored, however long it takes. Raises LakeUnavailable with the query's id."""
        cursor = self._connection.cursor()
        problem: LakeUnavailable | None = None
        state: State = "failed"
        try:
            cursor.execute(statement).fetchall()
            state = "succeeded"
        except _FAULTS as error:
            problem = lake_errors.unavailable("Trino", (), _words(error), _query_id(error) or cursor.query_id)
            raise problem from error
        finally:
            ran(_told(statement, cursor, state, problem))

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _table(columns: Any, rows: list[Any]) -> pa.Table:
    """Rows of Python values as Trino's types."""
    kinds = [(str(column[0]), arrow_type(str(column[1]))) for column in columns]
    arrays = [pa.array([row[place] for row in rows], kind) for place, (_, kind) in enumerate(kinds)]
    return pa.Table.from_arrays(arrays, names=[name for name, _ in kinds])


def _told(statement: str, cursor: Any, state: State, problem: LakeUnavailable | None) -> LakeQuery:
    stats = cursor.stats or {}
    return LakeQuery(
        engine="Trino",
        query_id=cursor.query_id,
        statement=statement,
        state=state,
        scanned_bytes=int(stats.get("physicalInputBytes") or 0),
        milliseconds=int(stats.get("elapsedTimeMillis") or 0),
        error=problem.message if problem else None,
    )


def _query_id(error: Exception) -> str | None:
    return error.query_id if isinstance(error, trino.exceptions.TrinoQueryError) else None


def _words(error: Exception) -> str:
    if isinstance(error, trino.exceptions.TrinoQueryError):
        return f"{error.error_name}: {error.message}"
    return f"{type(error).__name__}: {error}"
