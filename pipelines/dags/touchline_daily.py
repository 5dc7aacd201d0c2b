"""The daily run on Airflow: sense the exports, curate them, hold the day against the gate, build journeys, warm the pages' answers, notify.

Invariants:
- Tasks call the project's own command line, or Glue: nothing of the project is imported here, for Airflow's environment has none of it.
- The run of a day waits for what arrives on that (UTC) day, takes all that arrived up to it and is not stored yet, for files also come after the
  day's run, and holds the day before, which is over by then, against the gate.
- Each task can be run again at any time, for any day.
"""

import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.sdk import DAG, TriggerRule

PROJECT = os.environ.get("TOUCHLINE_PROJECT", str(Path(__file__).resolve().parents[2]))
"""The folder of the project on the workers."""
PYTHON = os.environ.get("TOUCHLINE_PYTHON", f"{PROJECT}/.venv/bin/python")
SCHEDULE = os.environ.get("TOUCHLINE_SCHEDULE", "0 5 * * *")
"""When the day before is over in the reporting time zone, and its exports are there."""
SOURCES = os.environ.get("TOUCHLINE_SOURCES", "mentions,touchpoints,conversions").split(",")
"""The sources of the lake of which an export arrives every day."""
RETRIES = int(os.environ.get("TOUCHLINE_RETRIES", "3"))
HOURS_TO_WAIT = float(os.environ.get("TOUCHLINE_HOURS_TO_WAIT", "6"))
"""How long an export may be late."""

GLUE_DATABASE = os.environ.get("TOUCHLINE_GLUE_DATABASE", "touchline")
LAKE_URL = os.environ.get("TOUCHLINE_LAKE_URL", "")
IN_CLOUD = os.environ.get("TOUCHLINE_LAKE", "duckdb") != "duckdb"
ON_GLUE = IN_CLOUD and os.environ.get("TOUCHLINE_JOBS", "glue") == "glue"

ARRIVED = "{{ (dag_run.logical_date or dag_run.run_after) | ds }}"
DAY = "{{ macros.ds_add((dag_run.logical_date or dag_run.run_after) | ds, -1) }}"

BESIDE_FILES = (".reading.json", ".undone.json", "/")
"""What objects in S3 end in that are no files to curate: notes beside them, and what a console makes for an empty folder."""


def failed_tasks(task: Any, run_id: str) -> str:
    """The names of the tasks of a run that failed so far. task: one of its tasks, while it runs."""
    states = task.get_task_states(task.dag_id, run_ids=[run_id]).get(run_id, {})
    return ", ".join(sorted(name for name, state in states.items() if state == "failed"))


def files_are_among(objects: list[dict[str, Any]]) -> bool:
    """Whether any of these objects of S3 (`Key`) is a file to curate."""
    return any(not found["Key"].endswith(BESIDE_FILES) for found in objects)


def command(*words: str) -> str:
    """A verb of the command line, as a shell runs it."""
    return f"cd {shlex.quote(PROJECT)} && exec {shlex.join((PYTHON, '-m', 'pipelines', *words))}"


def calls(task_id: str, *words: str, **more: Any) -> BashOperator:
    """A task that calls a verb of the command line."""
    return BashOperator(task_id=task_id, bash_command=command(*words), **more)


def senses(source: str) -> Any:
    """A task that waits until files of the source have arrived."""
    waits = {"task_id": f"sense_{source}", "mode": "reschedule", "timeout": timedelta(hours=HOURS_TO_WAIT)}
    waits["poke_interval"] = min(timedelta(minutes=5), timedelta(hours=HOURS_TO_WAIT))
    if IN_CLOUD:
        from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor  # only there is it needed: it takes seconds

        key = f"{LAKE_URL.rstrip('/')}/raw/{source}/{ARRIVED}/*"
        return S3KeySensor(bucket_key=key, wildcard_match=True, check_fn=files_are_among, aws_conn_id=None, **waits)
    listing = command("curate", source, "--start", ARRIVED, "--end", ARRIVED, "--dry-run")
    return BashSensor(bash_command=listing, retry_exit_code=1, **waits)


def runs(task_id: str, job: str, options: dict[str, str], *words: str) -> Any:
    """A task that runs a job on Glue, where jobs run there, else by the command line. Credentials are boto3's own settings."""
    if not ON_GLUE:
        return calls(task_id, *words)
    from airflow.providers.amazon.aws.operators.glue import GlueJobOperator

    name = f"{GLUE_DATABASE}-{job.replace('_', '-')}"
    return GlueJobOperator(
        task_id=task_id, job_name=name, script_args=options, stop_job_run_on_kill=True, aws_conn_id=None
    )


with DAG(
    "touchline_daily",
    description="From the exports of the day to warm pages",
    schedule=SCHEDULE,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,  # days that were missed are backfilled by those who want them
    max_active_runs=1,
    default_args={
        "retries": RETRIES,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=8),
    },
    user_defined_macros={"failed_tasks": failed_tasks},
    tags=["touchline"],
) as dag:
    curated = []
    for source in SOURCES:
        said = ("curate", source, "--end", ARRIVED)
        curate = runs(f"curate_{source}", f"curate_{source}", {"--end": ARRIVED}, *said)
        senses(source) >> curate
        curated.append(curate)

    # The second gate holds the credit against what came in: it needs the journeys of the day.
    gate = calls("gate", "gate", "--day", DAY)
    journeys = runs("journeys", "build_journeys", {}, "journeys")
    gate_credit = calls("gate_credit", "gate", "--day", DAY)
    refresh = calls("refresh", "refresh")
    notify = calls("notify", "notify", "--day", DAY)
    curated >> gate >> journeys >> gate_credit >> refresh >> notify

    # A task of its own, for a run whose last task succeeds is a success: a run that failed is to be seen as one.
    steps = [*curated, gate, journeys, gate_credit, refresh]
    failure = ("notify", "--day", DAY, "--failed", "{{ failed_tasks(ti, run_id) }}")
    steps >> calls("notify_failure", *failure, trigger_rule=TriggerRule.ONE_FAILED)
