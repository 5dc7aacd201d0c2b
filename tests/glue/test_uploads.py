"""Uploads in the lake of the jobs: which row stands for an id, what an undo brings back, and that a run does all of its work or none."""

from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from glue_jobs import lake as lake_module
from glue_jobs.lake import LakeTable, Overtaken
from tests.glue.conftest import JobLake

pytestmark = pytest.mark.cloud

HEADER = "time,person,channel,converted,revenue,order id,event id\n"
FIRST = (
    HEADER
    + "2026-05-01 10:00,p1,Email,,,,t1\n2026-05-01 11:00,p2,Social,yes,12.50,o1,t2\n2026-05-02 09:00,p3,Email,,,,t3\n"
)
SECOND = (
    HEADER
    + "2026-05-01 10:00,p1,Search,,,,t1\n2026-05-03 11:00,p2,Social,yes,99.00,o1,t2\n2026-05-04 12:00,p9,Email,,,,t9\n"
)
ORDERS = "time,person,type,revenue,id\n2026-05-05 09:00,p2,purchase,77.00,o1\n2026-05-05 10:00,p4,purchase,5.00,o4\n"


def brief(lake: JobLake, table: str) -> list[tuple[Any, ...]]:
    """Id, day and upload of the rows of a table."""
    return [(next(iter(row.values())), row["dt"], row["upload_id"]) for row in lake.rows(table)]


def test_the_newest_upload_of_an_id_stands_and_an_undo_brings_back_what_it_replaced(job_lake: JobLake) -> None:
    job_lake.upload("touchpoints", "u1", FIRST, "2026-06-01T10:00:00Z")
    job_lake.upload("conversions", "u2", ORDERS, "2026-06-02T10:00:00Z")
    job_lake.run("touchpoints")
    job_lake.run("conversions")
    second = job_lake.upload("touchpoints", "u3", SECOND, "2026-06-03T10:00:00Z")
    before = job_lake.rows("touchpoints"), job_lake.rows("conversions")
    assert [row["revenue"] for row in before[1]] == [77, 5]

    record = job_lake.run("touchpoints")
    assert brief(job_lake, "touchpoints") == [
        ("t1", "2026-05-01", "u3"),
        ("t2", "2026-05-03", "u3"),
        ("t3", "2026-05-02", "u1"),
        ("t9", "2026-05-04", "u3"),
    ]
    assert brief(job_lake, "conversions") == [("o1", "2026-05-03", "u3"), ("o4", "2026-05-05", "u2")]
    told = record["tables"]["touchpoints"]
    assert (told["rows_out"], told["rows_replaced"], told["rows_taken_back"]) == (3, 2, 0)
    assert told["days"] == ["2026-05-01", "2026-05-03", "2026-05-04"]

    late = HEADER + "2026-05-06 10:00,p1,Direct,,,,t9\n"
    job_lake.upload("touchpoints", "u0", late, "2026-05-30T10:00:00Z")
    assert job_lake.run("touchpoints")["status"] == "nothing new"  # an older row of an id goes in no more
    assert ("t9", "2026-05-04", "u3") in brief(job_lake, "touchpoints")

    job_lake.undo(second)
    record = job_lake.run("touchpoints")
    assert record["tables"]["touchpoints"]["undone"] == ["u3"]
    assert job_lake.snapshots("touchpoints")[-1]["touchline.undone"] == "u3"
    assert job_lake.rows("conversions") == before[1]
    assert [row for row in job_lake.rows("touchpoints") if row["upload_id"] != "u0"] == before[0]
    assert ("t9", "2026-05-06", "u0") in brief(job_lake, "touchpoints")
    assert job_lake.run("touchpoints")["status"] == "nothing new"

    (job_lake.root / f"{second}.undone.json").unlink()
    job_lake.run("touchpoints")
    assert ("t9", "2026-05-04", "u3") in brief(job_lake, "touchpoints")


