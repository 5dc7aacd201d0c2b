"""What goes wrong in the cloud, injected at the end point and met by the real clients: the sentence that a person sees, with the source, the
query's id and what to do; uploads that go on; and no secret in any log. (test_last_good_answer.py: what is shown meanwhile.)
"""

import logging
import time
from datetime import datetime

import boto3
import pandas as pd
import pytest
from botocore.client import BaseClient
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.types import StringType

from pipelines.errors import LakeUnavailable, TouchlineError, WrongUsage
from pipelines.ingest.load import commit
from pipelines.questions import ask
from pipelines.stores import engine_athena
from pipelines.stores.base import Stores
from pipelines.stores.catalog import TABLES, arrow_schema, load_or_create, open_glue_catalog
from pipelines.stores.engine_athena import AthenaEngine
from pipelines.stores.lake_remote import RemoteLake
from tests.cloud.athena import Query
from tests.cloud.conftest import Open
from tests.cloud.endpoint import REGION, Refusal
from tests.cloud.lakes import Cloud
from tests.stores.prepared_files import spend_file
from tests.stores.test_uploads import MONDAY

REFRESH = "press Refresh"


def types(stores: Stores) -> pd.DataFrame:
    """A statement that reads one table."""
    return stores.lake.frame("conversion_types", {})


def refused(stores: Stores) -> LakeUnavailable:
    """Why that statement is not answered."""
    with pytest.raises(LakeUnavailable) as caught:
        types(stores)
    return caught.value


def last(cloud: Cloud) -> Query:
    """The query that was started last."""
    return cloud.endpoint.queries[-1]


def log_of(stores: Stores) -> list[dict[str, object]]:
    """What the newest queries came to, as whoever is on call asks for it."""
    return ask(stores, "lake_queries", {"most": 5}).rows.to_dict("records")


def test_throttled_three_times_then_fine(filled: Cloud, athena: Stores) -> None:
    filled.endpoint.faults.refusals.append(
        Refusal("StartQueryExecution", "TooManyRequestsException", "Rate exceeded", times=3)
    )
    before = filled.endpoint.calls["StartQueryExecution"]
    assert len(types(athena))
    assert filled.endpoint.calls["StartQueryExecution"] == before + 4


def test_throttled_for_good_is_tried_again_for_so_long_and_no_longer(
    filled: Cloud, athena: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_athena, "SECONDS_OF_RETRIES", 2.5)
    filled.endpoint.faults.refusals.append(Refusal("StartQueryExecution", "ThrottlingException", "Rate exceeded"))
    before = filled.endpoint.calls["StartQueryExecution"]
    error = refused(athena)
    assert error.message == "Conversions cannot be read: Athena has too much to do and put us off."
    assert error.remedy.startswith("Wait a minute, then press Refresh or run it again.")
    assert filled.endpoint.calls["StartQueryExecution"] == before + 2  # the second wait would pass the limit
    assert log_of(athena)[0]["state"] == "failed"


def test_cancelling_has_no_retries_of_its_own(filled: Cloud, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_athena, "SECONDS_OF_RETRIES", 2.5)
    filled.endpoint.faults.queries.delay_seconds = 300
    calls = filled.endpoint.calls
    for operation in ("GetQueryExecution", "StopQueryExecution"):
        filled.endpoint.faults.refusals.append(Refusal(operation, "ThrottlingException", "Rate exceeded"))
    before = calls["GetQueryExecution"], calls["StopQueryExecution"]
    begun = time.monotonic()
    assert "has too much to do" in refused(opened()).message
    assert time.monotonic() - begun < 10  # with a patience of its own it took 16 s
    # Watching used the patience up: the query is cancelled without any left.
    assert (calls["GetQueryExecution"], calls["StopQueryExecution"]) == (before[0] + 2, before[1] + 1)

    del filled.endpoint.faults.refusals[0]
    before = calls["GetQueryExecution"], calls["StopQueryExecution"]
    begun = time.monotonic()
    assert "took more than 1 s" in refused(opened(lake_deadline_seconds=1.0)).message
    assert time.monotonic() - begun < 10
    assert calls["StopQueryExecution"] == before[1] + 2


