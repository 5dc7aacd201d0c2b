"""The daily DAG in the real Airflow: what it is made of, and whole days run on local data."""

import itertools
import json
import re
import shlex
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from pipelines.settings import PROJECT
from tests.airflow.conftest import DAG_ID, Airflow
from tests.arrivals import days_before, leave, rows_of
from tests.conftest import Environment

pytestmark = pytest.mark.airflow

DAY, ARRIVED = date(2026, 6, 29), date(2026, 6, 30)
SOURCES = ("mentions", "touchpoints", "conversions")
STRUCTURE = Path(__file__).with_name("structure.py")
MET = "Success criteria met"
"""What a sensor says that need not wait any more."""
CLOUD = {"TOUCHLINE_LAKE": "athena", "TOUCHLINE_LAKE_URL": "s3://lake/touchline"}

Touchline = Callable[..., str]


class _Chat(BaseHTTPRequestHandler):
    """Takes every notice."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.notices.append(json.loads(body)["text"])  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def notices(variables: Environment) -> Iterator[list[str]]:
    """What was posted to the team's chat."""
    server = HTTPServer(("127.0.0.1", 0), _Chat)
    server.notices = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    variables["TOUCHLINE_NOTIFY_URL"] = f"http://127.0.0.1:{server.server_port}/a-secret"
    yield server.notices  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


@pytest.fixture
def history(variables: Environment, touchline: Touchline) -> Path:
    """The home, into which four weeks have come."""
    home = Path(variables["TOUCHLINE_HOME"])
    leave(home, DAY, rows_of(days_before(DAY, 28)))
    for source in SOURCES:
        touchline("curate", source)
    return home


def version(touchline: Touchline) -> str:
    """The present data version."""
    return str(json.loads(touchline("ask", "freshness", "--format", "json"))["data_version"])


def conversions(touchline: Touchline, day: date) -> float:
    """The attributed conversions of a day, as pages show them."""
    period = ("--start", day.isoformat(), "--end", day.isoformat())
    rows = json.loads(touchline("ask", "channel_credit", *period, "--format", "json"))["rows"]
    return sum(row["attributed_conversions"] for row in rows)


def test_airflow_imports_the_dag(airflow: Airflow) -> None:
    errors = airflow.run({}, "dags", "list-import-errors", "--local", "--output", "json")
    assert (errors.returncode, "Traceback" in errors.stdout) == (0, False), errors.stdout + errors.stderr
    assert DAG_ID in airflow.run({}, "dags", "list", "--local", "--output", "json").stdout


@pytest.mark.parametrize(
    "lake", [{}, CLOUD, {**CLOUD, "TOUCHLINE_JOBS": "local"}], ids=["embedded", "glue", "local Spark"]
)
def test_the_steps_of_a_day(airflow: Airflow, lake: Environment) -> None:
    dag = airflow.python(lake, STRUCTURE)
    assert dag.pop("") == {"catchup": False, "max_active_runs": 1}
    order = ("gate", "journeys", "gate_credit", "refresh", "notify")
    for step, following in itertools.pairwise(order):
        assert following in dag[step]["then"]
    for source in SOURCES:
        assert dag[f"sense_{source}"]["then"] == [f"curate_{source}"]
        assert dag[f"curate_{source}"]["then"] == ["gate", "notify_failure"]
    assert dag["notify_failure"]["rule"] == "one_failed"
    assert all(task["retries"] == 3 and task["exponential"] for task in dag.values())
    on_glue = lake == CLOUD
    kinds = {name: task["kind"] for name, task in dag.items()}
    jobs = {*(f"curate_{source}" for source in SOURCES), "journeys"}
    assert {name for name, kind in kinds.items() if kind == "GlueJobOperator"} == (jobs if on_glue else set())
    assert {task["stops"] for task in dag.values() if task["kind"] == "GlueJobOperator"} == (
        {True} if on_glue else set()
    )
    assert {kinds[f"sense_{source}"] for source in SOURCES} == {"S3KeySensor" if lake else "BashSensor"}


def test_a_day_goes_from_exports_to_warm_pages_once(
    airflow: Airflow, variables: Environment, touchline: Touchline, history: Path, notices: list[str]
) -> None:
    touchline("refresh")
    before, earned = version(touchline), conversions(touchline, DAY)
    leave(history, ARRIVED, rows_of([DAY]))

    states, said = airflow.test_day(variables, ARRIVED.isoformat())
    assert {name for name, state in states.items() if state != "success"} == {"notify_failure"}, said
    assert states["notify_failure"] == "skipped"
    after = version(touchline)
    assert after != before
    assert earned == 0
    assert conversions(touchline, DAY) == pytest.approx(11)
    assert ", 0 of them renewed" in touchline("refresh"), "the pages' answers were not warm"
    [notice] = notices
    assert notice.startswith(f"Touchline, {DAY}: 20 mentions, 60 touchpoints, 12 conversions.")
    assert "a-secret" not in said

    states, said = airflow.test_day(variables, ARRIVED.isoformat())
    assert states["notify"] == "success", said
    assert version(touchline) == after


