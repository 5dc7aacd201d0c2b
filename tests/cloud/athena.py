"""Athena's protocol over an engine: queries are started, watched, stopped and read as at AWS, and an engine runs them.

Invariant: a query that did not succeed has no rows, and one that was stopped stays stopped.
"""

import csv
import io
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.athena.models import athena_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from tests.cloud.engines import Engine, QueryFailed, Result

_PAGE = 1000


class Refused(Exception):
    """A request that AWS turns down, with its error code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Query:
    """One query execution. output: where its rows were written."""

    id: str
    sql: str
    parameters: list[str]
    database: str
    workgroup: str
    output: str
    limit_bytes: int | None
    state: str = "QUEUED"
    reason: str | None = None
    result: Result | None = None
    reused: bool = False
    started_at: float = field(default_factory=time.time)
    ended_at: float | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def same(self) -> tuple[str, tuple[str, ...], str, str]:
        """What a query has to share with this one for its result to be that of this one."""
        return self.sql, tuple(self.parameters), self.database, self.workgroup


@dataclass
class QueryFaults:
    """What happens to the queries to come. delay_seconds: each runs so much later; failures: the reasons for which the next ones fail;
    limit_bytes: the limit of every workgroup, which may be lower than AWS lets one be."""

    delay_seconds: float = 0
    failures: list[str] = field(default_factory=list)
    limit_bytes: int | None = None


class Athena:
    """The queries of one end point. Safe to use from many threads."""

    def __init__(self, engine: Engine) -> None:
        self.queries: dict[str, Query] = {}
        self.faults = QueryFaults()
        self._engine = engine
        self._lock = threading.Lock()
        self._operations: dict[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
            "StartQueryExecution": self._start,
            "GetQueryExecution": self._execution,
            "GetQueryResults": self._results,
            "StopQueryExecution": self._stop,
        }

    def answers(self, operation: str) -> bool:
        """Whether this operation is answered here; moto answers the others."""
        return operation in self._operations

    def answer(self, operation: str, request: Mapping[str, Any], region: str) -> dict[str, Any]:
        """The response to one operation. Raises Refused."""
        return self._operations[operation](request, region)

    def _start(self, request: Mapping[str, Any], region: str) -> dict[str, Any]:
        for literal in request.get("ExecutionParameters", ()):
            if not 1 <= len(literal) <= 1024:
                raise Refused("InvalidRequestException", "An execution parameter holds 1 to 1024 characters")
        workgroup = request.get("WorkGroup") or "primary"
        settings = _workgroup(workgroup, region)
        limit = settings.get("BytesScannedCutoffPerQuery")
        query = Query(
            id=str(uuid.uuid4()),
            sql=request["QueryString"],
            parameters=list(request.get("ExecutionParameters", ())),
            database=request.get("QueryExecutionContext", {}).get("Database", "default"),
            workgroup=workgroup,
            output=_output(request, settings),
            limit_bytes=self.faults.limit_bytes or (int(limit) if limit else None),
        )
        query.output += f"{query.id}.csv"
        reuse = request.get("ResultReuseConfiguration", {}).get("ResultReuseByAgeConfiguration", {})
        earlier = self._earlier(query, reuse.get("MaxAgeInMinutes", 0)) if reuse.get("Enabled") else None
        with self._lock:
            self.queries[query.id] = query
        threading.Thread(target=self._run, args=(query, earlier), daemon=True).start()
        return {"QueryExecutionId": query.id}

    def _earlier(self, query: Query, minutes: int) -> Query | None:
        with self._lock:
            for other in reversed(self.queries.values()):
                young = other.ended_at is not None and other.ended_at > time.time() - 60 * minutes
                if other.same == query.same and other.state == "SUCCEEDED" and young:
                    return other
        return None

    def _run(self, query: Query, earlier: Query | None) -> None:
        query.state = "RUNNING"
        try:
            if query.stopped.wait(self.faults.delay_seconds):
                return
            if self.faults.failures:
                raise QueryFailed(self.faults.failures.pop(0))
            if earlier is not None and earlier.result is not None:
                found = earlier.result
                query.reused = True
            else:
                found = self._engine.run(query.id, query.sql, query.parameters, query.database)
            query.result = found
            if query.limit_bytes is not None and found.scanned_bytes > query.limit_bytes and not query.reused:
                self._end(query, "CANCELLED", "Bytes scanned limit was exceeded")
                return
            _write(query.output, found)
            self._end(query, "SUCCEEDED")
        except QueryFailed as error:
            self._end(query, "FAILED", str(error))
        except Exception as error:
            self._end(query, "FAILED", f"GENERIC_INTERNAL_ERROR: {error}")
            raise

    def _end(self, query: Query, state: str, reason: str | None = None) -> None:
        with self._lock:
            if query.ended_at is None:
                query.state, query.reason, query.ended_at = state, reason, time.time()

    def _found(self, request: Mapping[str, Any]) -> Query:
        with self._lock:
            if request["QueryExecutionId"] in self.queries:
                return self.queries[request["QueryExecutionId"]]
        raise Refused("InvalidRequestException", f"QueryExecution {request['QueryExecutionId']} was not found")

    def _stop(self, request: Mapping[str, Any], region: str) -> dict[str, Any]:
        query = self._found(request)
        self._end(query, "CANCELLED", "Query was cancelled by user")
        query.stopped.set()
        self._engine.cancel(query.id)
        return {}

    def _execution(self, request: Mapping[str, Any], region: str) -> dict[str, Any]:
        query = self._found(request)
        with self._lock:
            status: dict[str, Any] = {"State": query.state, "SubmissionDateTime": query.started_at}
            if query.reason is not None:
                status["StateChangeReason"] = query.reason
            if query.ended_at is not None:
                status["CompletionDateTime"] = query.ended_at
            milliseconds = round(1000 * ((query.ended_at or time.time()) - query.started_at))
            scanned = 0 if query.result is None or query.reused else query.result.scanned_bytes
        return {
            "QueryExecution": {
                "QueryExecutionId": query.id,
                "Query": query.sql,
                "StatementType": "DML",
                "SubstatementType": "SELECT",
                "ExecutionParameters": query.parameters,
                "QueryExecutionContext": {"Database": query.database, "Catalog": "awsdatacatalog"},
                "ResultConfiguration": {"OutputLocation": query.output},
                "WorkGroup": query.workgroup,
                "Status": status,
                "Statistics": {
                    "DataScannedInBytes": scanned,
                    "EngineExecutionTimeInMillis": milliseconds,
                    "TotalExecutionTimeInMillis": milliseconds,
                    "ResultReuseInformation": {"ReusedPreviousResult": query.reused},
                },
            }
        }

    def _results(self, request: Mapping[str, Any], region: str) -> dict[str, Any]:
        query = self._found(request)
        if query.state != "SUCCEEDED" or query.result is None:
            raise Refused(
                "InvalidRequestException", f"Query did not finish successfully. Final query state: {query.state}"
            )
        _content(query.output)  # as at AWS, the rows are those of the file
        every = [query.result.columns, *query.result.rows]
        first, most = int(request.get("NextToken") or 0), int(request.get("MaxResults") or _PAGE)
        rows = [
            {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
            for row in every[first : first + most]
        ]
        columns = [_column(name, kind) for name, kind in zip(query.result.columns, query.result.types, strict=True)]
        found: dict[str, Any] = {
            "UpdateCount": 0,
            "ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": columns}},
        }
        return found | ({"NextToken": str(first + most)} if first + most < len(every) else {})


def _workgroup(name: str, region: str) -> dict[str, Any]:
    found = athena_backends[DEFAULT_ACCOUNT_ID][region].get_work_group(name)
    if found is None:
        raise Refused("InvalidRequestException", f"WorkGroup {name} is not found.")
    return dict(found["Configuration"])


def _output(request: Mapping[str, Any], workgroup: Mapping[str, Any]) -> str:
    """The folder that a query's rows are written to."""
    own = request.get("ResultConfiguration", {}).get("OutputLocation")
    given = workgroup.get("ResultConfiguration", {}).get("OutputLocation")
    place = given if workgroup.get("EnforceWorkGroupConfiguration") and given else own or given
    if not place:
        raise Refused(
            "InvalidRequestException",
            "No output location provided. An output location is required either through the Workgroup result"
            " configuration setting or as an API input.",
        )
    bucket = place.removeprefix("s3://").split("/")[0]
    if bucket not in s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets:
        raise Refused("InvalidRequestException", f"Unable to verify/create output bucket {bucket}")
    return str(place).rstrip("/") + "/"


def _write(place: str, result: Result) -> None:
    """The file of a query's rows: every value in quotes, null as nothing."""
    body = io.StringIO()
    writer = csv.writer(body, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(result.columns)
    for row in result.rows:
        body.write(",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in row) + "\n")
    bucket, key = place.removeprefix("s3://").split("/", 1)
    try:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(bucket, key, body.getvalue().encode())
    except Exception as error:
        raise QueryFailed(f"Unable to write the results to {place}: {error}") from error


def _content(place: str) -> None:
    bucket, key = place.removeprefix("s3://").split("/", 1)
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    if bucket not in backend.buckets or backend.get_object(bucket, key) is None:
        raise Refused("InvalidRequestException", f"Could not find results of the query at {place}")


def _column(name: str, kind: str) -> dict[str, Any]:
    found = re.fullmatch(r"(\w+)\((\d+)(?:,\s*(\d+))?\)(.*)", kind)
    base, precision, scale = (kind, 0, 0) if found is None else (found[1] + found[4], int(found[2]), int(found[3] or 0))
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": base,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": base == "varchar",
    }
