"""The jobs of a lake in the cloud: started with what they are told, waited for, and of a failure the run and the reason are said."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pipelines import jobs
from pipelines.errors import LakeUnavailable
from pipelines.settings import Settings, load_settings
from tests.unit.conftest import Run

CLOUD = {"TOUCHLINE_LAKE": "athena", "TOUCHLINE_LAKE_URL": "s3://lake/touchline"}


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An AWS of the test's own with the job touchline-curate-mentions."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(jobs, "SECONDS_BETWEEN_LOOKS", 0.0)
    with mock_aws():
        client = boto3.client("glue")
        client.create_job(Name="touchline-curate-mentions", Role="glue", Command={"Name": "glueetl"})
        yield client


def cloud(**more: str) -> Settings:
    return load_settings({**CLOUD, **more})


def test_a_job_on_glue_is_told_its_days_and_waited_for(glue: Any) -> None:
    told: list[str] = []
    said = jobs.run(cloud(), "curate_mentions", {"start": "2026-06-30", "end": None}, told.append)
    [run] = glue.get_job_runs(JobName="touchline-curate-mentions")["JobRuns"]
    assert run["Arguments"] == {"--start": "2026-06-30"}
    assert run["JobRunState"] == "SUCCEEDED"
    assert run["Id"] in said
    assert told[-1] == f"touchline-curate-mentions: succeeded (run {run['Id']})"


def test_a_job_that_fails_says_why(glue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = {"JobRunState": "FAILED", "ErrorMessage": "no column person"}
    monkeypatch.setattr(jobs, "_waited_for", lambda *_: ended)
    with pytest.raises(
        LakeUnavailable, match=r"touchline-curate-mentions \(run .+\) ended as FAILED: no column person"
    ):
        jobs.run(cloud(), "curate_mentions", {}, lambda _: None)


class Blind:
    """A client of Glue whose first looks at a run fail."""

    def __init__(self, client: Any, looks: int) -> None:
        self.client, self.looks = client, looks

    def start_job_run(self, **said: Any) -> Any:
        return self.client.start_job_run(**said)

    def get_job_run(self, **said: Any) -> Any:
        self.looks -= 1
        if self.looks >= 0:
            raise ClientError({"Error": {"Code": "InternalServiceException", "Message": "oops"}}, "GetJobRun")
        return self.client.get_job_run(**said)


def test_looks_that_fail_do_not_end_a_job(glue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "client", lambda _: Blind(glue, jobs.LOOKS_THAT_MAY_FAIL))
    assert "is done" in jobs.run(cloud(), "curate_mentions", {}, lambda _: None)


def test_a_job_that_cannot_be_watched_is_not_said_not_to_run(glue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "client", lambda _: Blind(glue, jobs.LOOKS_THAT_MAY_FAIL + 1))
    with pytest.raises(LakeUnavailable, match=r"\(run .+\), which may still be under way: .*oops") as caught:
        jobs.run(cloud(), "curate_mentions", {}, lambda _: None)
    assert caught.value.remedy == "Look the run up in Glue before you start the job again."


def test_a_job_that_is_not_there(glue: Any) -> None:
    with pytest.raises(LakeUnavailable, match="AWS Glue does not run the job touchline-curate-posts"):
        jobs.run(cloud(), "curate_posts", {}, lambda _: None)


@pytest.mark.parametrize(
    ("verb", "command"),
    [
        (
            ("curate", "mentions", "--start", "2026-06-30"),
            ["glue_jobs.curate_mentions", "--local", "--start", "2026-06-30"],
        ),
        (("journeys",), ["glue_jobs.build_journeys", "--local"]),
    ],
)
def test_jobs_can_run_on_this_machine(
    verb: tuple[str, ...], command: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**CLOUD, "TOUCHLINE_JOBS": "local"}.items():
        monkeypatch.setenv(name, value)
    ran: list[list[str]] = []

    class Ended:
        returncode = 0

    def ends(arguments: list[str], **_: Any) -> Ended:
        ran.append(arguments[2:])
        return Ended()

    monkeypatch.setattr("pipelines.jobs.subprocess.run", ends)
    assert run(*verb)[0] == 0
    assert ran == [command]
    Ended.returncode = 3
    status, _, reason = run(*verb)
    assert status == 1
    assert "ended with status 3" in reason
