"""The journeys that Spark builds are those that the embedded build makes of the same rows, whatever changed and wherever a build broke off."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from pyiceberg.table import StaticTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from glue_jobs import build_journeys
from glue_jobs.build_journeys import Arguments, Built, build
from glue_jobs.lake import LakeTable
from glue_jobs.session import CATALOG
from pipelines import derived, journeys
from pipelines.errors import WrongUsage
from pipelines.settings import load_settings
from pipelines.stores.base import Origin, Stores
from pipelines.stores.builds import origin_of
from pipelines.stores.catalog import DERIVED
from pipelines.stores.history import MADE_OF
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse
from tests.sql import events
from tests.sql.events import Conversion, Touch, at
from tests.sql.test_builds import DAYS, Uploads
from tests.sql.test_builds import World as Happenings
from tests.sql.test_conservation import World, few
from tests.sql.worlds import worlds

pytestmark = pytest.mark.cloud

LONGEST_DAYS = 90.0
Row = tuple[Any, ...]


@dataclass
class Both:
    """An embedded lake, and tables of Spark that hold the same touchpoints and conversions."""

    stores: Stores
    spark: SparkSession
    database: str

    def table(self, name: str) -> LakeTable:
        """A table of Spark's as it is now."""
        return LakeTable(self.spark, self.database, name)

    def follow(self) -> None:
        """Let Spark's raw tables hold what the embedded ones do: the days that differ are replaced, as the jobs that curate do it."""
        for name in derived.RAW:
            table = self.table(name)
            wanted = {tuple(row.values()) for row in self._embedded(name)}
            present = {tuple(row) for row in table.rows().collect()}
            day = table.rows().columns.index("dt")
            days = {row[day] for row in wanted ^ present}
            rows = self.spark.createDataFrame([row for row in wanted if row[day] in days], table.rows().schema)
            if days:
                table.replace(rows.coalesce(1), f.col("dt").isin(sorted(days)), {})

    def build(self, days: float = LONGEST_DAYS, **how: Any) -> list[Built]:
        """Build with Spark what the embedded lake built already."""
        return build(self.spark, self.database, derived.longest_ms(days), **how)

    def rows(self, name: str) -> list[Row]:
        """The rows of a derived table of Spark's but for journey numbers, in order."""
        return _in_order(row.asDict() for row in self.table(name).rows().collect())

    def assert_equal(self) -> None:
        """Both derived tables of Spark's are those of the embedded build, and each journey has a number of its own."""
        for name in DERIVED:
            built, embedded = self.rows(name), _in_order(self._embedded(name))
            assert [_whole(row) for row in built] == [_whole(row) for row in embedded]
            assert [_doubles(row) for row in built] == [
                pytest.approx(_doubles(row), rel=1e-9, nan_ok=True) for row in embedded
            ]
        numbers = self.table("journeys").rows().select("journey_id", "journey_number").distinct()
        counted = numbers.select(f.count_distinct("journey_id"), f.count_distinct("journey_number")).collect()
        assert [tuple(row) for row in counted] == [(numbers.count(), numbers.count())]

    def built(self) -> dict[str, int | None]:
        """The snapshots of the derived tables."""
        return {name: self.table(name).snapshot_id for name in DERIVED}

    def files(self, name: str) -> set[str]:
        """The files of a table."""
        found = self.spark.table(f"{CATALOG}.{self.database}.{name}.files").select("file_path").collect()
        return {row.file_path for row in found}

    def _embedded(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.stores.lake.table(name).scan().to_arrow().to_pylist()  # type: ignore[attr-defined]
        return rows


def _whole(row: Row) -> Row:
    return tuple(value for value in row if not isinstance(value, float))


def _doubles(row: Row) -> list[float]:
    """Sums of weights: their last digits are each engine's own."""
    return [value for value in row if isinstance(value, float)]


def _in_order(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    told = (tuple(value for name, value in row.items() if name != "journey_number") for row in rows)
    return sorted(told, key=lambda row: [f"{value:020}" if isinstance(value, int) else str(value) for value in row])


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str], spark: SparkSession
) -> Iterator[Both]:
    """Empty lakes that last for the module."""
    settings = load_settings({"TOUCHLINE_HOME": str(tmp_path_factory.mktemp("both")), "TOUCHLINE_USER": "tester"})
    warehouse = Warehouse(new_database())
    stores = Stores(settings, warehouse, DuckDBLake(warehouse.url, settings.home))
    yield Both(stores, spark, "both")
    stores.close()


