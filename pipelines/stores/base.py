"""What the rest of Touchline may ask of the warehouse and the lake, and how both are read at one data version.

Invariant: a Reading is fixed. Whatever is committed while a question is answered, all of its statements see the same rows.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Protocol, TypeVar, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Engine

from pipelines.errors import WrongUsage
from pipelines.settings import Settings
from pipelines.slots import NO_SLOTS, Slots

Thing = TypeVar("Thing")

Snapshots = Mapping[str, int | None]
"""Lake table -> the id of its snapshot, None where the table has none yet."""


@dataclass(frozen=True)
class Origin:
    """What a derived table is made from: a digest of the statement and settings that fill it, and the raw tables' snapshots."""

    program: str
    snapshots: Snapshots = field(hash=False)


@dataclass(frozen=True)
class Comparison:
    """How rows on their way in stand to the rows a lake table holds: one boolean a row in each array."""

    new: np.ndarray[Any, np.dtype[np.bool_]]
    replaced: np.ndarray[Any, np.dtype[np.bool_]]
    unchanged: np.ndarray[Any, np.dtype[np.bool_]]


State = Literal["succeeded", "failed", "cancelled"]
"""How a query ended."""


@dataclass(frozen=True)
class LakeQuery:
    """One query that an engine in the cloud ran, or would not run, for us.

    query_id: None where the engine took none. dollars: what its scanned bytes come to, at the price that
    the settings say. reused: the engine gave the result of an equal query, which scans nothing.
    """

    engine: str
    query_id: str | None
    statement: str
    state: State
    scanned_bytes: int = 0
    milliseconds: int = 0
    dollars: float = 0.0
    reused: bool = False
    error: str | None = None


@dataclass(frozen=True)
class Scan:
    """What was read in the lake for an answer: how many queries by which engine, the bytes they scanned, and what these come to."""

    engine: str
    queries: int
    scanned_bytes: int
    dollars: float


class Warehouse(Protocol):
    """PostgreSQL: uploads, spend, reach, settings, kept answers."""

    @property
    def engine(self) -> Engine: ...

    @property
    def workers(self) -> Engine:
        """Connections for sessions that hold or wait for locks."""
        ...

    def version(self) -> int:
        """The counter that every commit, undo and change of settings bumps."""
        ...

    def frame(self, statement: str, /, **parameters: object) -> pd.DataFrame:
        """The rows of sql/warehouse/<statement>.sql with its :named parameters bound."""
        ...

    def transaction(self) -> AbstractContextManager[Connection]:
        """A connection that commits at the end of the block, or rolls back on an exception."""
        ...

    def close(self) -> None: ...


class Lake(Protocol):
    """The Iceberg tables and the engine that queries them."""

    @property
    def lands_uploads(self) -> bool:
        """Whether files wait in the folder raw of the lake for jobs that write the tables; else this process does it: a WritingLake."""
        ...

    def refresh(self) -> None:
        """Look at the tables anew when next asked, however lately that was done."""
        ...

    def snapshots(self) -> Snapshots:
        """The present snapshot of every table."""
        ...

    def frame(
        self,
        statement: str,
        parameters: Mapping[str, object],
        *,
        slots: Slots = NO_SLOTS,
        snapshots: Snapshots | None = None,
        ran: Callable[[LakeQuery], None] = lambda _: None,
    ) -> pd.DataFrame:
        """The rows of sql/lake/<statement>.sql, as of the given snapshots (default: the present ones). ran: told of each query that costs."""
        ...

    def feeds(self, snapshots: Snapshots) -> pd.DataFrame | None:
        """The rows of the statement `feeds` as the tables' metadata tell them; None where they do not: then it is asked."""
        ...

    def rows(
        self, table: str, snapshots: Snapshots, *, starts_at: str | None = None, ends_at: str | None = None
    ) -> Iterator[pa.Table]:
        """The rows of a table as of the given snapshots, a day at a time in order; those from an instant on, and before another."""
        ...

    def origin(self, table: str, snapshot: int | str | None = "present") -> Origin | None:
        """What a derived table was built from in one snapshot (by default in its own newest one, which `snapshots` may hold back); None where it
        has no snapshot."""
        ...

    def same_rows(self, before: Snapshots, now: Snapshots) -> bool:
        """Whether tables hold the same rows in both states: a compaction makes a snapshot and changes none."""
        ...

    def held_uploads(self, table: str, until: int | None = None) -> set[str]:
        """The uploads of which a commit, not taken back since, is in the table's history, until a snapshot (None: the present one)."""
        ...

    def history_begins(self, table: str) -> datetime | None:
        """The UTC instant since which that history is kept; None where it is whole."""
        ...

    def maintain(self, keep_days: float) -> Iterator[str]:
        """Make small files large, let snapshots go that were not current within these days and that nothing needs, and files that no snapshot
        lists; a sentence for each thing done. No row changes, and whatever could be taken back still can be."""
        ...

    def close(self) -> None: ...


