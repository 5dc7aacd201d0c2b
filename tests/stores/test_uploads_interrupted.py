"""Uploads whose process is killed (kill -9) at the worst moments: finished or forgotten at the next opening, never half."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from pipelines.ingest import history, uploads
from pipelines.ingest.load import commit, start_commit
from pipelines.settings import PROJECT, Settings
from pipelines.stores import Stores, open_stores
from tests.stores.prepared_files import spend_file, touchpoint_file
from tests.stores.test_uploads import channels, spend

# The other process opens the same home, breaks one function so that it kills the process, and does what it is told.
OTHER = """
import os, signal
from pathlib import Path
from pipelines.ingest import history, load, uploads
from pipelines.settings import load_settings
from pipelines.stores import open_stores
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.stores.prepared_files import spend_file, touchpoint_file

stores = open_stores(load_settings({{"TOUCHLINE_HOME": {home!r}}}))
touches = touchpoint_file(
    [("t1", "2026-03-02T10:00:00", "ann", "Search")], conversions=[("c1", "2026-03-02T11:00:00", "ann")]
)
spending = spend_file([("2026-03-02", "Search", "Spring", "10.00")])
corrected = touchpoint_file([("t9", "2026-03-05T10:00:00", "ann", "Mail")])
respending = spend_file([("2026-03-02", "Search", "Autumn", "11.00")])
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
{deed}
"""

WRITE_THEN_DIE = """
write = DuckDBLake.write
def write_then_die(self, *arguments, **options):
    write(self, *arguments, **options)
    die()
DuckDBLake.write = write_then_die
load.commit(stores, *{file}, "mia", replaces={replaces!r})
"""

UNDO_THEN_DIE = """
upload = load.commit(stores, *touches, "mia")
undo = DuckDBLake.undo
def undo_then_die(self, *arguments):
    undo(self, *arguments)
    die()
