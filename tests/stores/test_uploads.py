"""Uploads as transactions: what is stored, what is not, and what an undo restores."""

import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pipelines.errors import FileRefused, NotFound, TouchlineError, WarehouseUnavailable
from pipelines.ingest import history, uploads
from pipelines.ingest.load import commit, start_commit
from pipelines.ingest.plan import preview
from pipelines.ingest.prepared import Doubt, Prepared
from pipelines.settings import Settings
from pipelines.stores import open_stores
from pipelines.stores.base import Stores
from tests.stores.prepared_files import spend_file, touchpoint_file

MONDAY = [("2026-03-02", "Search", "Spring", "10.00"), ("2026-03-02", "Search", "Summer", "20.00")]
TOUCHES = [("t1", "2026-03-02T10:00:00", "ann", "Search"), ("t2", "2026-03-03T10:00:00", "bob", "Social")]


def spend(stores: Stores, version: int | None = None) -> dict[str, float]:
    """Campaign -> amount that holds (at a version)."""
    frame = stores.warehouse.frame(
        "spend",
        version=stores.warehouse.version() if version is None else version,
        first_day="2026-01-01",
        last_day="2026-12-31",
    )
    return dict(zip(frame["campaign"], frame["amount"], strict=True))


def channels(stores: Stores) -> dict[str, str]:
    """Touchpoint id -> channel that holds."""
    table = stores.lake.table("touchpoints").scan().to_arrow()  # type: ignore[attr-defined]
    return dict(sorted(zip(table["touchpoint_id"].to_pylist(), table["channel"].to_pylist(), strict=True)))


def put(stores: Stores, file: tuple[Prepared, bytes], **options: Any) -> str:
    """Commit a file and return the upload's id."""
    upload_id: str = commit(stores, file[0], file[1], "tester", **options)["upload_id"]
    return upload_id


def test_a_commit_stores_rows_bytes_and_refusals(stores: Stores) -> None:
    prepared, content = spend_file(MONDAY, refused=3)
    assert (preview(stores, prepared).new, spend(stores)) == (2, {})
    upload = commit(stores, prepared, content, "mia")
    assert spend(stores) == {"Spring": 10.0, "Summer": 20.0}
    assert (upload["status"], upload["uploaded_by"], upload["rows_new"], upload["rows_refused"]) == (
        "committed",
        "mia",
        2,
        3,
    )
    assert upload["committed_version"] == stores.warehouse.version() == 1
    assert (stores.settings.home / upload["raw_path"]).read_bytes() == content
    refused = stores.warehouse.frame("refused", upload_id=upload["upload_id"])
    assert refused["reason"].tolist() == ["no number"] * 3


def coded(prepared: Prepared) -> Prepared:
    """The same file, its texts held as codes."""
    tables = {
        name: pa.table(
            {
                column: table[column].dictionary_encode() if pa.types.is_string(table[column].type) else table[column]
                for column in table.column_names
            }
        )
        for name, table in prepared.tables.items()
    }
    return replace(prepared, tables=tables)


def test_columns_of_codes_are_stored_like_plain_ones(stores: Stores) -> None:
    for file in (spend_file(MONDAY), touchpoint_file(TOUCHES)):
        put(stores, (coded(file[0]), file[1]))
        plan = preview(stores, coded(replace(file[0], sha256="other")))
        assert (plan.new, plan.replaced, plan.unchanged) == (0, 0, 2)
    assert spend(stores) == {"Spring": 10.0, "Summer": 20.0}
    assert channels(stores) == {"t1": "Search", "t2": "Social"}


