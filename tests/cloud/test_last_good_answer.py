"""Whatever fails in the cloud, the last good answer stays with its age and the reason, and uploads go on."""

import time
from collections.abc import Callable, Iterator

import boto3
import pandas as pd
import pytest

from pipelines.errors import LakeUnavailable
from pipelines.ingest.load import commit
from pipelines.questions import ask
from pipelines.stores import engine_athena
from tests.cloud.conftest import Open
from tests.cloud.endpoint import Refusal
from tests.cloud.lakes import URL, Cloud
from tests.stores.prepared_files import spend_file

Inject = Callable[[Cloud], None]
"""Lets something go wrong from now on."""


@pytest.fixture
def results(filled: Cloud) -> Iterator[None]:
    """After the test the workgroup writes what queries find into a bucket that is there."""
    yield
    usual = {"ResultConfigurationUpdates": {"OutputLocation": f"{URL}/results/"}}
    boto3.client("athena").update_work_group(WorkGroup="touchline", ConfigurationUpdates=usual)


def test_the_last_good_answer_stays_with_its_age(filled: Cloud, opened: Open, database: str) -> None:
    stores = opened(glue_database=database)
    good = ask(stores, "freshness")
    filled.endpoint.faults.refusals.append(Refusal("GetTable", "ExpiredTokenException", "expired"))
    stores.lake.refresh()
    shown = ask(stores, "freshness")
    assert shown.stale
    assert shown.computed_at == good.computed_at
    assert "the AWS credentials have expired" in shown.warnings[0]
    # Another process, which never saw it work, shows the same.
    again = ask(opened(glue_database=database), "freshness")
    assert again.stale
    assert again.computed_at == good.computed_at
    with pytest.raises(LakeUnavailable):
        ask(stores, "channel_credit", {"model": "linear", "lookback_days": 11.5})


def denies(operation: str, code: str) -> Inject:
    """AWS turns an operation down from now on."""
    return lambda cloud: cloud.endpoint.faults.refusals.append(Refusal(operation, code, "no"))


def fails(cloud: Cloud) -> None:
    """All queries to come fail."""
    cloud.endpoint.faults.queries.failures.extend(["GENERIC_INTERNAL_ERROR: Disk on fire"] * 100)


def takes_long(cloud: Cloud) -> None:
    """No query to come ends in time."""
    cloud.endpoint.faults.queries.delay_seconds = 300


def limits_bytes(cloud: Cloud) -> None:
    """Every query to come would read too much."""
    cloud.endpoint.faults.queries.limit_bytes = 10


def loses_results(_: Cloud) -> None:
    """The bucket into which the workgroup writes what queries find is gone."""
    lost = {"ResultConfigurationUpdates": {"OutputLocation": "s3://a-bucket-that-is-gone/"}}
    boto3.client("athena").update_work_group(WorkGroup="touchline", ConfigurationUpdates=lost)


@pytest.mark.parametrize(
    ("inject", "said"),
    [
        (fails, "GENERIC_INTERNAL_ERROR: Disk on fire (Athena query "),
        (takes_long, "the query took more than 0.3 s and was cancelled (Athena query "),
        (limits_bytes, "it would read more bytes than the workgroup allows for one query (Athena query "),
        (
            denies("StartQueryExecution", "ThrottlingException"),
            "Athena has too much to do and put us off. Wait a minute",
        ),
        (
            denies("StartQueryExecution", "AccessDeniedException"),
            "the dashboard is not allowed to read it. Give its role",
        ),
        (denies("GetTable", "AccessDeniedException"), "the dashboard is not allowed to read it. Give its role"),
        (denies("StartQueryExecution", "ExpiredTokenException"), "the AWS credentials have expired. Sign in"),
        (denies("GetTable", "ExpiredTokenException"), "the AWS credentials have expired. Sign in"),
        (denies("GetTable", "EntityNotFoundException"), "the table is missing in the catalogue. Run"),
        (loses_results, "a bucket of the lake is gone. Check TOUCHLINE_LAKE_URL"),
    ],
)
def test_whatever_fails_the_last_good_answer_stays_and_uploads_go_on(
    filled: Cloud, opened: Open, results: None, monkeypatch: pytest.MonkeyPatch, inject: Inject, said: str
) -> None:
    good = ask(opened(), "unattributed", {"lookback_days": 7})
    assert not good.stale
    monkeypatch.setattr(engine_athena, "SECONDS_OF_RETRIES", 1.5)
    inject(filled)
    # Another process, to which the upload is a new data version: nothing of it was asked yet.
    failing = opened(lake_deadline_seconds=0.3 if inject is takes_long else 60.0, athena_reuse_minutes=0)
    upload = commit(failing, *spend_file([("2026-03-02", "Search", f"Fault {time.time_ns()}", "10.00")]), "mia")
    assert upload["status"] == "committed"
    shown = ask(failing, "unattributed", {"lookback_days": 7})
    assert (shown.stale, shown.computed_at, shown.data_version) == (True, good.computed_at, good.data_version)
    assert said in shown.warnings[0]
    assert shown.warnings[0].split(" cannot be read: ")[0]  # the source
    pd.testing.assert_frame_equal(shown.rows, good.rows)
