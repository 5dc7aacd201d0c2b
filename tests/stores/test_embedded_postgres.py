"""The embedded server with real processes: shared, stopped by the last, and none the worse for being killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pipelines.errors import WarehouseUnavailable
from pipelines.settings import PROJECT
from pipelines.stores import embedded_postgres
from pipelines.stores.embedded_postgres import EmbeddedPostgres

HOLDER = """
import sys, time
from pathlib import Path
from pipelines.stores.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres.start(Path(sys.argv[1]))
print("up", flush=True)
sys.stdin.read()
"""


class Holder:
    """Another process that uses the server of a home until its standard input ends."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(home)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "up\n"

    def leave(self) -> None:
        """End as a program ends."""
        self.process.communicate("", timeout=30)
        assert self.process.returncode == 0

    def die(self, by: signal.Signals) -> None:
        """End by a signal."""
        self.process.send_signal(by)
        self.process.communicate(timeout=30)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose server must be gone when the test is over."""
    yield tmp_path
    wait_until_down(tmp_path)


def is_running(home: Path) -> bool:
    """Whether any PostgreSQL process of this home is there."""
    data = str(home.resolve() / "postgres" / "data")
    commands = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK))
    return any(data.encode() in command for command in commands)


def wait_until_down(home: Path) -> None:
    """The guardian of a killed user needs a moment."""
    deadline = time.monotonic() + 20
    while is_running(home):
        assert time.monotonic() < deadline, "the server was left running"
        time.sleep(0.05)


def write(server: EmbeddedPostgres, number: int) -> None:
    engine = create_engine(server.url)
    with engine.begin() as connection:
        connection.execute(text("create table if not exists kept (number integer)"))
        connection.execute(text("insert into kept values (:number)"), {"number": number})
    engine.dispose()


def read(server: EmbeddedPostgres) -> list[int]:
    engine = create_engine(server.url)
    with engine.connect() as connection:
        numbers = list(connection.execute(text("select number from kept order by number")).scalars())
    engine.dispose()
    return numbers


def process_id(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def test_the_last_to_leave_stops_the_server_and_nothing_is_lost(home: Path) -> None:
    first, second = EmbeddedPostgres.start(home), Holder(home)
    write(first, 1)
    first.close()
    assert is_running(home)
    second.leave()
    assert not is_running(home)
    again = EmbeddedPostgres.start(home)
    assert read(again) == [1]
    again.close()
    again.close()
    assert not is_running(home)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_killed_user_leaves_nothing_running(home: Path, by: signal.Signals) -> None:
    other = Holder(home)
    ours = EmbeddedPostgres.start(home)
    write(ours, 1)
    other.die(by)
    assert read(ours) == [1]
    ours.close()
    assert not is_running(home)
    alone = Holder(home)
    alone.die(by)
    wait_until_down(home)


def test_a_new_start_after_the_server_itself_was_killed(home: Path) -> None:
    holder = Holder(home)
    server = EmbeddedPostgres.start(home)
    write(server, 1)
    os.kill(process_id(home), signal.SIGKILL)
    holder.die(signal.SIGKILL)
    wait_until_down(home)
    server.ensure_running()
    assert read(server) == [1]
    server.close()
    assert not is_running(home)


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(home: Path) -> None:
    server = EmbeddedPostgres.start(home)
    write(server, 1)
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.close()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    again = EmbeddedPostgres.start(home)
    assert read(again) == [1]
    again.close()


def test_an_interrupted_making_of_the_data_folder_is_made_anew(home: Path) -> None:
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres.start(home)
    write(server, 1)
    server.close()


def test_starting_at_once_makes_one_server(home: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(home)]
    processes = [
        subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
    for process in processes:
        process.communicate("", timeout=30)
        assert process.returncode == 0
    assert not is_running(home)


def test_a_long_odd_path_works_and_leaves_no_socket_folder(home: Path) -> None:
    odd = home / "/".join(["a long folder's name, with ümläuts $HOME"] * 3)
    server = EmbeddedPostgres.start(odd)
    write(server, 1)
    assert read(server) == [1]
    server.close()
    assert not embedded_postgres._socket_folder(odd.resolve() / "postgres" / "data").exists()


def test_it_listens_on_no_network_address(home: Path) -> None:
    server = EmbeddedPostgres.start(home)
    engine = create_engine(server.url)
    with engine.connect() as connection:
        assert connection.execute(text("show listen_addresses")).scalar_one() == ""
    engine.dispose()
    assert (home / "postgres" / "data").stat().st_mode & 0o077 == 0
    server.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to open the way for another user")
def test_root_opens_the_folders_above_for_passing_only(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres.start(closed / "home")
    assert closed.stat().st_mode & 0o777 == 0o701
    server.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WarehouseUnavailable, match="Permission denied"):
        EmbeddedPostgres.start(tmp_path / "home")


def test_a_home_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(WarehouseUnavailable, match=r"cannot be used.*TOUCHLINE_HOME"):
        EmbeddedPostgres.start(tmp_path / "home")


def test_broken_data_are_said_with_the_servers_own_reason(home: Path) -> None:
    server = EmbeddedPostgres.start(home)
    server.close()
    (home / "postgres" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(WarehouseUnavailable, match=r"did not start: .*pg_control"):
        EmbeddedPostgres.start(home)