def test_the_same_file_twice_changes_nothing(stores: Stores) -> None:
    first = put(stores, spend_file(MONDAY))
    before = stores.data_version()
    plan = preview(stores, spend_file(MONDAY)[0])
    assert (plan.new, plan.replaced, plan.unchanged, plan.changes_nothing) == (0, 0, 2, True)
    assert put(stores, spend_file(MONDAY)) == first
    assert start_commit(stores, *spend_file(MONDAY), "tester") == first
    assert stores.data_version() == before
    lake = put(stores, touchpoint_file(TOUCHES))
    before = stores.data_version()
    assert put(stores, touchpoint_file(TOUCHES)) == lake
    assert stores.data_version() == before


def test_rows_that_were_stored_under_hashes_of_digits_are_known_again(settings: Settings) -> None:
    """A home from before migration 007, as its rows lay then, opened again."""
    file = spend_file([("2026-02-01", "Email", "Spring", "10.00")])
    with closing(open_stores(settings)) as stores:
        put(stores, file)
        with stores.warehouse.transaction() as connection:
            for table in ("account_reach", "first_stream", "spend", "fx_rates", "aliases", "rules"):
                connection.execute(text(f"alter table {table} alter key_hash type text using encode(key_hash, 'hex')"))
            connection.execute(text("delete from migrations where name = '007_key_hashes'"))
    with closing(open_stores(settings)) as stores:
        assert preview(stores, spend_file([("2026-02-01", "Email", "Spring", "10.00")])[0]).changes_nothing


def test_an_undone_file_can_be_loaded_again(stores: Stores) -> None:
    first = put(stores, spend_file(MONDAY))
    history.undo(stores, first, "tester")
    assert spend(stores) == {}
    assert put(stores, spend_file(MONDAY)) != first
    assert spend(stores) == {"Spring": 10.0, "Summer": 20.0}


def test_a_newer_file_replaces_by_key_and_its_undo_restores(stores: Stores) -> None:
    put(stores, spend_file(MONDAY))
    before = spend(stores)
    correction = spend_file([("2026-03-02", "search", "SPRING", "11.50"), ("2026-03-03", "Search", "Autumn", "1.00")])
    plan = preview(stores, correction[0])
    assert (plan.new, plan.replaced, plan.unchanged) == (1, 1, 0)
    second = put(stores, correction)
    assert spend(stores) == {"SPRING": 11.5, "Summer": 20.0, "Autumn": 1.0}
    assert spend(stores, version=1) == before
    history.undo(stores, second, "tester")
    assert spend(stores) == before
    assert spend(stores, version=2) == {"SPRING": 11.5, "Summer": 20.0, "Autumn": 1.0}


def test_undoing_an_earlier_upload_leaves_the_later_one_whole(stores: Stores) -> None:
    first = put(stores, spend_file(MONDAY))
    put(stores, spend_file([MONDAY[1], ("2026-03-03", "Search", "Spring", "5.00")]))
    history.undo(stores, first, "tester")
    assert spend(stores) == {"Summer": 20.0, "Spring": 5.0}


def test_what_a_newer_file_lacks_goes_only_if_asked(stores: Stores) -> None:
    put(
        stores,
        spend_file([*MONDAY, ("2026-03-02", "Social", "Spring", "7.00"), ("2026-03-03", "Search", "Spring", "1.00")]),
    )
    renamed = spend_file([("2026-03-02", "Search", "Spring 2", "10.00"), MONDAY[1]])
    plan = preview(stores, renamed[0])
    assert plan.missing[["channel", "campaign"]].to_numpy().tolist() == [["Search", "Spring"]]
    kept = put(stores, renamed)
    assert len(stores.warehouse.frame("spend", version=2, first_day="2026-03-02", last_day="2026-03-02")) == 4
    history.undo(stores, kept, "tester")
    removed = put(stores, renamed, remove_missing=True)
    day = stores.warehouse.frame(
        "spend", version=stores.warehouse.version(), first_day="2026-03-02", last_day="2026-03-02"
    )
    assert sorted(day["campaign"]) == ["Spring", "Spring 2", "Summer"]
    assert spend(stores)["Spring"] == 1.0  # Tuesday's row was never in question
    history.undo(stores, removed, "tester")
    assert "Spring 2" not in spend(stores)


