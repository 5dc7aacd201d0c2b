"""A job as it is started, over S3 and the Glue catalogue of a local end point; its rows are read by others."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from glue_jobs.storage import open_storage
from pipelines.provision.jobs import arguments
from pipelines.settings import PROJECT, load_settings
from pipelines.stores.catalog import load_or_create, open_glue_catalog
from tests.cloud.endpoint import Endpoint, environment

pytestmark = pytest.mark.cloud

LAKE = "s3://lake/touchline"
FILE = (
    "time,person,channel,converted,revenue,order id,event id\n"
    "2026-05-01 10:00,p1,Email,,,,t1\n2026-05-01 11:00,p2,Social,yes,12.50,o1,t2\nnever,p3,Email,,,,t3\n"
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The variables under which everything finds the end point, with an empty bucket and an empty catalogue."""
    with Endpoint() as endpoint:
        variables = environment(endpoint.url)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("glue_jobs.storage._s3", lambda: boto3.client("s3"))
        region = {"LocationConstraint": variables["AWS_REGION"]}
        boto3.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration=region)
        boto3.client("glue").create_database(DatabaseInput={"Name": "touchline"})
        yield variables


def start(*more: str) -> subprocess.CompletedProcess[str]:
    """Run the job as a process of its own, under the options of Spark that its definition on Glue has."""
    command = [sys.executable, "-m", "glue_jobs.curate_touchpoints", "--local", "--memory", "1g", *more]
    options = arguments(load_settings({"TOUCHLINE_LAKE": "athena", "TOUCHLINE_LAKE_URL": LAKE}))["--conf"]
    environ = {**os.environ, "PYSPARK_SUBMIT_ARGS": f"--conf {options} pyspark-shell"}
    return subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True, check=False)


def test_a_job_over_s3_and_glue(aws: dict[str, str]) -> None:
    secret = boto3.client("secretsmanager").create_secret(Name="person", SecretString='{"secret": "pepper-and-salt"}')
    catalog = open_glue_catalog(LAKE)
    load_or_create(catalog, "touchpoints")  # as it is provisioned; the job makes the other table itself
    storage = open_storage(LAKE)
    storage.write("raw/touchpoints/2026-05-02/a.csv", FILE.encode())

    done = start("--lake", LAKE, "--database", "touchline", "--secret-arn", secret["ARN"], "--JOB_NAME", "ours")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    record = json.loads(storage.read(told["lies_at"]))
    assert (record["status"], record["rows_in"], record["rows_rejected"]) == ("stored", 3, 1)

    touchpoints = catalog.load_table("touchline.touchpoints")
    rows = sorted(touchpoints.scan().to_arrow().to_pylist(), key=lambda row: str(row["touchpoint_id"]))
    hashes = [hmac.new(b"pepper-and-salt", person, hashlib.sha256).hexdigest() for person in (b"p1", b"p2")]
    assert [(row["touchpoint_id"], row["dt"], row["person"]) for row in rows] == [
        ("t1", "2026-05-01", hashes[0]),
        ("t2", "2026-05-01", hashes[1]),
    ]
    present = touchpoints.current_snapshot()
    assert present is not None
    assert present.summary is not None
    assert present.snapshot_id == record["tables"]["touchpoints"]["snapshot_id"]
    assert present.summary.additional_properties["touchline.upload"] == record["files"][0]["upload_id"]
    (conversion,) = catalog.load_table("touchline.conversions").scan().to_arrow().to_pylist()
    assert (conversion["conversion_id"], conversion["person"], str(conversion["revenue"])) == (
        "o1",
        hashes[1],
        "12.5000",
    )
    (rejected,) = storage.listed("rejected/touchpoints")
    line = json.loads(storage.read(rejected.path))
    assert (line["file"], line["row"], line["value"]) == ("raw/touchpoints/2026-05-02/a.csv", 4, "never")
    assert "pepper-and-salt" not in done.stdout + done.stderr


def test_a_job_that_cannot_start_says_why_in_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "glue_jobs.curate_mentions"],
        cwd=PROJECT,
        env={"PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "No lake is named. Give --lake, or set TOUCHLINE_LAKE_URL.\n"