@pytest.fixture
def uploads(both: Both) -> Uploads:
    """Both lakes with the events of 75 days, built."""
    for table in (*derived.RAW, *DERIVED):
        both.stores.lake.table(table).delete()  # type: ignore[attr-defined]
    happenings, filled = Happenings(1), Uploads(both.stores)
    filled.touch(*happenings.touches(160, 0, DAYS - 1))
    filled.convert(*happenings.conversions(90, 0, DAYS - 1))
    journeys.build(both.stores, full=True)
    both.follow()
    both.build(full=True)
    return filled


@hypothesis_settings(few, max_examples=3)
@given(worlds)
@pytest.mark.parametrize("days", [LONGEST_DAYS, 1.5])
def test_a_build_of_everything_is_the_embedded_one(both: Both, days: float, world: World) -> None:
    short = replace(both.stores, settings=replace(both.stores.settings, longest_lookback_days=days))
    events.fill(short, *world)
    both.follow()
    both.build(days, full=True)
    both.assert_equal()


def test_builds_by_change_are_builds_of_everything(both: Both, uploads: Uploads) -> None:
    happenings, some = Happenings(4), 0
    for _ in range(5):
        happenings.change(uploads)
        journeys.build(both.stores)
        both.follow()
        some += any(built.people is not None for built in both.build())
        both.assert_equal()
    assert some >= 3  # builds for some people, not for everybody
    before = both.built()
    assert both.build() == []
    assert both.built() == before


def test_a_late_day_writes_only_the_ten_days_that_change(both: Both, uploads: Uploads) -> None:
    uploads.touch(Touch("solo 1", at("2026-01-02"), "solo", "Mail"))
    uploads.convert(Conversion("solo", at("2026-01-04"), "solo"))
    both.follow()
    both.build()
    before = {name: both.files(name) for name in DERIVED}
    uploads.touch(Touch("solo 2", at("2026-01-03"), "solo", "Search"))
    journeys.build(both.stores)
    both.follow()
    assert {built.people for built in both.build()} == {1}
    both.assert_equal()
    for name in DERIVED:
        after = both.files(name)
        assert len(before[name] - after) in (1, 2)  # of the journeys, those that converted and those that did not
        assert all("ten_days=2026-01-0" in path for path in before[name] ^ after)


def test_since_a_day_builds_for_those_of_that_day_and_later(both: Both, uploads: Uploads) -> None:
    last = (at("2026-01-01") + timedelta(days=DAYS - 2)).date()
    who = {one.person or one.id for one in uploads.held("conversions") if one.at.date() >= last}
    who |= {touch.person for touch in uploads.held("touchpoints") if touch.at.date() >= last and touch.person}
    assert [built.people for built in both.build(since=last)] == [len(who)] * 2
    both.assert_equal()


class Stopped(Exception):
    """A build that breaks off."""


