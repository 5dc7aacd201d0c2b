"""Amazon Athena, by PyAthena: a query is started, watched, read from its result file, and stopped where it takes too long.

Invariants: a value reaches Athena as a parameter, never in the text; no query of ours runs on after its deadline, or after whoever watches it
fails; what AWS turns down for lack of capacity, and be it that, is tried again for so many seconds in all, and no longer.
"""

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import boto3
import pyarrow as pa
import pyathena
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyarrow import csv
from pyathena.cursor import Cursor
from pyathena.model import AthenaQueryExecution
from pyathena.util import RetryConfig, parse_output_location, retry_api_call, stop_retries_on

from pipelines.errors import LakeUnavailable, WrongUsage
from pipelines.statements import LONGEST_PARAMETER
from pipelines.stores import lake_errors
from pipelines.stores.base import LakeQuery
from pipelines.stores.engine import Asked, arrow_type

SECONDS_OF_RETRIES = 11.0
"""For how long in all the requests of one query, its cancelling among them, are put off by Athena and tried again. With one more try of its
result in S3 (1 s at most) and the look at the catalogue before it (3 s), AWS puts nobody off for more than 15 s."""

_SECONDS_BETWEEN_LOOKS = 0.25
_LEAST_BILLED = 10_000_000
_MEGABYTE, _TERABYTE = 1_000_000, 10**12

_CONNECTIONS = {"connect_timeout": 5, "read_timeout": 15, "max_pool_connections": 32}
_ONCE = Config(**_CONNECTIONS, retries={"total_max_attempts": 1})  # PyAthena tries again
_TWICE = Config(**_CONNECTIONS, retries={"total_max_attempts": 2, "mode": "standard"})
_RETRIES = RetryConfig(attempt=5, multiplier=1, max_delay=4)


class _TooSlow(Exception):
    """A query's time is up."""


class _Patience(threading.Event):
    """Set once the waits between the retries of a query come to as long as we wait in all."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._left = seconds

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a retry, as far as there is time left for it."""
        seconds = self._left if timeout is None else min(timeout, self._left)
        self._left -= seconds
        if super().wait(seconds):
            return True
        if self._left <= 0:
            self.set()
        return self.is_set()


