"""The verbs of a daily run: each says what it did, can be run again, and stops what must not go on."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipelines import journeys
from pipelines.settings import load_settings
from pipelines.stores import open_stores
from tests.arrivals import CONVERSIONS, Rows, days_before, leave, rows_of
from tests.unit.conftest import Run

DAY, ARRIVED = date(2026, 6, 29), date(2026, 6, 30)
SOURCES = ("mentions", "touchpoints", "conversions")
SECRET = "T0/B0/a-secret"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of `run`, in whose inbox a month of history has arrived."""
    home = tmp_path / "home"
    leave(home, DAY, rows_of(days_before(DAY, 28)))
    return home


def arrive(home: Path, run: Run, rows: Rows) -> None:
    """The history and the rows of the day, curated."""
    leave(home, ARRIVED, rows)
    for source in SOURCES:
        assert run("curate", source)[0] == 0


def version() -> str:
    """The data version of the environment's stores."""
    stores = open_stores(load_settings())
    try:
        return stores.data_version()
    finally:
        stores.close()


def test_what_arrived_is_stored_once(home: Path, run: Run) -> None:
    leave(home, ARRIVED, rows_of([DAY]))
    assert run("curate", "conversions", "--start", "2026-06-30", "--dry-run")[1].startswith(
        "2026-06-30/conversions.csv"
    )
    status, said, _ = run("curate", "conversions", "--start", "2026-06-30", "--end", "2026-06-30")
    assert (status, said.splitlines()) == (
        0,
        ["2026-06-30/conversions.csv: stored; rows: 12 accepted, 0 refused, 12 new, 0 replaced, 0 unchanged."],
    )
    before = version()
    assert run("curate", "conversions", "--start", "2026-06-30")[:2] == (
        0,
        "2026-06-30/conversions.csv: stored before; nothing changed.\n",
    )
    assert version() == before


def test_a_refused_file_is_named_and_stops_no_other(home: Path, run: Run) -> None:
    folder = home / "inbox" / "mentions" / "2026-06-29"
    (folder / "broken.csv").write_bytes(b"\x00\x01 no table at all")
    (folder / "_SUCCESS").write_text("")
    (folder / ".mentions.csv.part").write_text("time,acc")
    status, said, reason = run("curate", "mentions")
    assert status == 1
    assert "2026-06-29/broken.csv: refused." in said
    assert "2026-06-29/mentions.csv: stored;" in said
    assert len(said.splitlines()) == 2
    assert "2026-06-29/broken.csv (1 of 2 files of mentions)" in reason


def test_a_file_that_arrives_after_the_days_run_is_stored_by_the_next(home: Path, run: Run) -> None:
    """A daily run says its day as the last one, as the DAG does."""
    assert run("curate", "conversions", "--end", "2026-06-29")[0] == 0
    late = home / "inbox" / "conversions" / "2026-06-29" / "late.csv"
    late.write_text("time,person,type,revenue,currency,id\n2026-06-29T10:00:00Z,p1,purchase,7.50,EUR,late\n")
    leave(home, ARRIVED, {"conversions": rows_of([DAY])["conversions"]})
    status, said, _ = run("curate", "conversions", "--end", "2026-06-30")
    assert status == 0
    assert "2026-06-29/conversions.csv: stored before; nothing changed." in said
    assert "2026-06-29/late.csv: stored; rows: 1 accepted, 0 refused, 1 new" in said
    assert ",7.5000," in run("export", "conversions")[1]


def test_a_refused_file_fails_the_runs_of_two_days_and_is_named_by_all(home: Path, run: Run) -> None:
    (home / "inbox" / "mentions" / "2026-06-29" / "broken.csv").write_bytes(b"\x00\x01 no table at all")
    for day, status in (("2026-06-29", 1), ("2026-06-30", 1), ("2026-07-01", 0)):
        ended, said, _ = run("curate", "mentions", "--end", day)
        assert (ended, "2026-06-29/broken.csv: refused." in said) == (status, True)
    assert run("curate", "mentions", "--start", "2026-06-01", "--end", "2026-07-31")[0] == 1
    assert run("curate", "mentions")[0] == 1


def test_nothing_arrived(run: Run) -> None:
    status, said, reason = run("curate", "mentions", "--start", "2026-06-30", "--end", "2026-06-30")
    assert (status, said) == (1, "")
    assert "No file of mentions arrived from 2026-06-30 to 2026-06-30" in reason
    assert run("curate", "spend")[0] == 2
    assert run("curate", "mentions", "--start", "2026-06-30", "--end", "2026-06-01")[0] == 2