def test_a_file_that_arrives_after_the_days_run_is_there_after_the_next(
    airflow: Airflow, variables: Environment, touchline: Touchline, history: Path
) -> None:
    leave(history, ARRIVED, rows_of([DAY]))
    states, said = airflow.test_day(variables, ARRIVED.isoformat())
    assert states["notify"] == "success", said
    late = history / "inbox" / "conversions" / ARRIVED.isoformat() / "late.csv"
    late.write_text(f"time,person,type,revenue,currency,id\n{DAY}T10:00:00Z,p01,purchase,7.50,EUR,late\n")
    leave(history, ARRIVED + timedelta(days=1), rows_of([ARRIVED]))
    states, said = airflow.test_day(variables, (ARRIVED + timedelta(days=1)).isoformat())
    assert states["notify"] == "success", said
    assert ",7.5000," in touchline("export", "conversions")


def test_days_can_be_filled_in_one_after_the_other(airflow: Airflow) -> None:
    """As docs/airflow.md has it."""
    [command] = [
        line
        for line in (PROJECT / "docs" / "airflow.md").read_text().splitlines()
        if line.startswith("airflow backfill")
    ]
    known = airflow.run({}, "dags", "reserialize")
    assert known.returncode == 0, known.stderr
    ended = airflow.run({}, *shlex.split(command)[1:], "--dry-run")
    assert ended.returncode == 0, ended.stderr
    assert "max_active_runs = 1" in ended.stdout
    days = re.findall(r"\| (2026-06-\d\d) ", ended.stdout)
    assert days == [f"2026-06-{day:02}" for day in range(1, 31)]


def test_an_export_that_is_missing_stops_the_day(
    airflow: Airflow, variables: Environment, touchline: Touchline, history: Path, notices: list[str]
) -> None:
    leave(history, ARRIVED, {source: rows for source, rows in rows_of([DAY]).items() if source != "conversions"})
    states, said = airflow.test_day(variables, ARRIVED.isoformat())
    assert states["sense_conversions"] == "failed", said
    assert "No file of conversions arrived from 2026-06-30 to 2026-06-30" in said
    assert (states["gate"], states["refresh"], states["notify"]) == ("upstream_failed",) * 3
    assert states["notify_failure"] == "success"
    [notice] = notices
    assert notice.splitlines()[0] == "Failed: sense_conversions."


def test_a_gate_that_is_shut_stops_the_day(
    airflow: Airflow, variables: Environment, touchline: Touchline, history: Path, notices: list[str]
) -> None:
    leave(history, ARRIVED, rows_of([DAY], more=5))
    states, said = airflow.test_day(variables, ARRIVED.isoformat())
    assert states["gate"] == "failed", said
    assert (states["journeys"], states["refresh"], states["notify"]) == ("upstream_failed",) * 3
    assert states["notify_failure"] == "success"
    [notice] = notices
    assert notice.splitlines()[0] == "Failed: gate."
    assert "touchpoints are as many as usual (300 rows, 8 to 223 are plausible" in notice


@pytest.fixture
def aws() -> Iterator[tuple[Environment, Any]]:
    """An AWS on loopback with the lake's bucket and the job that curates mentions: its variables, and a function that makes clients."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    variables = {**CLOUD, **keys, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    # A process has one moto, which other tests may have filled.
    reset = f"{variables['AWS_ENDPOINT_URL']}/moto-api/reset"
    requests.post(reset, timeout=30).raise_for_status()
    client("s3").create_bucket(Bucket="lake")
    client("glue").create_job(Name="touchline-curate-mentions", Role="glue", Command={"Name": "glueetl"})
    yield variables, client
    server.stop()


def test_in_the_cloud_exports_are_sensed_in_s3_and_curated_on_glue(
    airflow: Airflow, aws: tuple[Environment, Any]
) -> None:
    lake, client = aws
    day = ARRIVED.isoformat()
    cloud = {**lake, "TOUCHLINE_RETRIES": "0", "TOUCHLINE_HOURS_TO_WAIT": "0.001"}
    for name in ("", "gone.csv.undone.json", "a.csv.reading.json"):
        client("s3").put_object(Bucket="lake", Key=f"touchline/raw/mentions/{day}/{name}", Body=b"")
    waiting = airflow.run(cloud, "tasks", "test", DAG_ID, "sense_mentions", day)
    assert MET not in waiting.stdout + waiting.stderr, "notes are no files"
    client("s3").put_object(Bucket="lake", Key=f"touchline/raw/mentions/{day}/a.csv", Body=b"time\n")
    sensed = airflow.run(cloud, "tasks", "test", DAG_ID, "sense_mentions", day)
    assert MET in sensed.stdout + sensed.stderr
    curated = airflow.run(cloud, "tasks", "test", DAG_ID, "curate_mentions", day)
    assert curated.returncode == 0, curated.stdout + curated.stderr
    [run] = client("glue").get_job_runs(JobName="touchline-curate-mentions")["JobRuns"]
    assert run["Arguments"] == {"--end": day}
