"""One Spark for all tests of the jobs, and a lake of its own for each that asks."""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_jobs import curate, curate_conversions, curate_mentions, curate_touchpoints
from glue_jobs.arguments import Arguments
from glue_jobs.lake import UNDONE, UPLOAD, LakeTable
from glue_jobs.session import CATALOG, open_session

JOBS = {module.SOURCE: module for module in (curate_mentions, curate_touchpoints, curate_conversions)}

_numbers = itertools.count(1)


@dataclass
class JobLake:
    """A folder with raw files, and the tables that the jobs make of them."""

    spark: SparkSession
    root: Path
    database: str = field(default_factory=lambda: f"lake_{next(_numbers)}")

    def put(self, source: str, name: str, content: bytes | str, day: str = "2026-06-30") -> str:
        """Let a file arrive; its path."""
        path = f"raw/{source}/{day}/{name}"
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def upload(self, source: str, upload_id: str, content: bytes | str, uploaded_at: str, **said: Any) -> str:
        """Let a file arrive as an upload of the dashboard does, with its note; its path."""
        file_name = said.pop("file_name", f"{upload_id}.csv")
        path = self.put(source, f"{upload_id}-{file_name}", content, uploaded_at[:10])
        note = {"upload_id": upload_id, "source": source, "uploaded_at": uploaded_at, "file_name": file_name}
        note |= {"mapping": {}, "fixed": {}, "options": {}, "time_zone": "UTC", "currency": "EUR", **said}
        (self.root / f"{path}.reading.json").write_text(json.dumps(note))
        return path

    def undo(self, path: str) -> None:
        """Say that a file is to be left out."""
        (self.root / f"{path}.undone.json").write_text("{}")

    def run(self, source: str, **changed: Any) -> dict[str, Any]:
        """Run the job of a source; its record."""
        said: dict[str, Any] = {"start": "", "end": "", "late_days": 7.0, "secret": None} | changed
        arguments = Arguments(
            lake_url=str(self.root),
            database=self.database,
            local=True,
            cores=2,
            memory="1g",
            zone="UTC",
            currency="EUR",
            **said,
        )
        job = JOBS[source]
        return curate.run(self.spark, job.JOB, source, arguments, job.transform)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, by their id."""
        found = [row.asDict() for row in self.spark.table(f"{CATALOG}.{self.database}.{table}").collect()]
        return sorted(found, key=lambda row: str(next(iter(row.values()))))

    def rejected(self, source: str) -> list[dict[str, Any]]:
        """The rows that were written to rejected/."""
        files = sorted((self.root / "rejected" / source).rglob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def snapshots(self, table: str) -> list[Mapping[str, str]]:
        """The properties of the commits of jobs that hold, oldest first."""
        history = list(LakeTable(self.spark, self.database, table).history())
        return [commit.properties for commit in reversed(history) if {UPLOAD, UNDONE} & set(commit.properties)]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A real Spark on this machine, its tables in a folder."""
    session = open_session(str(tmp_path_factory.mktemp("warehouse")), local=True, memory="1g")
    session.conf.set("spark.sql.shuffle.partitions", "1")
    yield session
    session.stop()


@pytest.fixture
def job_lake(spark: SparkSession, tmp_path: Path) -> JobLake:
    """An empty lake."""
    return JobLake(spark, tmp_path / "lake")