class AthenaEngine:
    """One workgroup of Athena. Credentials, region and end point are boto3's own settings."""

    dialect = "athena"

    def __init__(
        self,
        *,
        database: str,
        workgroup: str,
        results: str,
        deadline_seconds: float,
        reuse_minutes: int,
        dollars_per_terabyte: float,
    ) -> None:
        """results: where rows are written if the workgroup does not say so. Raises LakeUnavailable where boto3 lacks a setting."""
        self._deadline_seconds, self._price = deadline_seconds, dollars_per_terabyte
        try:
            session = boto3.Session()
            self._s3 = session.client("s3", config=_TWICE)
            self._connection = pyathena.connect(
                session=session,
                config=_ONCE,
                region_name=session.region_name,
                schema_name=database,
                work_group=workgroup,
                s3_staging_dir=results,
                poll_interval=_SECONDS_BETWEEN_LOOKS,
                retry_config=_RETRIES,
                result_reuse_enable=reuse_minutes > 0,
                result_reuse_minutes=reuse_minutes,
            )
        except BotoCoreError as error:
            raise lake_errors.unavailable("Athena", (), _words(error)) from error

    def run(self, asked: Asked, ran: Callable[[LakeQuery], None]) -> pa.Table:
        """The rows of a query. Raises LakeUnavailable with the query's id, WrongUsage where a value cannot be bound."""
        literals = [literal(value) for value in asked.values]
        seen: list[AthenaQueryExecution] = []
        deadline = time.monotonic() + self._deadline_seconds

        def look(execution: Any) -> None:
            seen[:] = [execution]
            if execution.state not in AthenaQueryExecution.TERMINAL_STATES and time.monotonic() > deadline:
                raise _TooSlow

        cursor = self._connection.cursor(Cursor, on_poll=look)
        patience = _Patience(SECONDS_OF_RETRIES)
        problem: LakeUnavailable | None = None
        done = False
        try:
            with stop_retries_on(patience):
                cursor.execute(asked.sql, literals or None, paramstyle="qmark")
                rows = self._rows(cursor)
            done = True
            return rows
        except _TooSlow:
            problem = lake_errors.too_slow("Athena", asked.tables, self._deadline_seconds, cursor.query_id)
            raise problem from None
        except (pyathena.Error, BotoCoreError, ClientError, pa.ArrowException) as error:
            problem = lake_errors.unavailable("Athena", asked.tables, _reason(error, seen), cursor.query_id)
            raise problem from error
        finally:
            if cursor.query_id and not _ended(seen):
                self._cancel(cursor.query_id, patience)
            ran(self._told(asked.statement, cursor.query_id, seen, done, problem))

    def command(self, statement: str, ran: Callable[[LakeQuery], None]) -> None:
        """Run a statement that changes how a table is stored, however long it takes. Raises LakeUnavailable with the query's id."""
        seen: list[AthenaQueryExecution] = []

        def look(execution: Any) -> None:
            seen[:] = [execution]

        cursor = self._connection.cursor(Cursor, on_poll=look)
        problem: LakeUnavailable | None = None
        done = False
        try:
            cursor.execute(statement, result_reuse_enable=False)
            done = True
        except (pyathena.Error, BotoCoreError, ClientError) as error:
            cause = error.__cause__ if isinstance(error.__cause__, (BotoCoreError, ClientError)) else error
            problem = lake_errors.unavailable("Athena", (), _words(cause), cursor.query_id)
            raise problem from error
        finally:
            ran(self._told(statement, cursor.query_id, seen, done, problem))

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()
        self._s3.close()

    def _rows(self, cursor: Cursor) -> pa.Table:
        """The rows that a query wrote: all are text, and nothing where null."""
        columns = [(str(column[0]), _kind(column)) for column in cursor.description or []]
        bucket, key = parse_output_location(str(cursor.output_location))
        content = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        text = csv.read_csv(
            pa.BufferReader(content),
            read_options=csv.ReadOptions(column_names=[name for name, _ in columns], skip_rows_after_names=1),
            parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types={name: pa.string() for name, _ in columns},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        return pa.table({name: text[name].cast(arrow_type(kind)) for name, kind in columns})

    def _cancel(self, query_id: str, patience: _Patience) -> None:
        """Stop a query, as often put off as there is patience left for; PyAthena's own cancel has a patience of its own."""
        with suppress(BotoCoreError, ClientError), stop_retries_on(patience):
            retry_api_call(self._connection.client.stop_query_execution, _RETRIES, QueryExecutionId=query_id)

    def _told(
        self,
        statement: str,
        query_id: str | None,
        seen: list[AthenaQueryExecution],
        done: bool,
        problem: LakeUnavailable | None,
    ) -> LakeQuery:
        last = seen[-1] if seen else None
        scanned = int(last.data_scanned_in_bytes or 0) if last else 0
        failed = last is not None and last.state == AthenaQueryExecution.STATE_FAILED
        ended = failed or last is None or last.state == AthenaQueryExecution.STATE_SUCCEEDED
        return LakeQuery(
            engine="Athena",
            query_id=query_id,
            statement=statement,
            state="succeeded" if done else "failed" if ended else "cancelled",
            scanned_bytes=scanned,
            milliseconds=int(last.total_execution_time_in_millis or 0) if last else 0,
            dollars=0.0 if failed else dollars(scanned, self._price),
            reused=bool(last.reused_previous_result) if last else False,
            error=problem.message if problem else None,
        )


def literal(value: Any) -> str:
    """A value as Athena wants a parameter: an SQL literal. Raises WrongUsage for one that is too long, TypeError for one of no SQL type."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return f"{value!r}e0" if "e" not in repr(value) else repr(value)
        case datetime() if value.tzinfo is None:
            return f"'{value.isoformat(' ', 'milliseconds')}'"
        case str():
            text = "'" + value.replace("'", "''") + "'"
            if len(text) > LONGEST_PARAMETER:
                raise WrongUsage(
                    f"'{value[:40]}…' has {len(value):,} characters; Athena takes {LONGEST_PARAMETER:,} in a value.",
                    "Choose a shorter one.",
                )
            return text
    raise TypeError(f"{type(value).__name__} {value!r} cannot be a parameter of Athena")


def dollars(scanned_bytes: int, per_terabyte: float) -> float:
    """What a query costs that scanned so many bytes: whole megabytes, ten of them at least, nothing for none."""
    if not scanned_bytes:
        return 0.0
    billed = max(_LEAST_BILLED, math.ceil(scanned_bytes / _MEGABYTE) * _MEGABYTE)
    return billed / _TERABYTE * per_terabyte


def _kind(column: Any) -> str:
    """The type of a column of a cursor's description, with its numbers."""
    name, precision, scale = str(column[1]), column[4], column[5]
    return f"{name}({precision},{scale})" if name == "decimal" else name


def _ended(seen: list[AthenaQueryExecution]) -> bool:
    return bool(seen) and seen[-1].state in AthenaQueryExecution.TERMINAL_STATES


def _reason(error: Exception, seen: list[AthenaQueryExecution]) -> str:
    """What is said of a failure: by the query's own state, or by the request that AWS turned down."""
    if seen and seen[-1].state in (AthenaQueryExecution.STATE_FAILED, AthenaQueryExecution.STATE_CANCELLED):
        return str(seen[-1].state_change_reason or seen[-1].state)
    return _words(error.__cause__ if isinstance(error.__cause__, (BotoCoreError, ClientError)) else error)


def _words(error: BaseException) -> str:
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else type(error).__name__
    return f"{code}: {error}"