@pytest.mark.parametrize("name", DERIVED)
def test_a_build_that_breaks_off_leaves_both_tables_of_the_last_good_one(
    both: Both, uploads: Uploads, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {table: both.rows(table) for table in DERIVED}
    uploads.touch(Touch("late", at("2026-01-20"), "p1", "Search"))
    journeys.build(both.stores)
    both.follow()
    publish = LakeTable._publish

    def stop(table: LakeTable, branch: str) -> int:
        if table.name == name:
            raise Stopped
        return publish(table, branch)

    with monkeypatch.context() as patched:
        patched.setattr(LakeTable, "_publish", stop)
        with pytest.raises(Stopped):
            both.build()
    assert both.rows(name) == good[name]
    common = _newest_of_one_build(both)
    assert {
        table: _in_order(row.asDict() for row in both.table(table).rows_at(common[table]).collect())
        for table in DERIVED
    } == good
    both.build()
    both.assert_equal()


def _newest_of_one_build(both: Both) -> dict[str, int]:
    """The newest snapshots of the derived tables that were made of the same."""
    histories = {
        name: {
            commit.properties[MADE_OF]: commit.snapshot_id
            for commit in reversed(list(both.table(name).history()))
            if MADE_OF in commit.properties  # an empty table's first branch begins at a snapshot that says nothing
        }
        for name in DERIVED
    }
    made_of = [made_of for made_of in histories[DERIVED[0]] if made_of in histories[DERIVED[1]]][-1]
    return {name: history[made_of] for name, history in histories.items()}


def test_a_compaction_is_nobodys_change(both: Both, uploads: Uploads) -> None:
    for name in ("touchpoints", "journeys"):
        _compact(both, name)
    before = both.built()
    assert both.build() == []
    assert both.built() == before
    uploads.touch(Touch("late", at("2026-01-20"), "p1", "Search"))
    journeys.build(both.stores)
    both.follow()
    assert [built.people for built in both.build()] == [1, 1]
    both.assert_equal()


def _compact(both: Both, name: str) -> None:
    """Write the files of a table anew, as a maintenance job does it."""
    table = both.table(name)
    actions: Any = both.spark._jvm.org.apache.iceberg.spark.actions.SparkActions.get(both.spark._jsparkSession)  # type: ignore[union-attr]
    actions.rewriteDataFiles(table._load()).option("rewrite-all", "true").execute()
    assert both.table(name).snapshot_id != table.snapshot_id


def test_what_a_table_was_made_of_is_read_as_that_of_an_embedded_one(both: Both, uploads: Uploads) -> None:
    raw = {name: both.table(name).snapshot_id for name in derived.RAW}
    for name in DERIVED:
        log = both.spark.table(f"{CATALOG}.{both.database}.{name}.metadata_log_entries")
        [newest] = log.orderBy(f.desc("latest_sequence_number"), f.desc("timestamp")).limit(1).collect()
        table = StaticTable.from_metadata(newest.file)
        assert origin_of(table, both.table(name).snapshot_id) == Origin(derived.program(derived.longest_ms(90)), raw)
        assert _in_order(table.scan().to_arrow().to_pylist()) == both.rows(name)


def test_a_run_leaves_a_record(both: Both, uploads: Uploads, tmp_path: Path) -> None:
    arguments = Arguments(str(tmp_path), both.database, True, 2, "1g", LONGEST_DAYS, False, None)
    assert build_journeys.run(both.spark, arguments)["status"] == "nothing new"
    record = build_journeys.run(both.spark, replace(arguments, full=True))
    assert (record["status"], record["rows_out"]) == ("stored", sum(len(both.rows(name)) for name in DERIVED))
    assert (record["rows_in"], record["rows_rejected"]) == (sum(len(uploads.held(name)) for name in derived.RAW), 0)
    assert record["seen"]["touchpoints.person: string"] == len(uploads.held("touchpoints"))
    assert record["drift"] == {}
    assert record["lies_at"] == f"runs/build_journeys/{record['started_at'][:10]}/{record['run_id']}.json"
    written = json.loads((tmp_path / record["lies_at"]).read_text())
    assert written["tables"]["journeys"]["people"] is None
    assert written["tables"]["journeys"]["rows_in"] == sum(len(uploads.held(name)) for name in derived.RAW)
    assert written["bytes"] > 0
    with pytest.raises(Exception, match="nowhere"):
        build_journeys.run(both.spark, replace(arguments, database="no-where`nowhere"))
    failed = [json.loads(path.read_text()) for path in tmp_path.rglob("*.json")]
    assert sum(record["status"] == "failed" and "nowhere" in record["error"] for record in failed) == 1


def test_the_command_line_says_what_is_wrong(tmp_path: Path) -> None:
    said = build_journeys.parse(["--lake", "s3://bucket/lake/", "--since", "2026-01-31", "--full", "--JOB_NAME", "x"])
    assert (said.lake_url, said.full, said.lookback_days, said.local) == ("s3://bucket/lake", True, LONGEST_DAYS, False)
    with pytest.raises(WrongUsage, match=r"31\.1\."):
        build_journeys.parse(["--lake", "x", "--since", "31.1."])
