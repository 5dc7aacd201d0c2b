"""The real Airflow, in the environment that `make test-airflow` makes, on a database and a home of the test's own."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import PROJECT
from tests.conftest import Environment, environment

BIN = PROJECT / ".cache" / "airflow" / "bin"
DAG_ID = "touchline_daily"
SECONDS = 900


@dataclass(frozen=True)
class Airflow:
    """An Airflow without a scheduler, whose DAGs are the project's."""

    home: Path

    def run(self, variables: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of Airflow, under variables as its workers have them."""
        return self._ended([str(BIN / "airflow"), *arguments], variables)

    def python(self, variables: Environment, script: Path) -> Any:
        """What a script prints as JSON in Airflow's environment."""
        ended = self._ended([str(BIN / "python"), str(script)], variables)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1])

    def test_day(self, variables: Environment, day: str) -> tuple[dict[str, str], str]:
        """Run the DAG for a day of arrival: task -> its state, and all that was said."""
        ended = self.run(variables, "dags", "test", DAG_ID, day)
        with closing(sqlite3.connect(self.home / "airflow.db")) as database:
            rows = database.execute(
                "select task_id, state from task_instance where run_id = (select run_id from dag_run where dag_id = ?"
                " and logical_date like ? order by id desc limit 1)",
                (DAG_ID, f"{day}%"),
            ).fetchall()
        return dict(rows), ended.stdout + ended.stderr

    def _ended(self, command: list[str], variables: Environment) -> subprocess.CompletedProcess[str]:
        of_airflow = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "pipelines" / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
        }
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("TOUCHLINE_", "AIRFLOW"))}
        return subprocess.run(
            command,
            env={**outside, **of_airflow, **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Airflow with its tables made."""
    assert BIN.exists(), "Airflow is not installed: `make test-airflow` does it."
    airflow = Airflow(tmp_path_factory.mktemp("airflow"))
    migrated = airflow.run({}, "db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    return airflow


@pytest.fixture
def variables(tmp_path: Path, new_database: Callable[[], str]) -> Environment:
    """What the workers are told of a home of the test's own; nothing is tried twice."""
    return {
        **environment(tmp_path / "home", new_database()),
        "TOUCHLINE_RETRIES": "0",
        "TOUCHLINE_HOURS_TO_WAIT": "0.001",
    }


@pytest.fixture
def touchline(variables: Environment) -> Callable[..., str]:
    """Run a verb of the command line as the tasks do, and return what it prints."""

    def run(*words: str) -> str:
        outside = {name: value for name, value in os.environ.items() if not name.startswith("TOUCHLINE_")}
        command = [str(PROJECT / ".venv" / "bin" / "python"), "-m", "pipelines", *words]
        ended = subprocess.run(
            command,
            cwd=PROJECT,
            env={**outside, **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    return run
