"""The lake in the cloud: Iceberg tables in the Glue catalogue, read by an engine that runs where they lie.

Invariants: what a query reads is named in it, table by table, as the snapshot of the reading; the catalogue is read for that, never rows. Jobs
write the rows, nothing here does.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import IcebergType

from pipelines import statements
from pipelines.errors import LakeUnavailable
from pipelines.slots import NO_SLOTS, Slots
from pipelines.stores import builds, extents, history, lake_errors, maintenance_remote
from pipelines.stores.base import LakeQuery, Origin, Snapshots
from pipelines.stores.catalog import COUNT, DERIVED, FLAG, INSTANT, MONEY, NUMBER, TABLES, TEXT, arrow_schema
from pipelines.stores.engine import Asked, Engine

_SECONDS_A_LOOK_HOLDS = 60.0
_SECONDS_A_FAILURE_HOLDS = 10.0
"""A page asks many questions at once: what just failed is not tried again for each."""

_TYPES: dict[IcebergType, str] = {
    TEXT: "varchar",
    COUNT: "bigint",
    NUMBER: "double",
    INSTANT: "timestamp(6)",
    FLAG: "boolean",
    MONEY: "decimal(18, 4)",
}


@dataclass(frozen=True)
class _Look:
    """The tables as the catalogue had them at a moment, and the snapshots that belong together."""

    tables: Mapping[str, Table]
    snapshots: Snapshots


class RemoteLake:
    """The tables of one Glue database and the engine that reads them. Safe to use from many threads."""

    lands_uploads = True

    def __init__(
        self, catalog: Catalog, database: str, engine: Engine, record: Callable[[LakeQuery], None] = lambda _: None
    ) -> None:
        """Nothing is read yet: a cloud that does not answer keeps nobody from what is in the warehouse. record: told of every query."""
        self._catalog, self._database, self._engine, self._record = catalog, database, engine, record
        self._look: _Look | None = None
        self._failed: LakeUnavailable | None = None
        self._holds_until = 0.0
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Read the catalogue when next asked, however lately that was done."""
        with self._lock:
            self._holds_until = 0.0

    def snapshots(self) -> Snapshots:
        """The snapshot id of every table as of the last look at the catalogue, a minute ago at most; None where nothing was stored yet."""
        return self._looked().snapshots

    def frame(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        *,
        slots: Slots = NO_SLOTS,
        snapshots: Snapshots | None = None,
        ran: Callable[[LakeQuery], None] = lambda _: None,
    ) -> pd.DataFrame:
        """The rows of a statement. Its bounds on `dt` stand in its text, where the engine prunes by them."""
        as_of = self.snapshots() if snapshots is None else snapshots
        read: list[str] = []

        def relation(name: str) -> str:
            read.append(name)
            return self._relation(name, as_of[name])

        bound = statements.bind(statement, parameters, dialect=self._engine.dialect, relation=relation, slots=slots)
        asked = Asked(statement, bound.sql, bound.in_order, tuple(read))
        frame: pd.DataFrame = self._run(asked, ran).to_pandas()
        return frame

    def feeds(self, snapshots: Snapshots) -> pd.DataFrame | None:
        """The rows of the statement `feeds` as the tables' metadata tell them, which scans nothing; None where they do not."""
        held = {name: snapshot for name in TABLES if name not in DERIVED and (snapshot := snapshots[name]) is not None}
        with _answering(*held):
            return extents.feeds({name: self._holding(name, snapshot) for name, snapshot in held.items()}, snapshots)

    def rows(
        self, table: str, snapshots: Snapshots, *, starts_at: str | None = None, ends_at: str | None = None
    ) -> Iterator[pa.Table]:
        """The rows of a table as of the given snapshots, a day at a time in order; those from an instant on, and before another."""
        bounds = {"occurred_at >= cast(? as timestamp) and dt >= substr(cast(? as varchar), 1, 10)": starts_at}
        bounds |= {"occurred_at < cast(? as timestamp) and dt <= substr(cast(? as varchar), 1, 10)": ends_at}
        said = {condition: instant for condition, instant in bounds.items() if instant is not None}
        within = " and ".join(["true", *said])
        values = [instant for instant in said.values() for _ in range(2)]
        relation = f"{self._relation(table, snapshots[table])} as s"
        days = self._run(
            Asked(f"days of {table}", f"select distinct dt from {relation} where {within} order by 1", values, (table,))
        )
        columns = ", ".join(f'"{name}"' for name in TABLES[table])
        of_day = (
            f"select {columns} from {relation} where {within} and dt = cast(? as varchar)"
            f' order by occurred_at, "{next(iter(TABLES[table]))}"'
        )
        for day in days["dt"].to_pylist():
            rows = self._run(Asked(f"rows of {table}", of_day, [*values, day], (table,)))
            yield rows.cast(arrow_schema(table))

    def origin(self, table: str, snapshot: int | str | None = "present") -> Origin | None:
        """What a derived table was built from in one snapshot (by default in its own newest one, which `snapshots` may hold back); None where it
        has no snapshot."""
        if isinstance(snapshot, str):
            current = self._loaded(table)
            return builds.origin_of(current, current.metadata.current_snapshot_id)
        return None if snapshot is None else builds.origin_of(self._holding(table, snapshot), snapshot)

    def held_uploads(self, table: str, until: int | None = None) -> set[str]:
        """The uploads of which a commit, not taken back since, is in the table's history, until a snapshot (None: the present one)."""
        return history.held(self._loaded(table) if until is None else self._holding(table, until), until)

    def history_begins(self, table: str) -> datetime | None:
        """The UTC instant since which that history is kept; None where it is whole."""
        return history.begins(self._loaded(table))

    def same_rows(self, before: Snapshots, now: Snapshots) -> bool:
        """Whether tables hold the same rows in both states."""
        return before == now or all(
            history.first_with_rows(table, before[name]) == history.first_with_rows(table, now[name])
            for name, table in ((name, self._loaded(name)) for name in now)
        )

    def maintain(self, keep_days: float) -> Iterator[str]:
        """Have the engine compact the tables and let their old snapshots go; a sentence for each thing done."""

        def run(statement: str) -> None:
            self._engine.command(statement, self._record)

        yield from maintenance_remote.maintain(run, self._engine.dialect, self._database, keep_days)
        self.refresh()

    def close(self) -> None:
        """Let go of the catalogue and the engine."""
        self._engine.close()
        self._catalog.close()

    def _run(self, asked: Asked, ran: Callable[[LakeQuery], None] = lambda _: None) -> pa.Table:
        def told(query: LakeQuery) -> None:
            ran(query)
            self._record(query)

        return self._engine.run(asked, told)

    def _looked(self) -> _Look:
        """The last look at the catalogue, as long as it holds. Whoever comes while it is read waits for the same."""
        with self._lock:
            if time.monotonic() < self._holds_until:
                if self._failed is not None:
                    raise LakeUnavailable(self._failed.message, self._failed.remedy)
                if self._look is not None:
                    return self._look
            try:
                with ThreadPoolExecutor(len(TABLES)) as loading:
                    tables = dict(zip(TABLES, loading.map(self._loaded, TABLES), strict=True))
            except LakeUnavailable as error:
                self._failed, self._holds_until = error, time.monotonic() + _SECONDS_A_FAILURE_HOLDS
                raise
            self._look, self._failed = _Look(tables, builds.present(tables)), None
            self._holds_until = time.monotonic() + _SECONDS_A_LOOK_HOLDS
            return self._look

    def _loaded(self, table: str) -> Table:
        """The Iceberg table as it is now."""
        with _answering(table):
            return self._catalog.load_table(f"{self._database}.{table}")

    def _holding(self, table: str, snapshot: int) -> Table:
        """A table whose history has the snapshot, looked up only where the last look does not have it."""
        look = self._look
        if look is not None and look.tables[table].snapshot_by_id(snapshot) is not None:
            return look.tables[table]
        return self._loaded(table)

    def _relation(self, table: str, snapshot: int | None) -> str:
        """SQL that reads a table as of a snapshot, under the column names that the table has now.

        An engine gives a snapshot the columns of its own time: those that were added since are null, and those that were renamed go by their
        present names.
        """
        if snapshot is None:
            columns = ", ".join(f'cast(null as {_TYPES[kind]}) as "{name}"' for name, kind in TABLES[table].items())
            return f"(select {columns} where false)"
        current = self._holding(table, snapshot)
        stored = f'"{self._database}"."{table}" for version as of {int(snapshot)}'
        now, then = current.schema(), _schema_of(current, snapshot, table)
        if [(field.field_id, field.name) for field in now.fields] == [(f.field_id, f.name) for f in then.fields]:
            return stored
        old = {field.field_id: field.name for field in then.fields}
        columns = ", ".join(
            f'"{old[field.field_id]}" as "{field.name}"'
            if field.field_id in old
            else f'cast(null as {_TYPES.get(field.field_type, str(field.field_type))}) as "{field.name}"'
            for field in now.fields
            if field.name in TABLES[table]
        )
        return f"(select {columns} from {stored})"


def _schema_of(table: Table, snapshot: int, name: str) -> Schema:
    """The columns that a snapshot was written with."""
    found = table.snapshot_by_id(snapshot)
    if found is None:
        raise lake_errors.unavailable("The catalogue", (name,), f"snapshot {snapshot} is not kept")
    return table.schema() if found.schema_id is None else table.schemas()[found.schema_id]


@contextmanager
def _answering(*tables: str) -> Iterator[None]:
    """Whatever keeps the catalogue from answering becomes LakeUnavailable."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise lake_errors.unavailable("AWS Glue", tables, f"{code}: {error}") from error
    except (BotoCoreError, NoSuchTableError, OSError) as error:
        raise lake_errors.unavailable("AWS Glue", tables, f"{type(error).__name__}: {error}") from error