DuckDBLake.undo = undo_then_die
history.undo(stores, upload["upload_id"], "mia")
"""


def die_while(settings: Settings, deed: str) -> None:
    """Run a deed in another process and see it killed."""
    code = OTHER.format(home=str(settings.home), deed=deed)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == -9, done.stderr


@pytest.fixture
def own_stores(settings: Settings) -> Iterator[Stores]:
    """Stores of a home with a server of its own, as other processes find them."""
    stores = open_stores(settings)
    yield stores
    stores.close()


def statuses(stores: Stores) -> list[str]:
    return stores.warehouse.frame("uploads", version=99)["status"].tolist()


def test_killed_after_the_lake_has_all_rows_it_is_finished(own_stores: Stores) -> None:
    die_while(own_stores.settings, 'uploads.mark_committed = die; load.commit(stores, *touches, "mia")')
    assert statuses(own_stores) == ["pending"]
    history.recover(own_stores)
    upload = own_stores.warehouse.frame("uploads", version=99).iloc[0]
    assert (upload["status"], upload["rows_new"], upload["uploaded_by"]) == ("committed", 1, "mia")
    assert channels(own_stores) == {"t1": "Search"}
    version = own_stores.data_version()
    history.recover(own_stores)
    assert own_stores.data_version() == version


def test_killed_between_its_two_lake_tables_it_is_forgotten(own_stores: Stores) -> None:
    die_while(own_stores.settings, WRITE_THEN_DIE.format(file="touches", replaces=None))
    assert channels(own_stores) == {"t1": "Search"}
    history.recover(own_stores)
    assert (statuses(own_stores), channels(own_stores)) == (["failed"], {})
    upload = own_stores.warehouse.frame("uploads", version=99).iloc[0]
    assert upload["error"] == history.INTERRUPTED


def test_killed_within_the_warehouses_transaction_it_is_forgotten(own_stores: Stores) -> None:
    die_while(own_stores.settings, 'uploads.bump = die; load.commit(stores, *spending, "mia")')
    history.recover(own_stores)
    assert (statuses(own_stores), spend(own_stores), own_stores.warehouse.version()) == (["failed"], {}, 0)
    assert (
        commit(own_stores, *spend_file([("2026-03-02", "Search", "Spring", "10.00")]), "mia")["status"] == "committed"
    )


def test_killed_within_an_undo_it_is_finished(own_stores: Stores) -> None:
    die_while(own_stores.settings, UNDO_THEN_DIE)
    history.recover(own_stores)
    upload = own_stores.warehouse.frame("uploads", version=99).iloc[0]
    assert (upload["status"], upload["undone_by"], channels(own_stores)) == ("undone", "mia", {})


def test_killed_while_it_clears_the_demo_the_clearing_is_finished(own_stores: Stores) -> None:
    commit(own_stores, *touchpoint_file([("d1", "2026-01-01T10:00:00", "dan", "Demo")]), "demo", demo=True)
    die_while(own_stores.settings, 'uploads.finish_undos = die; load.commit(stores, *spending, "mia")')
    assert channels(own_stores) == {"d1": "Demo"}
    history.recover(own_stores)
    assert (channels(own_stores), spend(own_stores)) == ({}, {"Spring": 10.0})


def conversions(stores: Stores) -> list[str]:
    return sorted(stores.lake.table("conversions").scan().to_arrow()["conversion_id"].to_pylist())  # type: ignore[attr-defined]


@pytest.fixture
def first(own_stores: Stores) -> str:
    """An upload of two lake tables, about to be read again."""
    touches = touchpoint_file(
        [("t1", "2026-03-02T10:00:00", "ann", "Search")], conversions=[("c1", "2026-03-02T11:00:00", "ann")]
    )
    upload_id: str = commit(own_stores, *touches, "mia")["upload_id"]
    return upload_id


def test_killed_between_the_lake_tables_of_a_reread_the_old_reading_is_whole_again(
    own_stores: Stores, first: str
) -> None:
    die_while(own_stores.settings, WRITE_THEN_DIE.format(file="corrected", replaces=first))
    assert (channels(own_stores), conversions(own_stores)) == ({"t9": "Mail"}, ["c1"])
    history.recover(own_stores)
    assert sorted(statuses(own_stores)) == ["committed", "failed"]
    assert (channels(own_stores), conversions(own_stores)) == ({"t1": "Search"}, ["c1"])
    history.undo(own_stores, first, "mia")
    assert (channels(own_stores), conversions(own_stores)) == ({}, [])


def test_killed_once_the_lake_has_all_of_a_reread_it_is_finished(own_stores: Stores, first: str) -> None:
    deed = f'uploads.mark_committed = die; load.commit(stores, *corrected, "mia", replaces={first!r})'
    die_while(own_stores.settings, deed)
    history.recover(own_stores)
    assert sorted(statuses(own_stores)) == ["committed", "replaced"]
    assert (channels(own_stores), conversions(own_stores)) == ({"t9": "Mail"}, [])


def test_killed_once_the_lake_has_all_of_a_reread_but_another_one_is_faster_it_is_forgotten(
    own_stores: Stores, first: str
) -> None:
    deed = f'uploads.mark_committed = die; load.commit(stores, *corrected, "mia", replaces={first!r})'
    die_while(own_stores.settings, deed)
    other = touchpoint_file([("t5", "2026-03-05T10:00:00", "ann", "Direct")])
    commit(own_stores, *other, "tom", replaces=first)
    history.recover(own_stores)
    assert sorted(statuses(own_stores)) == ["committed", "failed", "replaced"]
    assert (channels(own_stores), conversions(own_stores)) == ({"t5": "Direct"}, [])


def test_killed_within_the_warehouses_transaction_of_a_reread_the_old_reading_holds(own_stores: Stores) -> None:
    old = commit(own_stores, *spend_file([("2026-03-02", "Search", "Spring", "10.00")]), "mia")["upload_id"]
    deed = f'uploads.bump = die; load.commit(stores, *respending, "mia", replaces={old!r})'
    die_while(own_stores.settings, deed)
    history.recover(own_stores)
    assert (sorted(statuses(own_stores)), spend(own_stores)) == (["committed", "failed"], {"Spring": 10.0})
    assert own_stores.warehouse.version() == 1


def test_a_living_worker_is_left_alone(stores: Stores) -> None:
    prepared, content = spend_file([("2026-03-02", "Search", "Spring", "10.00")])
    with uploads.commits_stopped(stores):
        upload_id = start_commit(stores, prepared, content, "mia")  # waits for its turn
        history.recover(stores)
        assert history.get_upload(stores, upload_id)["status"] == "pending"
    for _ in range(200):
        history.recover(stores)
        if history.get_upload(stores, upload_id)["status"] != "pending":
            break
    assert history.get_upload(stores, upload_id)["status"] == "committed"
