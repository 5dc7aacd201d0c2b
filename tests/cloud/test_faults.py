"""What goes wrong in the cloud, injected at the end point and met by the real clients: the sentence that a person sees, with the source, the
query's id and what to do; the last good answer with its age; uploads that go on; and no secret in any log.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import boto3
import pandas as pd
import pytest
from pyiceberg.types import StringType

from pipelines.errors import LakeUnavailable, TouchlineError, WrongUsage
from pipelines.ingest.load import commit
from pipelines.questions import ask
from pipelines.settings import Settings
from pipelines.stores import engine_athena, open_stores
from pipelines.stores.base import Stores
from pipelines.stores.catalog import TABLES, arrow_schema, load_or_create, open_glue_catalog
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.cloud.athena import Query
from tests.cloud.endpoint import REGION, Refusal
from tests.cloud.lakes import URL, Cloud, copy_lake
from tests.stores.prepared_files import spend_file
from tests.stores.test_uploads import MONDAY

Open = Callable[..., Stores]
Inject = Callable[[Cloud], None]
"""Lets something go wrong from now on."""

REFRESH = "press Refresh"


@pytest.fixture
def opened(filled: Cloud, in_cloud: Settings) -> Iterator[Open]:
    """Open stores of the cloud under other settings. All are closed afterwards, and the faults cleared."""
    stores: list[Stores] = []

    def open_(**settings: object) -> Stores:
        stores.append(open_stores(replace(in_cloud, **settings)))  # type: ignore[arg-type]
        return stores[-1]

    yield open_
    for each in stores:
        each.close()
    filled.endpoint.faults.clear()


@pytest.fixture
def results(filled: Cloud) -> Iterator[None]:
    """After the test the workgroup writes what queries find into a bucket that is there."""
    yield
    usual = {"ResultConfigurationUpdates": {"OutputLocation": f"{URL}/results/"}}
    boto3.client("athena").update_work_group(WorkGroup="touchline", ConfigurationUpdates=usual)


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
    assert error.remedy.startswith("Wait a minute, then press Refresh.")
    assert filled.endpoint.calls["StartQueryExecution"] == before + 2  # the second wait would pass the limit
    assert log_of(athena)[0]["state"] == "failed"


def test_a_query_that_fails_is_named(filled: Cloud, athena: Stores) -> None:
    filled.endpoint.faults.queries.failures.append("GENERIC_INTERNAL_ERROR: Disk on fire\n  at io.trino.Main")
    error = refused(athena)
    assert error.message == (
        f"Conversions cannot be read: GENERIC_INTERNAL_ERROR: Disk on fire (Athena query {last(filled).id})."
    )
    assert error.remedy == "Press Refresh; if it stays, look the query up in Athena."
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


@pytest.fixture
def database(filled: Cloud, embedded: Stores, request: pytest.FixtureRequest) -> str:
    """A database of the test's own, with the brand's tables."""
    name = f"d{abs(hash(request.node.name))}"
    boto3.client("glue").create_database(DatabaseInput={"Name": name})
    assert isinstance(embedded.lake, DuckDBLake)
    copy_lake(embedded.lake, filled.catalog, name)
    return name


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
    said = []
    for operation in ("StartQueryExecution", "GetQueryExecution", "GetQueryResults", "GetTable"):
        for code in (
            "AccessDeniedException",
            "ExpiredTokenException",
            "ThrottlingException",
            "InvalidSignatureException",
        ):
            filled.endpoint.faults.refusals[:] = [Refusal(operation, code, "no")]
            stores = opened()
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
