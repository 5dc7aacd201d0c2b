"""AWS on loopback: moto's S3, Glue and workgroups, and an Athena whose queries an engine runs over the tables that lie there.

    python -m tests.cloud.endpoint --port 5555 [--engine duckdb|trino]

Invariant: what is injected here reaches the clients as AWS would send it; requests signed with `ENGINE_KEY`, as engines do for what they
read themselves, are spared and not counted.
"""

import argparse
import importlib
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.cloud import moto_gaps
from tests.cloud.athena import Athena, Query, QueryFaults, Refused
from tests.cloud.engines import Engine

ENGINES = {"duckdb": "tests.cloud.duckdb_engine", "trino": "tests.cloud.trino_engine"}
"""Name -> the module whose `open_engine(url)` opens it over the S3 and Glue that answer at the URL."""

REGION = "eu-west-1"
ENGINE_KEY = "engine"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass
class Refusal:
    """An operation (`StartQueryExecution`, `GetTable`) that AWS turns down, so many times (None: always)."""

    operation: str
    code: str
    message: str
    times: int | None = None
    status: int = 400


@dataclass
class Faults:
    """What is to go wrong."""

    queries: QueryFaults
    refusals: list[Refusal] = field(default_factory=list)

    def clear(self) -> None:
        """Let everything work again."""
        self.refusals.clear()
        self.queries.delay_seconds = 0
        self.queries.failures.clear()
        self.queries.limit_bytes = None


class Endpoint:
    """The end point, answering from the moment it is made until it is closed. One at a time in a process: moto's state is the process's."""

    def __init__(self, engine: str = "duckdb", port: int = 0) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.calls: Counter[str] = Counter()
        self.signers: Counter[str] = Counter()
        """Key -> how many requests it signed that name no operation, as S3's do (empty: unsigned ones)."""
        moto_gaps.fill()
        moto: Wsgi = DomainDispatcherApplication(create_backend_app)
        self._moto = moto
        self._server = make_server("127.0.0.1", port, self._answer, threaded=True, request_handler=MotoRequestHandler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        requests.post(f"{self.url}/moto-api/reset", timeout=30).raise_for_status()
        self.engine: Engine = importlib.import_module(ENGINES[engine]).open_engine(self.url)
        self._athena = Athena(self.engine)
        self.faults = Faults(self._athena.faults)

    @property
    def queries(self) -> list[Query]:
        """The queries that were started, in order."""
        return list(self._athena.queries.values())

    def close(self) -> None:
        """Stop answering, and end the engine."""
        self.engine.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "Endpoint":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _answer(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split(",")[0].split("/")
        if scope[0] == ENGINE_KEY:
            return self._moto(environ, start)
        if not operation:
            self.signers[scope[0]] += 1
            return self._moto(environ, start)
        self.calls[operation] += 1
        try:
            self._refuse(operation)
            if service != "AmazonAthena" or not self._athena.answers(operation):
                return self._moto(environ, start)
            request = json.loads(Request(environ).get_data() or b"{}")
            return _json(self._athena.answer(operation, request, scope[2]))(environ, start)
        except Refused as error:
            body = {"__type": error.code, "message": error.message, "Message": error.message}
            return _json(body, error.status)(environ, start)

    def _refuse(self, operation: str) -> None:
        for refusal in self.faults.refusals:
            if refusal.operation == operation and refusal.times != 0:
                if refusal.times is not None:
                    refusal.times -= 1
                raise Refused(refusal.code, refusal.message, refusal.status)


def environment(url: str, key: str = "testing") -> dict[str, str]:
    """The variables with which boto3 and its like find the end point."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-lake",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/x-amz-json-1.1")


def main() -> None:
    """Answer until interrupted."""
    parser = argparse.ArgumentParser(description="AWS on loopback: S3, Glue, Athena.")
    parser.add_argument("--port", type=int, default=5555)
    parser.add_argument("--engine", choices=sorted(ENGINES), default="duckdb")
    given = parser.parse_args()
    with Endpoint(given.engine, given.port) as endpoint:
        for name, value in environment(endpoint.url).items():
            print(f"export {name}={value}", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
