"""A lake in the cloud answers as the embedded one does, reads what a question needs and no more, and nothing twice."""

from dataclasses import replace
from datetime import datetime

import pandas as pd
import pytest

from pipelines import journeys
from pipelines.ingest.load import commit
from pipelines.questions import QUESTIONS, ask
from pipelines.settings import Settings
from pipelines.stores import open_stores
from pipelines.stores.base import LakeQuery, Stores
from pipelines.stores.catalog import TABLES, arrow_schema
from pipelines.stores.engine_athena import dollars
from tests.cloud.conftest import Open
from tests.cloud.lakes import Cloud
from tests.sql import brand
from tests.stores.prepared_files import spend_file

SLOW = ("model_windows", "model_comparison", "parity", "credit_intervals")
"""What asks the statements of the others again, over and over; the suite of statements holds their rows."""

OF_THE_LAKE = [
    name
    for name, question in QUESTIONS.items()
    if name not in SLOW and any(statement.startswith("lake/") for statement in question.statements)
]

OF_THE_METADATA = ("freshness",)
"""What is told without a query."""

GIVEN = {"conversion": "c0001"}
"""What a question cannot do without."""


@pytest.mark.parametrize("name", OF_THE_LAKE)
def test_a_question_is_answered_alike(embedded: Stores, athena: Stores, name: str) -> None:
    known = {parameter.name for parameter in QUESTIONS[name].parameters}
    given = {name: value for name, value in GIVEN.items() if name in known}
    here, there = ask(embedded, name, given), ask(athena, name, given)
    pd.testing.assert_frame_equal(there.rows, here.rows, rtol=1e-9)
    assert (there.scan is None) == (name in OF_THE_METADATA)
    assert here.scan is None


def test_how_far_feeds_reach_is_told_without_a_query(filled: Cloud, athena: Stores) -> None:
    reading, before = athena.read(), len(filled.endpoint.queries)
    told = reading.feeds()
    assert len(filled.endpoint.queries) == before
    assert set(told["source"]) == {"mentions", "touchpoints", "conversions"}
    pd.testing.assert_frame_equal(told, reading.lake("feeds", {}), check_dtype=False)
    assert reading.stores.lake.feeds(dict.fromkeys(TABLES)).empty  # type: ignore[union-attr]


def test_what_metadata_do_not_tell_is_asked(filled: Cloud, opened: Open, database: str) -> None:
    """A file of somebody's that says nothing of its columns."""
    table = filled.catalog.load_table(f"{database}.mentions")
    with table.transaction() as transaction:
        transaction.set_properties({"write.metadata.metrics.default": "none"})
    row = {"mention_id": "silent", "occurred_at": datetime(2027, 3, 21, 12), "dt": "2027-03-21", "mentions": 1}  # noqa: DTZ001
    table.append(arrow_schema("mentions").empty_table().from_pylist([row], arrow_schema("mentions")))
    reading, before = opened(glue_database=database).read(), len(filled.endpoint.queries)
    told = reading.feeds().set_index("source")
    assert len(filled.endpoint.queries) == before + 1
    assert str(told.loc["mentions", "newest_at"]) == "2027-03-21 12:00:00"


def test_what_is_stored_in_the_warehouse_alone_lets_no_statement_be_asked_again(filled: Cloud, athena: Stores) -> None:
    before, rows = athena.read(), athena.read().lake("names", {})
    commit(athena, *spend_file([("2026-03-02", "Search", "another campaign", "10.00")]), "mia")
    after, queries = athena.read(), len(filled.endpoint.queries)
    assert after.data_version != before.data_version
    pd.testing.assert_frame_equal(after.lake("names", {}), rows)
    assert len(filled.endpoint.queries) == queries


def test_the_tables_are_those_of_one_build(embedded: Stores, athena: Stores) -> None:
    snapshots = athena.lake.snapshots()
    assert set(snapshots) == set(TABLES)
    assert None not in snapshots.values()
    assert journeys.up_to_date(athena.read())
    here, there = (stores.lake.origin("journeys") for stores in (embedded, athena))
    assert here is not None
    assert there is not None
    assert there.program == here.program
    assert there.snapshots == {name: snapshots[name] for name in ("touchpoints", "conversions")}
    assert "nobodys" not in athena.lake.held_uploads("mentions")


