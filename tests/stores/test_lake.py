"""The lake: rows by their id, uploads that come and go, writers at once, and readings that hold still."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyiceberg.table import Table, Transaction
from pyiceberg.types import StringType

from pipelines import statements
from pipelines.derived import BOOKKEEPING
from pipelines.errors import LakeUnavailable
from pipelines.stores.base import Stores
from pipelines.stores.catalog import TABLES, arrow_schema, partitions
from pipelines.stores.files_duckdb import same_in_all
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse

MONDAY = datetime.fromisoformat("2026-03-02T10:00:00")


Rows = Mapping[str, tuple[str | None, int]]
"""Touchpoint id -> its channel, and its day after Monday."""


def touches(rows: Rows, upload_id: str | None = None) -> pa.Table:
    """Touchpoints as they are handed to the lake."""
    return pa.Table.from_pylist(
        [
            {
                "touchpoint_id": key,
                "occurred_at": MONDAY + timedelta(days=day),
                "dt": (MONDAY + timedelta(days=day)).date().isoformat(),
                "person": "ann",
                "channel": channel,
                "upload_id": upload_id,
            }
            for key, (channel, day) in rows.items()
        ],
        schema=arrow_schema("touchpoints"),
    )


def write(lake: DuckDBLake, upload_id: str, rows: Rows) -> None:
    """Store rows under an upload, as a commit does."""
    lake.write("touchpoints", touches(rows, upload_id), upload_id)


def held(lake: DuckDBLake) -> dict[str, str]:
    """Touchpoint id -> channel that holds, one row an id."""
    rows = lake.table("touchpoints").scan().to_arrow()
    ids: list[str] = rows["touchpoint_id"].to_pylist()
    assert len(set(ids)) == len(ids)
    return dict(sorted(zip(ids, rows["channel"].to_pylist(), strict=True)))


@pytest.fixture
def lake(stores: Stores) -> DuckDBLake:
    assert isinstance(stores.lake, DuckDBLake)
    return stores.lake


def test_a_new_lake_has_every_table_and_no_rows(lake: DuckDBLake) -> None:
    assert lake.snapshots() == dict.fromkeys(TABLES)
    for name in TABLES:
        table = lake.table(name)
        assert [field.name for field in table.schema().fields] == list(TABLES[name])
        assert [field.name for field in table.spec().fields] == list(partitions(name))
    assert lake.frame("feeds", {}).empty
    assert "one" not in lake.held_uploads("touchpoints")
    assert lake.origin("journeys", None) is None


def test_rows_come_back_as_they_were_stored(lake: DuckDBLake) -> None:
    write(lake, "one", {"t1": ("Search", 0), "t2": ("Füße ’n’ 日本", 0)})
    write(lake, "two", {"t3": ("it's", 1)})
    assert held(lake) == {"t1": "Search", "t2": "Füße ’n’ 日本", "t3": "it's"}
    names = lake.frame("names", {})
    assert set(names["channel"]) == {"Search", "Füße ’n’ 日本", "it's"}
    assert lake.frame("feeds", {})["row_count"].tolist() == [3]


def test_compare_tells_new_replaced_and_unchanged(lake: DuckDBLake) -> None:
    write(lake, "one", {"a": ("Search", 0), "b": ("Search", 0), "c": ("Search", 0)})
    found = lake.compare("touchpoints", touches({"d": ("Search", 0), "b": ("Social", 0), "a": ("Search", 0)}))
    assert (found.new.tolist(), found.replaced.tolist(), found.unchanged.tolist()) == (
        [True, False, False],
        [False, True, False],
        [False, False, True],
    )
    moved = lake.compare("touchpoints", touches({"a": ("Search", 1)}))
    assert moved.replaced.tolist() == [True]


def test_a_commit_carries_its_upload(lake: DuckDBLake) -> None:
    write(lake, "one", {"a": ("Search", 0)})
    assert "one" in lake.held_uploads("touchpoints")
    assert "on" not in lake.held_uploads("touchpoints")
    assert "one" not in lake.held_uploads("conversions")
    lake.undo("touchpoints", ["one"], [])
    assert "one" not in lake.held_uploads("touchpoints")
    write(lake, "one", {"a": ("Search", 0)})
    assert "one" in lake.held_uploads("touchpoints")


def test_a_row_that_moves_to_another_day_is_there_once(lake: DuckDBLake) -> None:
    write(lake, "one", {"a": ("Search", 0), "b": ("Search", 0)})
    write(lake, "two", {"a": ("Social", 3)})
    assert held(lake) == {"a": "Social", "b": "Search"}
    lake.undo("touchpoints", ["two"], ["one"])
    assert held(lake) == {"a": "Search", "b": "Search"}


IDS, CHANNELS = ("a", "b", "c", "d"), ("Search", "Social", "Mail")
uploads = st.dictionaries(st.sampled_from(IDS), st.tuples(st.sampled_from(CHANNELS), st.integers(0, 2)), min_size=1)
steps = st.lists(st.one_of(uploads, st.integers(0, 9)), min_size=2, max_size=7)
"""What happens to a table: an upload of id -> (channel, day), or the undo of one of those that stand."""


numbers = count(1)


@pytest.fixture(scope="module")
def shared_lake(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Iterator[DuckDBLake]:
    warehouse = Warehouse(new_database())
    lake = DuckDBLake(warehouse.url, tmp_path_factory.mktemp("lake"))
    yield lake
    lake.close()
    warehouse.close()


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps)
def test_what_holds_is_the_newest_of_each_id_among_the_uploads_that_stand(
    shared_lake: DuckDBLake, steps: Sequence[Rows | int]
) -> None:
    lake = shared_lake
    if held(lake):  # left by an example that failed
        lake.table("touchpoints").delete()
    standing: dict[str, Rows] = {}
    for step in steps:
        if not isinstance(step, int):
            upload_id = f"upload {next(numbers)}"
            write(lake, upload_id, step)
            standing[upload_id] = step
        elif standing:
            gone = list(standing)[step % len(standing)]
            del standing[gone]
            lake.undo("touchpoints", [gone], list(standing))
            assert gone not in lake.held_uploads("touchpoints")
        newest: dict[str, tuple[str | None, int]] = {}
        for upload in standing.values():
            newest.update(upload)
        assert held(lake) == {key: channel for key, (channel, _) in sorted(newest.items())}
        assert all(upload_id in lake.held_uploads("touchpoints") for upload_id in standing)
    lake.undo("touchpoints", list(standing), [])
    assert held(lake) == {}


def test_two_writers_at_once_lose_nothing(stores: Stores, lake: DuckDBLake) -> None:
    """Two processes' lakes: where both commit on one state, the slower one commits again on the state that the faster one left."""
    other = DuckDBLake(stores.warehouse.engine.url.render_as_string(hide_password=False), stores.settings.home)
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def work(mine: DuckDBLake, name: str) -> None:
        try:
            start.wait()
            for number in range(4):
                write(mine, f"{name}{number}", {f"{name}{number}": ("Mail", 0), "shared": (name, 0)})
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(mine, name)) for mine, name in ((lake, "a"), (other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert failures == []
    assert set(held(lake)) == {*(f"{name}{number}" for name in "ab" for number in range(4)), "shared"}


@pytest.mark.parametrize("before", [{}, {"old": ("Mail", 0), "shared": ("Mail", 0)}], ids=["empty", "filled"])
def test_a_commit_that_comes_second_is_made_anew(
    lake: DuckDBLake, before: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer commits just before: its rows stay, and an id that both bring is there once, from the second."""
    if before:
        write(lake, "first of all", before)
    commit = Transaction.commit_transaction

    def come_second(self: Transaction) -> Table:
        monkeypatch.setattr(Transaction, "commit_transaction", commit)
        write(lake, "faster", {"shared": ("Social", 0), "theirs": ("Social", 0)})
        return commit(self)

    monkeypatch.setattr(Transaction, "commit_transaction", come_second)
    write(lake, "slower", {"shared": ("Search", 0), "ours": ("Search", 0)})
    old = {"old": "Mail"} if before else {}
    assert held(lake) == {**old, "ours": "Search", "shared": "Search", "theirs": "Social"}
    lake.undo("touchpoints", ["slower"], ["first of all", "faster"])
    assert held(lake) == {**old, "shared": "Social", "theirs": "Social"}


def test_a_reading_holds_still_while_others_commit(stores: Stores, lake: DuckDBLake) -> None:
    write(lake, "one", {"a": ("Search", 0)})
    before = stores.read()
    write(lake, "two", {"a": ("Social", 0), "b": ("Social", 0)})
    write(lake, "three", {"c": ("Mail", 1)})
    lake.undo("touchpoints", ["two"], ["one", "three"])
    after = stores.read()
    assert before.lake("names", {})["channel"].tolist() == ["Search"]
    assert after.lake("feeds", {})["row_count"].tolist() == [2]
    assert before.lake("feeds", {})["row_count"].tolist() == [1]
    assert before.data_version != after.data_version == stores.data_version()


def test_every_older_snapshot_can_be_read_again(lake: DuckDBLake) -> None:
    seen = {}
    for number, channel in enumerate(("Search", "Social", "Mail")):
        write(lake, f"upload {number}", {"a": (channel, number), f"b{number}": (channel, number)})
        seen[number] = (lake.snapshots(), lake.frame("names", {}))
    lake.undo("touchpoints", ["upload 1"], ["upload 0", "upload 2"])
    for snapshots, rows in seen.values():
        pd.testing.assert_frame_equal(lake.frame("names", {}, snapshots=snapshots), rows)


def test_days_prune_the_files_and_lose_no_row(lake: DuckDBLake) -> None:
    for day in range(4):
        write(lake, f"upload {day}", {f"t{day}": ("Mail", day)})
    bounds = {
        "zone_breaks": [],
        "zone_offsets": [0],
        "starts_at": "2026-01-01 00:00:00",
        "ends_at": "2027-01-01 00:00:00",
    }
    few = lake.frame("touchpoint_days", {"first_dt": "2026-03-03", "last_dt": "2026-03-04", **bounds})
    assert few["day"].tolist() == ["2026-03-03", "2026-03-04"]
    whole = lake.frame("touchpoint_days", {"first_dt": "2026-03-01", "last_dt": "2026-03-31", **bounds})
    assert whole["row_count"].sum() == 4


def told(lake: DuckDBLake) -> dict[str, str | bool]:
    """Of the columns that these tests write, those that need not be read."""
    table = lake.table("touchpoints")
    same = same_in_all(table.schema(), [task.file for task in table.scan().plan_files()])
    return {column: value for column, value in same.items() if column not in BOOKKEEPING}


def test_what_is_the_same_in_all_files_is_told_and_not_read(lake: DuckDBLake) -> None:
    write(lake, "one", {"a": ("L'Oréal", 0)})
    write(lake, "two", {"b": ("L'Oréal", 0)})
    assert told(lake) == {"channel": "L'Oréal", "dt": "2026-03-02", "person": "ann"}
    assert lake.frame("names", {})[["channel", "row_count"]].to_numpy().tolist() == [["L'Oréal", 2]]
    write(lake, "three", {"c": ("L'Oréal", 1)})
    assert set(told(lake)) == {"channel", "person"}
    write(lake, "four", {"d": ("l'oréal", 1)})
    assert set(told(lake)) == {"person"}
    assert lake.frame("names", {})["row_count"].sum() == 4


def test_what_is_the_same_where_it_is_known_and_null_elsewhere_is_read(lake: DuckDBLake) -> None:
    write(lake, "one", {"a": ("Mail", 0)})
    write(lake, "two", {"b": ("Mail", 0), "c": (None, 0)})
    assert "channel" not in told(lake)
    found = lake.frame("names", {})
    assert dict(zip(found["channel"].fillna("none"), found["row_count"], strict=True)) == {"Mail": 2, "none": 1}


def test_a_text_that_its_statistics_may_have_cut_is_read(lake: DuckDBLake) -> None:
    write(lake, "one", {"a": ("sixteen letters.", 0)})
    assert "channel" not in told(lake)
    assert lake.frame("names", {})["channel"].tolist() == ["sixteen letters."]


def test_columns_renamed_and_added_are_read_by_their_field(
    lake: DuckDBLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are not rewritten when a table's columns change, nor is there a new snapshot."""
    write(lake, "one", {"a": ("Search", 0)})
    assert lake.frame("names", {})["channel"].tolist() == ["Search"]
    with lake.table("touchpoints").update_schema() as change:
        change.rename_column("channel", "way")
        change.add_column("mood", StringType())
    (tmp_path / "changed.sql").write_text("select way, mood, touchpoint_id from touchpoints")
    monkeypatch.setattr(statements, "FOLDER", tmp_path)
    [row] = lake.frame("changed", {}).to_dict("records")
    assert (row["way"], row["touchpoint_id"]) == ("Search", "a")
    assert pd.isna(row["mood"])


def test_a_lake_without_its_files_says_so(stores: Stores, lake: DuckDBLake) -> None:
    write(lake, "one", {"a": ("Search", 0)})
    lost = stores.settings.home / "lake"
    lost.rename(lost.with_name("elsewhere"))
    with pytest.raises(LakeUnavailable, match="The lake cannot be read"):
        stores.read()
    lost.with_name("elsewhere").rename(lost)
    assert held(lake) == {"a": "Search"}


def test_a_lake_without_its_catalogue_says_so(tmp_path: Path) -> None:
    with pytest.raises(LakeUnavailable, match="The lake cannot be read"):
        DuckDBLake("postgresql+psycopg2://nobody@127.0.0.1:1/none", tmp_path)