def test_what_comes_before_and_after_athena_waits_no_longer_than_is_left_of_the_limit(athena: Stores) -> None:
    def longest(client: BaseClient) -> float:
        """The waits between botocore's attempts: at most a second, then twice as long each."""
        return sum(2.0**attempt for attempt in range(client.meta.config.retries["total_max_attempts"] - 1))

    lake = athena.lake
    assert isinstance(lake, RemoteLake)
    assert isinstance(lake._catalog, GlueCatalog)
    assert isinstance(lake._engine, AthenaEngine)
    assert engine_athena.SECONDS_OF_RETRIES + longest(lake._catalog.glue) + longest(lake._engine._s3) <= 15


def test_a_query_that_fails_is_named(filled: Cloud, athena: Stores) -> None:
    filled.endpoint.faults.queries.failures.append("GENERIC_INTERNAL_ERROR: Disk on fire\n  at io.trino.Main")
    error = refused(athena)
    assert error.message == (
        f"Conversions cannot be read: GENERIC_INTERNAL_ERROR: Disk on fire (Athena query {last(filled).id})."
    )
    assert error.remedy == "Press Refresh or run it again; if it stays, look the query up in Athena."
    [newest, *_] = log_of(athena)
    assert (newest["query_id"], newest["state"], newest["statement"]) == (last(filled).id, "failed", "conversion_types")


def test_a_slow_query_is_cancelled_at_the_server(filled: Cloud, opened: Open) -> None:
    stores = opened(lake_deadline_seconds=1.0)
    filled.endpoint.faults.queries.delay_seconds = 300
    error = refused(stores)
    assert error.message == (
        f"Conversions cannot be read: the query took more than 1 s and was cancelled (Athena query {last(filled).id})."
    )
    assert "TOUCHLINE_LAKE_DEADLINE_SECONDS" in error.remedy
    assert last(filled).state == "CANCELLED"
    assert log_of(stores)[0]["state"] == "cancelled"