def test_lake_rows_are_replaced_and_restored(stores: Stores) -> None:
    first = put(stores, touchpoint_file(TOUCHES, conversions=[("c1", "2026-03-03T11:00:00", "bob")]))
    changed = touchpoint_file(
        [("t2", "2026-03-03T10:00:00", "bob", "Mail"), ("t3", "2026-03-04T10:00:00", "eve", "Mail")]
    )
    plan = preview(stores, changed[0])
    assert (plan.new, plan.replaced, plan.unchanged) == (1, 1, 0)
    second = put(stores, changed)
    assert channels(stores) == {"t1": "Search", "t2": "Mail", "t3": "Mail"}
    history.undo(stores, second, "tester")
    assert channels(stores) == {"t1": "Search", "t2": "Social"}
    third = put(stores, changed)
    history.undo(stores, first, "tester")
    assert channels(stores) == {"t2": "Mail", "t3": "Mail"}
    history.undo(stores, third, "tester")
    assert channels(stores) == {}


def test_the_first_own_commit_clears_the_demo(stores: Stores) -> None:
    put(stores, spend_file([("2026-01-01", "Demo", "Demo", "1.00")]), demo=True)
    put(stores, touchpoint_file([("d1", "2026-01-01T10:00:00", "dan", "Demo")]), demo=True)
    beside = commit(stores, *spend_file([MONDAY[0]]), "tester", keep_demo=True)
    assert not beside["clears_demo"]
    assert spend(stores) == {"Demo": 1.0, "Spring": 10.0}
    own = commit(stores, *spend_file(MONDAY), "tester")
    assert own["clears_demo"]
    assert spend(stores) == {"Spring": 10.0, "Summer": 20.0}
    assert channels(stores) == {}
    history.undo(stores, own["upload_id"], "tester")
    assert spend(stores) == {"Spring": 10.0}


def test_a_file_in_doubt_is_not_stored(stores: Stores) -> None:
    prepared, content = spend_file(MONDAY)
    doubt = Doubt("date_order", "Day", "01/02/2026", {"day": "2026-02-01", "month": "2026-01-02"})
    for begin in (commit, start_commit):
        with pytest.raises(FileRefused, match=r"may be 2026-02-01 or 2026-01-02.*--date-order day"):
            begin(stores, replace(prepared, doubts=(doubt,)), content, "tester")
    assert stores.warehouse.frame("uploads", version=0).empty


def test_every_row_must_be_accounted_for(stores: Stores) -> None:
    prepared, content = spend_file(MONDAY, refused=3)
    upload = commit(stores, prepared, content, "tester")
    counts = [upload[f"rows_{kind}"] for kind in ("read", "accepted", "merged", "refused", "totals", "removed")]
    assert counts == [5, 2, 0, 3, 0, 0]
    with pytest.raises(IntegrityError, match="every_row_is_accounted_for"):
        commit(stores, replace(prepared, rows_read=6, sha256="other"), content, "tester")
    assert len(stores.warehouse.frame("uploads", version=1)) == 1


def test_what_was_removed_is_counted_and_comes_back(stores: Stores) -> None:
    put(stores, spend_file(MONDAY))
    upload = commit(stores, *spend_file(MONDAY[:1]), "tester", remove_missing=True)
    assert (upload["rows_removed"], spend(stores)) == (1, {"Spring": 10.0})
    history.undo(stores, upload["upload_id"], "tester")
    assert spend(stores) == {"Spring": 10.0, "Summer": 20.0}


def test_wrong_undos_are_refused_in_words(stores: Stores) -> None:
    with pytest.raises(NotFound, match="no upload 'nonsense'"):
        history.undo(stores, "nonsense", "tester")
    upload = put(stores, spend_file(MONDAY))
    history.undo(stores, upload, "mia")
    with pytest.raises(TouchlineError, match="undone already, by mia"):
        history.undo(stores, upload, "tester")