def test_a_table_without_rows_is_read_as_one(athena: Stores, embedded: Stores) -> None:
    nothing = dict.fromkeys(TABLES)
    found = athena.lake.frame("feeds", {}, snapshots=nothing)
    assert found.empty
    assert list(found) == list(embedded.lake.frame("feeds", {}))


@pytest.mark.parametrize(
    "bounds", [{}, {"starts_at": "2026-03-03 05:00:00", "ends_at": "2026-03-05 02:15:00"}], ids=["all", "some hours"]
)
@pytest.mark.parametrize("table", ["mentions", "conversions"])
def test_rows_to_export_come_by_day(embedded: Stores, athena: Stores, table: str, bounds: dict[str, str]) -> None:
    here = list(embedded.lake.rows(table, embedded.lake.snapshots(), **bounds))
    there = list(athena.lake.rows(table, athena.lake.snapshots(), **bounds))
    assert [part.num_rows for part in there] == [part.num_rows for part in here]
    assert there == here


def test_a_period_scans_its_days_only(filled: Cloud, athena: Stores) -> None:
    """The bounds on the day reach the engine, and with them the files of the other days stay where they are."""

    def scanned(first: str, last: str) -> int:
        ran: list[LakeQuery] = []
        bounds = {"first_dt": first, "last_dt": last, "starts_at": f"{first} 00:00:00", "ends_at": f"{last} 23:59:59"}
        athena.lake.frame("touchpoint_days", {**bounds, "zone_breaks": [], "zone_offsets": [0]}, ran=ran.append)
        return ran[0].scanned_bytes

    day = scanned(brand.ALL_DAYS[3], brand.ALL_DAYS[3])
    whole = scanned(brand.ALL_DAYS[0], brand.ALL_DAYS[-1])
    assert 0 < day < whole / 5


def test_a_rerun_asks_nothing_and_other_processes_share_the_answer(
    filled: Cloud, athena: Stores, in_cloud: Settings
) -> None:
    first = ask(athena, "channel_credit", {"model": "linear", "lookback_days": 21.0})
    assert first.scan is not None
    before = filled.endpoint.calls["StartQueryExecution"]
    assert ask(athena, "channel_credit", {"model": "linear", "lookback_days": 21.0}) is first
    other = open_stores(in_cloud)
    second = ask(other, "channel_credit", {"model": "linear", "lookback_days": 21.0})
    other.close()
    assert filled.endpoint.calls["StartQueryExecution"] == before
    assert (second.computed_at, second.scan, second.data_version) == (first.computed_at, first.scan, first.data_version)


def test_what_was_scanned_is_told_and_written_down(filled: Cloud, athena: Stores) -> None:
    answer = ask(athena, "channel_credit", {"model": "last_touch", "lookback_days": 19.0})
    assert answer.scan is not None
    log = ask(athena, "lake_queries", {"days": 1, "most": answer.scan.queries})
    of_it = log.rows
    assert len(of_it) == answer.scan.queries
    assert of_it["scanned_bytes"].sum() == answer.scan.scanned_bytes > 0
    assert of_it["dollars"].sum() == pytest.approx(answer.scan.dollars)
    assert set(of_it["state"]) == {"succeeded"}
    assert set(of_it["query_id"]) <= {query.id for query in filled.endpoint.queries}
    assert log.facts["total_bytes"] >= answer.scan.scanned_bytes


def test_an_equal_query_is_not_paid_for_twice(athena: Stores, in_cloud: Settings) -> None:
    """Nothing is kept of it here, but Athena has its result; a setting of 0 minutes does without."""

    def ran(stores: Stores) -> LakeQuery:
        told: list[LakeQuery] = []
        stores.lake.frame("hashtags", {"most": 7}, ran=told.append)
        return told[0]

    ran(athena)
    again = ran(athena)
    assert again.reused
    assert (again.scanned_bytes, again.dollars) == (0, 0.0)
    anew = open_stores(replace(in_cloud, athena_reuse_minutes=0))
    assert not ran(anew).reused
    anew.close()


@pytest.mark.parametrize(
    ("scanned", "price"), [(0, 0.0), (1, 5e-5), (10_000_000, 5e-5), (10_000_001, 5.5e-5), (10**12, 5.0)]
)
def test_ten_megabytes_are_paid_at_least_and_whole_ones(scanned: int, price: float) -> None:
    assert dollars(scanned, 5.0) == pytest.approx(price)