class WritingLake(Lake, Protocol):
    """A lake whose rows this process writes itself."""

    def build(
        self,
        table: str,
        statement: str,
        parameters: Mapping[str, Any],
        origin: Origin,
        *,
        people: pa.Table | None = None,
        progress: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Make a derived table from the raw ones in one commit: all of it, or only the rows of these people (column `who`)."""
        ...

    def changed_people(self, before: Snapshots, now: Snapshots) -> pa.Table | None:
        """Whose rows differ between two states of the raw tables (column `who`); None where everything is better built anew."""
        ...

    def people_since(self, now: Snapshots, day: str) -> pa.Table:
        """All people who were met or converted on a UTC day or later (column `who`)."""
        ...

    def compare(self, table: str, rows: pa.Table) -> Comparison:
        """Which of the rows are new, which replace a stored row of the same id, and which are there already."""
        ...

    def write(
        self, table: str, rows: pa.Table, upload_id: str, *, instead_of: str | None = None, standing: Sequence[str] = ()
    ) -> None:
        """Store rows in one commit that carries the upload id; a stored row of the same id is replaced.

        instead_of: an upload whose rows go in the same commit. What they had replaced comes back, from the uploads that stand without it
        (oldest first).
        """
        ...

    def undo(self, table: str, upload_ids: Sequence[str], standing: Sequence[str]) -> None:
        """Take the rows of these uploads out in one commit and put back what they had replaced, or had been written instead of.

        standing: the uploads to the table that remain committed, oldest first; what comes back is the newest of theirs.
        """
        ...


class Memory:
    """What was worked out at one data version, the last ones used: questions of one page share much. Safe to use from many threads."""

    _KEPT = 192

    def __init__(self) -> None:
        self._things: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def kept(self, key: object, make: Callable[[], Thing]) -> Thing:
        """The thing kept under the key, else the one that `make` returns. All get the same one: nobody may change it."""
        text = repr(key)
        with self._lock:
            if text in self._things:
                self._things.move_to_end(text)
                found: Thing = self._things[text]
                return found
        thing = make()
        with self._lock:
            self._things[text] = thing
            while len(self._things) > self._KEPT:
                self._things.popitem(last=False)
        return thing


@dataclass(frozen=True)
class Stores:
    """The opened stores of one home or one cloud."""

    settings: Settings
    warehouse: Warehouse
    lake: Lake
    memory: Memory = field(default_factory=Memory, compare=False)

    def data_version(self) -> str:
        """`w<n>.l<id>`: the warehouse's counter and a digest of the lake's snapshots."""
        return self.read().data_version

    def read(self) -> "Reading":
        """Both stores as they are now, held still."""
        return Reading(self, self.warehouse.version(), self.lake.snapshots())

    @property
    def own_lake(self) -> WritingLake:
        """The lake, to be written to. Raises WrongUsage where jobs write it."""
        if self.lake.lands_uploads:
            raise WrongUsage(
                "The lake in the cloud is written by jobs, from the files under raw.", "Wait for their next run."
            )
        return cast(WritingLake, self.lake)

    def close(self) -> None:
        """Let go of both stores; the last process on a home stops its database server."""
        self.lake.close()
        self.warehouse.close()


@dataclass(frozen=True)
class Reading:
    """Both stores at one data version."""

    stores: Stores
    warehouse_version: int
    snapshots: Snapshots
    queries: list[LakeQuery] = field(default_factory=list, compare=False)
    """What was run in a lake in the cloud for this reading; what an earlier one of the same version had asked is not run again."""

    @property
    def scan(self) -> Scan | None:
        """What the queries of this reading come to; None where the lake is not read at a price."""
        if not self.queries:
            return None
        read = sum(query.scanned_bytes for query in self.queries)
        return Scan(self.queries[0].engine, len(self.queries), read, sum(query.dollars for query in self.queries))

    @property
    def settings(self) -> Settings:
        return self.stores.settings

    @cached_property
    def data_version(self) -> str:
        text = ";".join(f"{name}={snapshot}" for name, snapshot in sorted(self.snapshots.items()))
        return f"w{self.warehouse_version}.l{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def lake(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        slots: Slots = NO_SLOTS,
    ) -> pd.DataFrame:
        """Rows of a lake statement as of this reading; what is committed to the warehouse alone lets nobody ask it again."""

        def run() -> pd.DataFrame:
            return self.stores.lake.frame(
                statement, parameters, slots=slots, snapshots=self.snapshots, ran=self.queries.append
            )

        return self._of_lake((statement, sorted(parameters.items()), slots), run).copy()

    def feeds(self) -> pd.DataFrame:
        """How far each raw table of the lake reaches: source, row_count, oldest_at, newest_at (UTC)."""
        told = self._of_lake("feeds", lambda: self.stores.lake.feeds(self.snapshots))
        return self.lake("feeds", {}) if told is None else told.copy()

    def warehouse(self, statement: str, **parameters: object) -> pd.DataFrame:
        """Rows of a warehouse statement as of this reading; its :version parameter is filled in here."""

        def run() -> pd.DataFrame:
            return self.stores.warehouse.frame(statement, version=self.warehouse_version, **parameters)

        return self.kept((statement, sorted(parameters.items())), run).copy()

    def kept(self, key: object, make: Callable[[], Thing]) -> Thing:
        """What `make` works out from this reading, made once a data version. Nobody may change it."""
        return self.stores.memory.kept((self.data_version, key), make)

    def _of_lake(self, key: object, make: Callable[[], Thing]) -> Thing:
        """What `make` reads in the lake alone, read once a state of the lake."""
        return self.stores.memory.kept((sorted(self.snapshots.items()), key), make)