def test_a_file_without_rows_is_refused_and_leaves_no_trace(stores: Stores) -> None:
    prepared, content = spend_file(MONDAY)
    empty = Prepared(**{**vars(prepared), "tables": {"spend": prepared.tables["spend"].slice(0, 0)}})
    with pytest.raises(FileRefused, match="no row"):
        commit(stores, empty, content, "tester")
    assert stores.warehouse.frame("uploads", version=0).empty
    assert not (stores.settings.home / "raw").exists()


def test_a_commit_in_a_thread_is_followed_by_its_status(stores: Stores) -> None:
    upload_id = start_commit(stores, *spend_file(MONDAY), "tester")
    assert history.get_upload(stores, upload_id)["status"] in ("pending", "committed")
    for thread in threading.enumerate():
        if thread.name == f"commit {upload_id}":
            thread.join()
    assert history.get_upload(stores, upload_id)["status"] == "committed"


def test_two_commits_of_one_file_at_once_store_it_once(stores: Stores) -> None:
    with uploads.commits_stopped(stores):
        for _ in range(2):
            start_commit(stores, *spend_file(MONDAY), "tester")
    for thread in threading.enumerate():
        if thread.name.startswith("commit "):
            thread.join()
    stored = stores.warehouse.frame("uploads", version=99)
    assert sorted(stored["status"]) == ["committed", "failed"]
    assert "loaded by tester" in stored.loc[stored["status"] == "failed", "error"].item()
    assert (spend(stores), stores.warehouse.version()) == ({"Spring": 10.0, "Summer": 20.0}, 1)


def test_many_uploads_wait_for_a_long_one(stores: Stores) -> None:
    with uploads.commits_stopped(stores):
        for number in range(40):
            start_commit(stores, *spend_file([("2026-03-02", "Search", f"Campaign {number}", "1.00")]), "tester")
    for thread in threading.enumerate():
        if thread.name.startswith("commit "):
            thread.join()
    assert stores.warehouse.frame("uploads", version=99)["status"].tolist() == ["committed"] * 40
    assert len(spend(stores)) == 40


def test_a_failure_after_the_lake_write_takes_it_back(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    put(stores, touchpoint_file(TOUCHES[:1]))

    def fail(*_: object) -> None:
        raise WarehouseUnavailable("The warehouse does not answer.")

    monkeypatch.setattr(uploads, "mark_committed", fail)
    with pytest.raises(WarehouseUnavailable):
        put(stores, touchpoint_file(TOUCHES[1:]))
    assert channels(stores) == {"t1": "Search"}
    stored = stores.warehouse.frame("uploads", version=99).set_index("status")
    assert stored.loc["failed", "error"] == "The warehouse does not answer."


def test_a_full_or_forbidden_disk_is_said(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", no_space)
    with pytest.raises(WarehouseUnavailable, match="No space left on device"):
        put(stores, spend_file(MONDAY))
    assert spend(stores) == {}


def test_all_that_was_ever_shown_can_be_read_again(stores: Stores) -> None:
    """Every version of the counter keeps its rows, whatever is committed and undone after it."""
    seen: dict[int, dict[str, float]] = {0: {}}
    files = [spend_file([("2026-03-02", "Search", name, f"{n}.00")]) for n, name in enumerate("ABAB", start=1)]
    ids = []
    for file in files:
        ids.append(put(stores, file))
        seen[stores.warehouse.version()] = spend(stores)
    for upload_id in (ids[2], ids[0], ids[3], ids[1]):
        history.undo(stores, upload_id, "tester")
        seen[stores.warehouse.version()] = spend(stores)
    assert len(seen) == 9
    assert {version: spend(stores, version) for version in seen} == seen
    assert pd.Series(seen).tolist()[-1] == {}