def test_a_query_whose_rows_cannot_be_read_has_not_succeeded(athena: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(*_: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(AthenaEngine, "_rows", spoiled)
    with pytest.raises(ArithmeticError):
        types(athena)
    assert log_of(athena)[0]["state"] == "failed"


def test_a_query_that_nobody_can_watch_is_not_left_running(filled: Cloud, opened: Open) -> None:
    filled.endpoint.faults.queries.delay_seconds = 300
    filled.endpoint.faults.refusals.append(Refusal("GetQueryExecution", "AccessDeniedException", "no"))
    assert "not allowed" in refused(opened()).message
    assert last(filled).state == "CANCELLED"


def test_someone_elses_cancel_is_said(filled: Cloud, athena: Stores) -> None:
    filled.endpoint.faults.queries.failures.append("Query was cancelled by user")
    assert "cancelled by someone else" in refused(athena).message


def test_the_limit_of_bytes(filled: Cloud, opened: Open) -> None:
    filled.endpoint.faults.queries.limit_bytes = 10
    error = refused(opened(athena_reuse_minutes=0))
    assert error.message == (
        "Conversions cannot be read: it would read more bytes than the workgroup allows for one query"
        f" (Athena query {last(filled).id})."
    )
    assert error.remedy == "Choose a shorter period, or raise the workgroup's limit."


def test_a_bucket_for_results_that_is_gone(filled: Cloud, opened: Open) -> None:
    lost = {"ResultConfiguration": {"OutputLocation": "s3://lost/"}, "EnforceWorkGroupConfiguration": True}
    boto3.client("athena").create_work_group(Name="lost", Configuration=lost)
    assert refused(opened(athena_workgroup="lost")).message == (
        "Conversions cannot be read: a bucket of the lake is gone."
    )


def test_the_lakes_bucket_is_gone(filled: Cloud, opened: Open) -> None:
    s3 = boto3.resource("s3")
    bucket = s3.create_bucket(Bucket="other", CreateBucketConfiguration={"LocationConstraint": REGION})
    boto3.client("glue").create_database(DatabaseInput={"Name": "other"})
    catalog = open_glue_catalog("s3://other/lake")
    for name in TABLES:
        load_or_create(catalog, name, "other")
    bucket.objects.all().delete()
    bucket.delete()
    error = refused(opened(glue_database="other"))
    assert "cannot be read: files of its table are gone, or their bucket is" in error.message
    assert "provision --check" in error.remedy


@pytest.mark.parametrize("operation", ["StartQueryExecution", "GetTable"])
@pytest.mark.parametrize(
    ("code", "message", "said", "remedy"),
    [
        (
            "AccessDeniedException",
            "User: x is not authorized",
            "the dashboard is not allowed to read it",
            "docs/aws.md",
        ),
        ("ExpiredTokenException", "The security token is expired", "the AWS credentials have expired", REFRESH),
        (
            "UnrecognizedClientException",
            "The security token is invalid",
            "the credentials are not known to",
            "docs/aws.md",
        ),
    ],
)
def test_what_aws_turns_down(
    filled: Cloud, athena: Stores, operation: str, code: str, message: str, said: str, remedy: str
) -> None:
    filled.endpoint.faults.refusals.append(Refusal(operation, code, message))
    error = refused(athena)
    assert "cannot be read: " in error.message
    assert said in error.message
    assert remedy in error.remedy


def test_no_credentials(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    error = refused(opened(athena_reuse_minutes=0))
    assert "there are no AWS credentials" in error.message
    assert "AWS_PROFILE" in error.remedy


def test_no_workgroup(opened: Open) -> None:
    error = refused(opened(athena_workgroup="nobodys"))
    assert error.message == "Conversions cannot be read: there is no workgroup nobodys."
    assert "provision" in error.remedy


def test_a_table_that_is_missing(filled: Cloud, opened: Open) -> None:
    boto3.client("glue").create_database(DatabaseInput={"Name": "bare"})
    error = refused(opened(glue_database="bare"))
    assert "cannot be read: the table is missing in the catalogue" in error.message
    assert error.remedy == "Run `python -m pipelines provision`, which makes what is missing."


def test_a_column_added_after_the_rows_were_written_is_null(
    filled: Cloud, opened: Open, database: str, embedded: Stores
) -> None:
    """The snapshot is older than the column, which statements read by now."""
    table = filled.catalog.load_table(f"{database}.conversions")
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("currency")
    with table.update_schema() as update:
        update.add_column("currency", StringType())
    found = types(opened(glue_database=database))
    assert found["currency"].isna().all()
    assert found["conversions"].sum() == types(embedded)["conversions"].sum()


def test_a_column_that_nobody_asked_for_changes_nothing(
    filled: Cloud, opened: Open, database: str, embedded: Stores
) -> None:
    with filled.catalog.load_table(f"{database}.conversions").update_schema() as update:
        update.add_column("weather", StringType())
    pd.testing.assert_frame_equal(types(opened(glue_database=database)), types(embedded))


def test_a_column_that_was_renamed_goes_by_its_new_name(
    filled: Cloud, opened: Open, database: str, embedded: Stores
) -> None:
    table = filled.catalog.load_table(f"{database}.conversions")
    for old, new in (("type", "was_type"), ("currency", "type"), ("was_type", "currency")):
        with table.update_schema(allow_incompatible_changes=True) as update:
            update.rename_column(old, new)
    found = types(opened(glue_database=database))
    assert set(found["type"].dropna()) == set(types(embedded)["currency"].dropna())


def test_a_column_that_is_gone(filled: Cloud, opened: Open, database: str) -> None:
    with filled.catalog.load_table(f"{database}.conversions").update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("currency")
    error = refused(opened(glue_database=database))
    assert error.message == (
        f"Conversions cannot be read: its table lacks the column currency (Athena query {last(filled).id})."
    )
    assert "provision --check" in error.remedy


def test_a_column_of_another_type(filled: Cloud, opened: Open, database: str) -> None:
    table = filled.catalog.load_table(f"{database}.conversions")
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("revenue")
    with table.update_schema() as update:
        update.add_column("revenue", StringType())
    error = refused(opened(glue_database=database))
    assert "cannot be read: a column of its table has another type than Touchline reads" in error.message
    assert "provision --check" in error.remedy


def test_a_commit_in_the_middle_of_a_read_is_not_seen_by_it(filled: Cloud, opened: Open, database: str) -> None:
    stores = opened(glue_database=database)
    reading = stores.read()
    before = reading.lake("feeds", {})
    table = filled.catalog.load_table(f"{database}.mentions")
    now = datetime(2026, 3, 21, 12)  # noqa: DTZ001
    row = {"mention_id": "late", "occurred_at": now, "dt": "2026-03-21", "mentions": 1}
    table.append(arrow_schema("mentions").empty_table().from_pylist([row], arrow_schema("mentions")))
    stores.memory.__init__()  # type: ignore[misc] # as another question of the same reading, asked for the first time
    pd.testing.assert_frame_equal(reading.lake("feeds", {}), before)
    assert stores.read().data_version == reading.data_version  # a look at the catalogue holds for a minute
    stores.lake.refresh()
    after = stores.read()
    assert after.data_version != reading.data_version
    assert after.lake("feeds", {})["row_count"].sum() == before["row_count"].sum() + 1


def test_a_snapshot_that_is_not_kept_any_more(athena: Stores) -> None:
    gone = dict.fromkeys(TABLES, 12345)
    with pytest.raises(LakeUnavailable, match="this state of its table is not kept any more"):
        athena.lake.frame("conversion_types", {}, snapshots=gone)


def test_a_page_does_not_wait_again_for_what_just_failed(filled: Cloud, athena: Stores) -> None:
    filled.endpoint.faults.refusals.append(Refusal("GetTable", "AccessDeniedException", "no"))
    refused(athena)
    before = filled.endpoint.calls["GetTable"]
    assert "not allowed" in refused(athena).message
    assert filled.endpoint.calls["GetTable"] == before
    filled.endpoint.faults.clear()
    athena.lake.refresh()
    assert len(types(athena))


def test_uploads_go_on_while_the_lake_fails(filled: Cloud, athena: Stores) -> None:
    for operation in ("GetTable", "StartQueryExecution"):
        filled.endpoint.faults.refusals.append(Refusal(operation, "AccessDeniedException", "no"))
    upload = commit(athena, *spend_file(MONDAY), "mia")
    assert upload["status"] == "committed"
    history = ask(athena, "uploads")
    assert not history.stale
    assert upload["upload_id"] in set(history.rows["upload_id"])


def test_no_secret_is_in_any_log(
    filled: Cloud, opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = {"AWS_SECRET_ACCESS_KEY": "secret-of-all-secrets", "AWS_SESSION_TOKEN": "token-of-all-tokens"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(engine_athena, "SECONDS_OF_RETRIES", 1.5)  # one retry is as good as five
    caplog.set_level(logging.INFO)
    for name in ("pipelines", "pyathena", "pyiceberg"):
        caplog.set_level(logging.DEBUG, name)
    stores, said = opened(), list[str]()
    for operation in ("StartQueryExecution", "GetQueryExecution", "GetQueryResults", "GetTable"):
        for code in (
            "AccessDeniedException",
            "ExpiredTokenException",
            "ThrottlingException",
            "InvalidSignatureException",
        ):
            filled.endpoint.faults.refusals[:] = [Refusal(operation, code, "no")]
            stores.lake.refresh()
            with pytest.raises(TouchlineError) as caught:
                types(stores)
            said += [str(caught.value), repr(stores.settings), *map(str, log_of(stores))]
            filled.endpoint.faults.clear()
    said.append(caplog.text)
    assert not [secret for secret in secrets.values() if secret in "\n".join(said)]


def test_a_value_that_athena_does_not_take_is_named(athena: Stores) -> None:
    with pytest.raises(WrongUsage, match="1,100 characters; Athena takes 1,024") as caught:
        athena.lake.frame("one_conversion", {"conversion": "x" * 1100})
    assert caught.value.remedy


def test_a_look_at_the_catalogue_holds_for_a_minute(
    filled: Cloud, athena: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    athena.read()
    before = filled.endpoint.calls["GetTable"]
    athena.read()
    assert filled.endpoint.calls["GetTable"] == before
    athena.lake.refresh()
    athena.read()
    assert filled.endpoint.calls["GetTable"] == before + len(TABLES)
    monkeypatch.setattr("pipelines.stores.lake_remote._SECONDS_A_LOOK_HOLDS", 0.0)  # as if the minute were over
    athena.lake.refresh()
    athena.read()
    athena.read()
    assert filled.endpoint.calls["GetTable"] == before + 3 * len(TABLES)
