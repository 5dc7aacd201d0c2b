"""Trino's client against a server that answers as told: what goes wrong on the way is said in a sentence and written down as what it was."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pipelines.errors import LakeUnavailable
from pipelines.stores.base import LakeQuery
from pipelines.stores.engine import Asked
from pipelines.stores.engine_trino import TrinoEngine

QUERY = Asked("conversion_types", "select 1", (), ("conversions",))


@dataclass
class Stub:
    """A Trino whose query never ends. statuses: by HTTP method, what is answered instead of it; asked: the methods so far."""

    url: str
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str) -> tuple[int, bytes]:
        """Status and body for a request."""
        self.asked.append(method)
        if method in self.statuses:
            return self.statuses[method], b"no"
        if method == "DELETE":
            return 204, b""
        running = {"id": "q1", "infoUri": self.url, "nextUri": f"{self.url}/next", "stats": {"state": "RUNNING"}}
        return 200, json.dumps(running).encode()


@pytest.fixture
def stub() -> Iterator[Stub]:
    """The server, while a test runs."""
    found = Stub("")

    class Answers(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = found.answer(self.command)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def engine(stub: Stub, deadline_seconds: float = 30) -> TrinoEngine:
    """The client of the stub."""
    url = f"{stub.url.replace('//', '//mia@')}/lake"
    return TrinoEngine(url=url, database="touchline", deadline_seconds=deadline_seconds)


REFUSED = [
    (401, "Trino does not know the user, or the password is another one", "TOUCHLINE_TRINO_URL"),
    (403, "the dashboard is not allowed to read it", "policy"),
    (502, "Trino cannot be reached", "TOUCHLINE_TRINO_URL"),
    (503, "Trino cannot be reached", "TOUCHLINE_TRINO_URL"),
    (504, "Trino cannot be reached", "TOUCHLINE_TRINO_URL"),
]


@pytest.mark.parametrize(("status", "said", "remedy"), REFUSED)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_answer_that_is_none_is_said_and_written_down(
    stub: Stub, method: str, status: int, said: str, remedy: str
) -> None:
    stub.statuses[method] = status
    told: list[LakeQuery] = []
    with pytest.raises(LakeUnavailable) as caught:
        engine(stub).run(QUERY, told.append)
    assert caught.value.message.startswith(f"Conversions cannot be read: {said}")
    assert remedy in caught.value.remedy
    assert [(query.state, query.error) for query in told] == [("failed", caught.value.message)]
    with pytest.raises(LakeUnavailable, match=said):
        engine(stub).command("alter table t execute optimize", told.append)
    assert (told[-1].statement, told[-1].state) == ("alter table t execute optimize", "failed")


@pytest.mark.parametrize("refused", [{}, {"DELETE": 503}])
def test_a_query_is_cancelled_at_its_deadline_also_where_that_is_refused(stub: Stub, refused: dict[str, int]) -> None:
    stub.statuses |= refused
    told: list[LakeQuery] = []
    with pytest.raises(LakeUnavailable, match=r"took more than 0.05 s and was cancelled \(Trino query q1\)"):
        engine(stub, 0.05).run(QUERY, told.append)
    assert "DELETE" in stub.asked
    assert [query.state for query in told] == ["cancelled"]


def test_a_query_whose_asker_goes_away_has_not_succeeded(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    def goes(*_: Any) -> None:
        raise KeyboardInterrupt

    asking = engine(stub)
    monkeypatch.setattr("trino.client.TrinoQuery.fetch", goes)
    told: list[LakeQuery] = []
    with pytest.raises(KeyboardInterrupt):
        asking.run(QUERY, told.append)
    assert [query.state for query in told] == ["failed"]
