"""Real faults in the middle of commits: the database gone, the disk full, two processes at once. All of a file is stored or none of it, and
its status row says which."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from pipelines.errors import TouchlineError
from pipelines.ingest import history
from pipelines.ingest.load import commit, start_commit
from pipelines.ingest.prepared import Prepared
from pipelines.settings import PROJECT, Settings, load_settings
from pipelines.stores import Stores, open_stores
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.stores.prepared_files import spend_file, touchpoint_file
from tests.stores.test_uploads import channels

MANY = 60_000  # rows, enough for a second of COPY


@pytest.fixture
def own_stores(settings: Settings) -> Iterator[Stores]:
    """Stores of a home with a server of its own."""
    stores = open_stores(settings)
    yield stores
    stores.close()


def many_rows(kind: str = "A") -> tuple[Prepared, bytes]:
    return spend_file([("2026-03-02", "Search", f"{kind} {number}", "1.00") for number in range(MANY)])


def count(stores: Stores) -> int:
    """Spend rows that hold."""
    with stores.warehouse.transaction() as connection:
        return int(connection.execute(text("select count(*) from spend_as_of(1000000)")).scalar_one())


def statuses(stores: Stores) -> list[str]:
    return stores.warehouse.frame("uploads", version=1_000_000)["status"].tolist()


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().split("\n", 1)[0])


def stop(home: Path, how: signal.Signals) -> None:
    """Stop the home's server and wait until it is gone."""
    server = postmaster(home)
    os.kill(server, how)
    while Path(f"/proc/{server}").exists():
        time.sleep(0.01)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL], ids=["fast", "immediate", "killed"])
def test_the_database_stops_in_the_middle_of_a_copy(
    own_stores: Stores, join: Callable[[str], None], how: signal.Signals
) -> None:
    commit(own_stores, *spend_file([("2026-03-01", "Search", "Before", "1.00")]), "mia")
    upload_id = start_commit(own_stores, *many_rows(), "mia")
    copying = text(
        "select exists (select 1 from pg_stat_activity where query like 'copy \"spend\"%' and state = 'active')"
    )
    with own_stores.warehouse.engine.connect() as connection:
        while not connection.execute(copying).scalar_one():
            connection.rollback()
            time.sleep(0.001)
    stop(own_stores.settings.home, how)
    join(upload_id)
    history.recover(own_stores)  # the server is started again by whoever needs it
    upload = history.get_upload(own_stores, upload_id)
    assert (upload["status"], count(own_stores)) == ("failed", 1), upload["error"]
    assert upload["error"].startswith("The warehouse d")  # did not take the rows, does not answer
    assert commit(own_stores, *many_rows(), "mia")["status"] == "committed"
    assert count(own_stores) == 1 + MANY


def test_the_database_stops_between_the_lake_and_the_warehouse(
    own_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(own_stores, *touchpoint_file([("t1", "2026-03-02T10:00:00", "ann", "Search")]), "mia")
    write = DuckDBLake.write

    def write_then_stop(lake: DuckDBLake, table: str, *rest: str, **options: str) -> None:
        write(lake, table, *rest, **options)
        stop(own_stores.settings.home, signal.SIGQUIT)

    with monkeypatch.context() as broken:
        broken.setattr(DuckDBLake, "write", write_then_stop)
        with pytest.raises(TouchlineError):
            commit(own_stores, *touchpoint_file([("t2", "2026-03-02T10:00:00", "bob", "Mail")]), "mia")
    history.recover(own_stores)
    said = dict(zip(statuses(own_stores), channels(own_stores).items(), strict=False))
    assert sorted(statuses(own_stores)) == ["committed", "failed"], said
    assert channels(own_stores) == {"t1": "Search"}


def test_two_processes_that_bring_the_same_file_at_once_store_it_once(own_stores: Stores, tmp_path: Path) -> None:
    file = tmp_path / "spend.csv"
    rows = "".join(f"2026-03-02,Search,Campaign {number},1.50\n" for number in range(20_000))
    file.write_text(f"date,channel,campaign,amount\n{rows}")
    command = [sys.executable, "-m", "pipelines", "ingest", "spend", str(file)]
    variables = {**os.environ, "TOUCHLINE_HOME": str(own_stores.settings.home), "TOUCHLINE_USER": "mia"}
    both = [subprocess.Popen(command, cwd=PROJECT, env=variables, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert (statuses(own_stores), count(own_stores)) == (["committed"], 20_000)
    assert sorted(words.split()[0] for words in said) == ["Not", "Stored"]
    assert sum("loaded by mia" in words for words in said) == 1


# Another process that may write no file longer than a limit, as on a disk that is full.
LIMITED = """
import resource, sys
from pipelines.errors import TouchlineError
from pipelines.ingest.load import commit
from pipelines.settings import load_settings
from pipelines.stores import open_stores
from tests.stores.prepared_files import spend_file, touchpoint_file

stores = open_stores(load_settings({{"TOUCHLINE_HOME": {home!r}}}))
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    commit(stores, {file}[0], {content}, "mia")
except TouchlineError as problem:
    print(problem)
"""


def commit_limited(stores: Stores, file: str, content: str, limit: int) -> str:
    """What a process says that commits a file and may write no file longer than `limit` bytes."""
    code = LIMITED.format(home=str(stores.settings.home), file=file, content=content, limit=limit)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def test_a_disk_that_cannot_keep_the_file_stores_nothing(own_stores: Stores) -> None:
    file = 'spend_file([("2026-03-02", "Search", "Spring", "10.00")])'
    said = commit_limited(own_stores, file, "bytes(2_000_000)", 1_000_000)
    assert "could not be kept" in said
    assert "File too large. Nothing was stored. Make room" in said
    assert (statuses(own_stores), count(own_stores)) == ([], 0)
    assert [path for path in (own_stores.settings.home / "raw").rglob("*") if path.is_file()] == []


def test_a_disk_that_cannot_take_the_lakes_rows_stores_nothing(own_stores: Stores) -> None:
    touches = (
        'touchpoint_file([(f"{n * 7919 ** 9:x}", "2026-03-02T10:00:00", f"{n ** 17:x}", "Mail") for n in range(9_000)])'
    )
    said = commit_limited(own_stores, touches, "b'kept'", 200_000)
    assert said
    assert (statuses(own_stores), channels(own_stores)) == (["failed"], {})
    [error] = own_stores.warehouse.frame("uploads", version=1)["error"]
    assert error == said.strip()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 150 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=150m", "none", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root may mount a disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_keeps_every_file_whole_or_out(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(30 * 2**20))
    stores = open_stores(load_settings({"TOUCHLINE_HOME": str(small_disk / "home")}))
    stored, problem = 0, None
    try:
        for number in range(20):
            prepared, content = many_rows(f"File {number}")
            try:
                commit(stores, prepared, content[:1000], "mia")
                stored += 1
            except TouchlineError as refused:
                problem = str(refused)
                break
        assert problem is not None
        assert "No space left" in problem
        ballast.unlink()
        stores.close()
        stores = open_stores(stores.settings)
        history.recover(stores)
        assert count(stores) == stored * MANY > 0
        assert statuses(stores).count("committed") == stored
        assert "pending" not in statuses(stores)
        commit(stores, *spend_file([("2026-03-02", "Search", "After", "1.00")]), "mia")
        assert count(stores) == stored * MANY + 1
    finally:
        stores.close()
