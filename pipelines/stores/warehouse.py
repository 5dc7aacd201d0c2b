"""The warehouse: PostgreSQL, its migrations, its statements and its counter.

Invariants: rows of data are added, never changed; the counter moves in the transaction of what it counts; values are bound, never pasted.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, TextClause, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from pipelines.errors import WarehouseUnavailable, WrongUsage
from pipelines.settings import PROJECT

FOLDER = PROJECT / "sql" / "warehouse"
# PostgreSQL advisory locks: one process migrates, one makes the lake's tables.
MIGRATION_LOCK, OPENING_LOCK = 7_401_001, 7_401_004
SECONDS_TO_CONNECT = 10

# PostgreSQL's type -> pandas' type. Whole numbers stay whole where none is missing, and are doubles with NaN otherwise.
_TYPES: dict[int, str] = {
    **dict.fromkeys((20, 21, 23), "int64"),
    **dict.fromkeys((700, 701, 1700), "float64"),
    **dict.fromkeys((25, 1043), "str"),
    16: "bool",
    1184: "datetime64[us, UTC]",
}


class Warehouse:
    """An opened PostgreSQL database with Touchline's tables in it. Safe to use from many threads."""

    def __init__(
        self, url: str, on_close: Callable[[], None] | None = None, on_connect: Callable[[], None] | None = None
    ) -> None:
        """Open `url` (postgresql://user:password@host:port/database) and bring its tables up to date.

        on_close: called once the connections are closed (it lets go of an embedded server). on_connect: called before a new connection is
        made (it starts an embedded server that was killed).
        Raises WarehouseUnavailable where the database does not answer, WrongUsage where the URL is none.
        """
        self._on_close = on_close
        self._engine = _engine(url, most=32)
        self._workers = _engine(url, most=48)  # together less than the 100 that PostgreSQL usually allows
        if on_connect is not None:
            for engine in (self._engine, self._workers):
                event.listen(engine, "do_connect", lambda *_: on_connect())
        self.url = self._engine.url.render_as_string(hide_password=False)
        self.migrate()

    @property
    def engine(self) -> Engine:
        """The pool of connections."""
        return self._engine

    @property
    def workers(self) -> Engine:
        """The pool for sessions that hold or wait for locks. Nobody who has one asks for a second, so that however many wait, whoever's turn it
        is finds the other pool free."""
        return self._workers

    def migrate(self) -> None:
        """Apply the numbered files of sql/warehouse that this database has not seen, in order, each in full or not at all."""
        with self.transaction() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            connection.execute(
                text(
                    "create table if not exists migrations (name text primary key, applied_at timestamptz default now())"
                )
            )
            applied = set(connection.execute(text("select name from migrations")).scalars())
            for path in sorted(FOLDER.glob("[0-9][0-9][0-9]_*.sql")):
                if path.stem not in applied:
                    connection.exec_driver_sql(path.read_text(encoding="utf-8"))
                    connection.execute(text("insert into migrations (name) values (:name)"), {"name": path.stem})

    def version(self) -> int:
        """The counter that every commit, undo and change of settings bumps."""
        with self.transaction() as connection:
            return int(connection.execute(text("select version from data_version")).scalar_one())

    def frame(self, statement: str, /, **parameters: object) -> pd.DataFrame:
        """The rows of sql/warehouse/<statement>.sql with its :named parameters bound; parameters it does not name are refused.

        Money and other decimals are doubles, days are ISO text, instants are UTC timestamps; what is unknown is NaN or NaT.
        """
        with self.transaction() as connection:
            result = connection.execute(_statement(statement), parameters)
            assert result.cursor is not None
            columns: list[tuple[str, Any]] = [column[:2] for column in result.cursor.description]
            rows = result.all()
        return pd.DataFrame(
            {name: _series([row[place] for row in rows], kind) for place, (name, kind) in enumerate(columns)}
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection that commits at the end of the block, or rolls back on an exception.

        Raises WarehouseUnavailable where PostgreSQL does not answer.
        """
        with answering(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close the connections. A worker that still commits keeps its own until it is done."""
        self._engine.dispose()
        self._workers.dispose()
        if self._on_close is not None:
            self._on_close()


@contextmanager
def session(engine: Engine) -> Iterator[Connection]:
    """A connection whose advisory locks (session level) hold until the block ends, or the process dies.

    Raises WarehouseUnavailable where PostgreSQL does not answer.
    """
    with answering(), engine.connect() as connection:
        try:
            yield connection
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock_all()"))
            connection.commit()
        except BaseException:
            connection.invalidate()  # closes the session, and with it its locks
            raise


@contextmanager
def alone(engine: Engine, lock: int) -> Iterator[Connection]:
    """A session that holds an advisory lock: whoever wants the same lock waits until the block ends."""
    with session(engine) as connection:
        connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": lock})
        connection.commit()
        yield connection


def bump(connection: Connection) -> int:
    """Move the counter within a transaction and return its new value. Whoever bumps next waits until this transaction ends."""
    return int(connection.execute(text("update data_version set version = version + 1 returning version")).scalar_one())


@contextmanager
def answering() -> Iterator[None]:
    """Whatever keeps PostgreSQL from answering becomes WarehouseUnavailable."""
    try:
        yield
    except DBAPIError as problem:
        if isinstance(problem, OperationalError) or problem.connection_invalidated:
            raise _unavailable(problem) from problem
        raise
    except NoConnection as problem:
        raise WarehouseUnavailable(
            "The warehouse has no connection free.", "Wait until some of the uploads are done, then try again."
        ) from problem


def _engine(url: str, most: int) -> Engine:
    """A pool of at most so many connections; eight of them are kept."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _no_url() from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise _no_url()
    return create_engine(
        parsed.set(drivername="postgresql+psycopg2"),  # SQLAlchemy would take psycopg 3 for a plain postgresql://
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=most - 8,
        connect_args={"connect_timeout": SECONDS_TO_CONNECT, "application_name": "touchline"},
    )


def _no_url() -> WrongUsage:
    return WrongUsage(
        "TOUCHLINE_DATABASE_URL is no PostgreSQL URL.", "Write it as postgresql://user:password@host:5432/database."
    )


def _unavailable(problem: SQLAlchemyError) -> WarehouseUnavailable:
    cause = problem.orig if isinstance(problem, DBAPIError) else problem
    reason = str(cause).strip().partition("\n")[0].rstrip(".")
    return WarehouseUnavailable(
        f"The warehouse does not answer: {reason}.",
        "Check that PostgreSQL runs and that TOUCHLINE_DATABASE_URL names it, then try again.",
    )


@cache
def _statement(name: str) -> TextClause:
    path = FOLDER / f"{name}.sql"
    if not re.fullmatch(r"[a-z_]+", name) or not path.exists():
        raise WrongUsage(f"There is no warehouse statement '{name}'.")
    return text(_without_comments(path))


def _without_comments(path: Path) -> str:
    """The statement alone: a colon in a comment must not be taken for a parameter."""
    return "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("--"))


def _series(values: Sequence[Any], kind: Any) -> pd.Series:
    dtype = _TYPES.get(kind, "object")
    if any(value is None for value in values):
        dtype = {"int64": "float64", "bool": "object"}.get(dtype, dtype)
    return pd.Series(values, dtype=dtype)