def test_what_was_corrected_or_taken_back_stays_so(home: Path, run: Run) -> None:
    """Days that are curated again bring no older state back."""
    first = rows_of([DAY])["conversions"]
    later = [line.replace(",20.50,", ",99.50,") for line in first]
    leave(home, DAY, {"conversions": first})
    leave(home, ARRIVED, {"conversions": later})
    run("curate", "conversions")
    assert ",99.5000," in run("export", "conversions")[1]
    [newest, _] = json.loads(run("uploads", "--format", "json")[1])["rows"]
    assert newest["rows_replaced"] == 1
    assert run("curate", "conversions", "--end", "2026-06-29")[1].endswith("stored before; nothing changed.\n")
    assert ",99.5000," in run("export", "conversions")[1]
    run("undo", newest["upload_id"])
    before = version()
    status, said, _ = run("curate", "conversions")
    assert status == 0
    assert f"2026-06-30/conversions.csv: left out, mia took it back (upload {newest['upload_id']})." in said
    assert version() == before


def test_a_whole_day_passes_the_gate(home: Path, run: Run) -> None:
    arrive(home, run, rows_of([DAY]))
    status, said, _ = run("gate", "--day", "2026-06-29")
    assert status == 0
    assert {line.split()[0] for line in said.splitlines()} == {"passed"}
    assert f"= {CONVERSIONS:.1f}, {CONVERSIONS} came in" in said
    assert run("gate", "--day", "2026-06-30")[0] == 1, "a day of which nothing came in"


@pytest.mark.parametrize(
    "rows", [rows_of([DAY], more=5), {**rows_of([DAY]), "touchpoints": rows_of([DAY])["touchpoints"][:5]}]
)
def test_absurdly_many_or_few_rows_do_not(rows: Rows, home: Path, run: Run) -> None:
    arrive(home, run, rows)
    status, said, reason = run("gate", "--day", "2026-06-29")
    assert status == 1
    failed = [line for line in said.splitlines() if line.startswith("failed")]
    assert failed
    assert all("are as many as usual" in line for line in failed)
    assert "touchpoints are as many as usual" in reason


def test_people_who_are_lost_do_not(home: Path, run: Run) -> None:
    rows = rows_of([DAY])
    rows["touchpoints"] = [
        ",".join([time, "", *rest]) for time, _, *rest in (line.split(",") for line in rows["touchpoints"][1:])
    ]
    rows["touchpoints"].insert(0, rows_of([])["touchpoints"][0])
    arrive(home, run, rows)
    status, _, reason = run("gate", "--day", "2026-06-29")
    assert status == 1
    assert "touchpoints name their people (60 of 60 rows do not" in reason


def test_conversions_that_no_journey_knows_do_not(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(home, run, rows_of([DAY]))
    leave(home, ARRIVED, {"conversions": rows_of([DAY], more=2)["conversions"]})
    with monkeypatch.context() as patched:
        patched.setattr(journeys, "build", lambda *_, **__: None)
        run("curate", "conversions")
        assert (
            "open    credit + unattributed = conversions: the journeys are not built yet"
            in run("gate", "--day", "2026-06-29")[1]
        )
        patched.setattr(journeys, "up_to_date", lambda _: True)
        status, _, reason = run("gate", "--day", "2026-06-29")
    assert status == 1
    assert "= 12.0, 24 came in" in reason


def test_refresh_answers_ahead(home: Path, run: Run) -> None:
    arrive(home, run, rows_of([DAY]))
    assert ", 0 of them renewed" not in run("refresh")[1]
    assert ", 0 of them renewed" in run("refresh")[1]


class _Chat(BaseHTTPRequestHandler):
    """A chat that takes a notice on one path."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        taken = self.path == f"/{SECRET}"
        if taken:
            self.server.notices.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(200 if taken else 403)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def chat() -> Iterator[HTTPServer]:
    """A chat on loopback; what it was told is in its `notices`."""
    server = HTTPServer(("127.0.0.1", 0), _Chat)
    server.notices = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_notify_tells_the_chat_and_the_terminal(
    home: Path, run: Run, chat: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(home, run, rows_of([DAY]))
    monkeypatch.setenv("TOUCHLINE_NOTIFY_URL", f"http://127.0.0.1:{chat.server_port}/{SECRET}")
    status, said, problems = run("notify", "--day", "2026-06-29", "--failed", "refresh")
    assert status == 0
    [notice] = chat.notices  # type: ignore[attr-defined]
    assert notice == {"text": said.rstrip("\n")}
    failed, came, reach, gates = said.splitlines()
    assert failed == "Failed: refresh."
    assert came == "Touchline, 2026-06-29: 20 mentions, 60 touchpoints, 12 conversions."
    assert "touchpoints 2026-06-29" in reach
    assert gates.startswith("Gate: ")
    assert gates.endswith(" checks passed.")
    assert "secret" not in said + problems


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:{port}/another-secret", "http://127.0.0.1:1/secret", "http://[secret/"]
)
@pytest.mark.parametrize("trace", [(), ("--trace",)])
def test_a_notice_that_is_not_taken_is_said_without_its_address(
    address: str, trace: tuple[str, ...], run: Run, chat: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_NOTIFY_URL", address.format(port=chat.server_port))
    if trace:
        with pytest.raises(Exception, match="could not be posted") as raised:
            run(*trace, "notify")
        assert raised.value.__context__ is None
        return
    status, said, problems = run("notify")
    assert status == 1
    assert said.startswith("Touchline, ")
    assert "The notice could not be posted" in problems
    assert "secret" not in said + problems