def test_a_run_that_fails_between_two_tables_is_finished_by_the_next(
    job_lake: JobLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_lake.upload("touchpoints", "u1", FIRST, "2026-06-01T10:00:00Z")

    def die(table: LakeTable, branch: str) -> int:
        if table.name == "conversions":
            raise ConnectionError("the machine went away")
        return publish(table, branch)

    with monkeypatch.context() as patched:
        publish = LakeTable._publish
        patched.setattr(LakeTable, "_publish", die)
        with pytest.raises(ConnectionError):
            job_lake.run("touchpoints")
    assert len(job_lake.rows("touchpoints")) == 3
    assert job_lake.rows("conversions") == []  # the rows were written, but not made to hold
    failed = next((job_lake.root / "runs").rglob("*.json")).read_text()
    assert '"status": "failed"' in failed
    assert "the machine went away" in failed

    for path in (job_lake.root / "runs").rglob("*.json"):
        path.unlink()  # a process that is killed leaves no record
    record = job_lake.run("touchpoints")
    assert len(job_lake.snapshots("touchpoints")) == 1
    assert record["tables"]["touchpoints"]["stored"] == []
    assert record["tables"]["conversions"]["stored"] == ["u1"]
    assert brief(job_lake, "conversions") == [("o1", "2026-05-01", "u1")]


def test_a_writer_that_was_faster_is_taken_into_account(job_lake: JobLake, monkeypatch: pytest.MonkeyPatch) -> None:
    job_lake.upload("conversions", "u1", ORDERS, "2026-06-01T10:00:00Z")
    job_lake.run("conversions")
    other = LakeTable(job_lake.spark, job_lake.database, "conversions")
    theirs = other.rows().where("conversion_id = 'o4'").withColumn("conversion_id", f.lit("o5"))
    theirs = theirs.withColumn("dt", f.lit("2026-05-07"))
    ours = LakeTable(job_lake.spark, job_lake.database, "conversions")
    ours.replace(theirs, f.col("dt") == "2026-05-07", {})
    with pytest.raises(Overtaken, match="changed by another writer"):
        other.replace(theirs, f.col("dt") == "2026-05-08", {})
    assert [row[0] for row in brief(job_lake, "conversions")] == ["o1", "o4", "o5"]

    begin, writers = LakeTable._begin, iter([True])

    def beaten(table: LakeTable, branch: str) -> None:
        begin(table, branch)
        if next(writers, False):  # once, between our reading and our commit
            rival = LakeTable(job_lake.spark, job_lake.database, "conversions")
            rival.replace(theirs.withColumn("conversion_id", f.lit("o9")), f.col("dt") == "2026-05-07", {})

    monkeypatch.setattr(lake_module.LakeTable, "_begin", beaten)
    more = "time,person,type,revenue,id\n2026-05-07 10:00,p5,purchase,1.00,o6\n"
    job_lake.upload("conversions", "u2", more, "2026-06-02T10:00:00Z")
    job_lake.run("conversions")
    assert [row[0] for row in brief(job_lake, "conversions")] == ["o1", "o4", "o6", "o9"]


def loses_a_race(spark: SparkSession) -> None:
    """Have Java throw what Iceberg throws where another writer's commit comes between the last look at the table and ours. (No test can be so
    fast; Iceberg itself does look, and is not asked.)"""
    java: Any = spark._jvm
    nothing = spark.sparkContext._gateway.new_array(java.java.lang.Object, 0)  # type: ignore[union-attr]
    problem = java.org.apache.iceberg.exceptions.CommitFailedException("Version 2 already exists", nothing)
    promise = java.java.util.concurrent.CompletableFuture()
    promise.completeExceptionally(problem)
    promise.join()


@pytest.mark.parametrize("step", ["_begin", "_write", "_publish"])
def test_a_commit_that_is_turned_down_is_made_anew(
    job_lake: JobLake, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    job_lake.upload("conversions", "u1", ORDERS, "2026-06-01T10:00:00Z")
    does, losing = getattr(LakeTable, step), iter([True])

    def does_or_loses(table: LakeTable, branch: str, *rest: Any) -> Any:
        if next(losing, False):
            loses_a_race(job_lake.spark)
        return does(table, branch, *rest)

    monkeypatch.setattr(LakeTable, step, does_or_loses)
    assert job_lake.run("conversions")["status"] == "stored"
    assert next(losing, None) is None
    assert [row[0] for row in brief(job_lake, "conversions")] == ["o1", "o4"]
    table = LakeTable(job_lake.spark, job_lake.database, "conversions")
    assert list(table._table.refs()) == ["main"]

    losing = iter([True])
    with pytest.raises(Overtaken, match="changed by another writer"):
        table.replace(table.rows(), f.col("dt") == "2026-05-08", {})


def test_only_the_arrival_days_that_are_asked_for_are_read(job_lake: JobLake) -> None:
    job_lake.put("conversions", "a.csv", ORDERS, "2026-06-01")
    job_lake.put("conversions", "b.csv", ORDERS.replace("o4", "o5"), "2026-06-03")
    record = job_lake.run("conversions", start="2026-06-02", end="2026-06-03")
    assert [file["path"] for file in record["files"]] == ["raw/conversions/2026-06-03/b.csv"]
    assert [row[0] for row in brief(job_lake, "conversions")] == ["o1", "o5"]
    assert all(row[2].startswith("raw-") for row in brief(job_lake, "conversions"))
