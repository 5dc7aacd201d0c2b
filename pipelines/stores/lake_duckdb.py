"""The embedded lake: DuckDB, in memory, over the files of one Iceberg snapshot.

Invariants: a query reads exactly the files that one snapshot lists; a write is one atomic Iceberg commit, tried again on a conflict, whose
snapshot carries the upload or build it belongs to.
"""

import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, ValidationException
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, EqualTo, GreaterThanOrEqual, In, LessThanOrEqual
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction
from sqlalchemy.exc import SQLAlchemyError

from pipelines import statements
from pipelines.derived import BOOKKEEPING, RAW
from pipelines.errors import LakeUnavailable
from pipelines.slots import NO_SLOTS, Slots
from pipelines.stores.base import Comparison, LakeQuery, Origin, Snapshots
from pipelines.stores.builds import origin_of, present
from pipelines.stores.catalog import DERIVED, TABLES, arrow_schema, load_or_create
from pipelines.stores.derived_duckdb import Builder, Changed, changed_people, files_of, people_since, rows_of
from pipelines.stores.embedded_catalog import EmbeddedCatalog
from pipelines.stores.files_duckdb import Files, Plan, largest_first
from pipelines.stores.history import (
    INSTEAD_OF,
    REPLACED,
    UNDONE,
    UPLOAD,
    begins,
    first_with_rows,
    held,
    history,
    newest_with_rows,
    stored,
)
from pipelines.stores.maintenance_duckdb import Maintenance

Found = TypeVar("Found")

_SESSION = ("TimeZone = 'UTC'", "integer_division = true", "parquet_metadata_cache = true")
# It advises to plan every statement twice, which takes longer than to copy the few rows that one has.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)
_ATTEMPTS = 5
_PLANS_KEPT = 512


class DuckDBLake:
    """The lake of one home. Safe to use from many threads: every query has its own cursor."""

    lands_uploads = False

    def __init__(self, database_url: str, home: Path) -> None:
        """Open the catalogue in PostgreSQL and the tables under `home`. Raises LakeUnavailable where that fails."""
        try:
            self._catalog = EmbeddedCatalog(database_url, home / "lake")
            for name in TABLES:
                load_or_create(self._catalog, name)
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from error
        spill = home / "spill"
        self._connection = duckdb.connect(config={"temp_directory": str(spill), "memory_limit": "3GB"})
        for setting in _SESSION:
            self._connection.execute(f"SET GLOBAL {setting}")  # without GLOBAL no cursor would have it
        self._files = Files(self._connection)
        self._last_changed: tuple[Origin, Changed] | None = None
        self._plans: dict[tuple[str, int | None, int, str | None, str | None, bool], Plan] = {}
        # A build asks for the files of each raw table more than once, and the next build for those that this one read: these are kept as long
        # as the journeys are made of them.
        self._raw_files = lru_cache(maxsize=2 * len(RAW))(lambda name, snapshot: files_of(self.table(name), snapshot))
        self._lock = threading.Lock()

    def table(self, name: str) -> Table:
        """The Iceberg table as it is now."""
        return self._tables([name])[name]

    def _tables(self, names: Iterable[str]) -> dict[str, Table]:
        with _answering():
            return self._catalog.tables(names)

    def refresh(self) -> None:
        """Nothing to do: the tables are looked at whenever something is asked."""

    def snapshots(self) -> Snapshots:
        """The present snapshot id of every table, None where nothing was stored yet; of the derived ones, those of one build."""
        return present(self._tables(TABLES))

    def feeds(self, _: Snapshots) -> None:
        """Nothing: here the statement costs no more than a look at the metadata."""

    def frame(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        *,
        slots: Slots = NO_SLOTS,
        snapshots: Snapshots | None = None,
        ran: Callable[[LakeQuery], None] = lambda _: None,
    ) -> pd.DataFrame:
        """The rows of a statement. Its :first_dt and :last_dt, where it has them, bound the days of all its tables."""
        frame: pd.DataFrame = self._query(statement, parameters, snapshots, slots).to_pandas()
        return frame

    def rows(
        self, table: str, snapshots: Snapshots, *, starts_at: str | None = None, ends_at: str | None = None
    ) -> Iterator[pa.Table]:
        """The rows of a table as of the given snapshots, a day at a time in order; those from an instant on, and before another."""
        current, key = self.table(table), next(iter(TABLES[table]))
        bounds = {"starts_at": starts_at or "-infinity", "ends_at": ends_at or "infinity"}
        within = "occurred_at >= cast($starts_at as timestamp) and occurred_at < cast($ends_at as timestamp)"
        every = self._relation(table, current, snapshots[table])
        days = self._arrow(f"select distinct dt from {every} s where {within} order by dt", bounds)
        for day in days["dt"].to_pylist():
            of_day = self._relation(table, current, snapshots[table], day)
            ordered = f'from {of_day} s where dt = $day and {within} order by occurred_at, "{key}"'
            yield self._arrow(ordered, {**bounds, "day": day})

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
        """Make a derived table from the raw ones in one commit: all of it, or only the rows of these people."""
        changed = None if people is None else self._changed(people, origin)

        def change(current: Table, transaction: Transaction) -> None:
            builder = Builder(self._connection.cursor(), self._raw_files, self._reader, statement, parameters)
            builder.change(table, current, transaction, origin, changed, progress)

        self._commit(table, change)
        if table == DERIVED[-1]:
            self._last_changed = None

    def _changed(self, people: pa.Table, origin: Origin) -> Changed:
        """These people with their raw rows: the derived tables are built one after the other, of the same."""
        if self._last_changed is None or self._last_changed[0] != origin or self._last_changed[1].people is not people:
            with _answering():
                rows = rows_of(self._connection.cursor(), self._raw_files, self._reader, origin.snapshots, people)
            self._last_changed = (origin, Changed(people, rows))
        return self._last_changed[1]

    def origin(self, table: str, snapshot: int | str | None = "present") -> Origin | None:
        """What a derived table was built from in one snapshot (by default in its own newest one, which `snapshots` may hold back); None where it
        has no snapshot."""
        current = self.table(table)
        return origin_of(current, current.metadata.current_snapshot_id if isinstance(snapshot, str) else snapshot)

    def changed_people(self, before: Snapshots, now: Snapshots) -> pa.Table | None:
        """Whose rows differ between two states of the raw tables (column `who`); None where everything is better built anew."""
        with _answering():
            raw = self._tables(RAW)
            since = {name: newest_with_rows(raw[name], snapshot) for name, snapshot in before.items()}
            return changed_people(self._connection.cursor(), self._raw_files, self._reader, since, now)

    def same_rows(self, before: Snapshots, now: Snapshots) -> bool:
        """Whether tables hold the same rows in both states."""
        return before == now or all(
            first_with_rows(table, before[name]) == first_with_rows(table, now[name])
            for name, table in self._tables(now).items()
        )

    def people_since(self, now: Snapshots, day: str) -> pa.Table:
        """All people who were met or converted on a UTC day or later (column `who`)."""
        with _answering():
            return people_since(self._connection.cursor(), self._raw_files, self._reader, now, day)

    def compare(self, table: str, rows: pa.Table) -> Comparison:
        """Which of the rows are new, replace a stored row of the same id, or are there already."""
        key, *others = TABLES[table]
        same = " and ".join(f'i."{name}" is not distinct from s."{name}"' for name in others if name not in BOOKKEEPING)
        found = self._arrow(
            f'select s."{key}" is null as new, s."{key}" is not null and ({same}) as unchanged '
            f'from incoming i left join {self._relation(table, self.table(table))} s on s."{key}" = i."{key}" order by i.position',
            incoming=_typed(table, rows.append_column("position", pa.array(np.arange(rows.num_rows)))),
        )
        new, unchanged = (found[state].to_numpy().astype(bool) for state in ("new", "unchanged"))
        return Comparison(new, ~new & ~unchanged, unchanged)

    def write(
        self, table: str, rows: pa.Table, upload_id: str, *, instead_of: str | None = None, standing: Sequence[str] = ()
    ) -> None:
        """Store rows in one commit that carries the upload id, in the place of rows of the same id and of those of `instead_of`."""
        typed = _typed(table, rows)
        key = next(iter(TABLES[table]))
        properties = {UPLOAD: upload_id} | ({INSTEAD_OF: instead_of} if instead_of else {})

        def change(current: Table, transaction: Transaction) -> None:
            ids, entering = typed.select([key]), typed
            if instead_of:
                leaving = self._ids(table, current, [instead_of])
                ids = pa.concat_tables([leaving, ids])
                leaving = self._arrow(
                    f'from leaving where "{key}" not in (select "{key}" from typed)', leaving=leaving, typed=typed
                )
                entering = pa.concat_tables([typed, self._newest(table, current, leaving, standing)])
            days, kept, replaced = self._without(table, current, ids)
            self._rewrite(transaction, days, [kept, entering], {**properties, REPLACED: str(replaced)})

        self._commit(table, change)

    def held_uploads(self, table: str, until: int | None = None) -> set[str]:
        """The uploads of which a commit, not taken back since, is in the table's history, until a snapshot (None: the present one)."""
        return held(self.table(table), until)

    def history_begins(self, table: str) -> datetime | None:
        """The UTC instant since which that history is kept; None where it is whole."""
        return begins(self.table(table))

    def undo(self, table: str, upload_ids: Sequence[str], standing: Sequence[str]) -> None:
        """Take the rows of these uploads out in one commit and put back what they had replaced, or had been written instead of."""

        def change(current: Table, transaction: Transaction) -> None:
            going = self._ids(table, current, upload_ids)
            undone = [properties for properties in history(current).values() if properties.get(UPLOAD) in upload_ids]
            covered = [properties[INSTEAD_OF] for properties in undone if properties.get(INSTEAD_OF) in standing]
            ids = pa.concat_tables([going, *(self._ids_once(table, current, upload_id) for upload_id in set(covered))])
            if not ids.num_rows and held(current).isdisjoint(upload_ids):
                return
            replaced = covered or any(properties.get(REPLACED, "0") != "0" for properties in undone)
            back = self._newest(table, current, ids, standing if replaced else [])
            days, kept, _ = self._without(table, current, ids)
            self._rewrite(transaction, days, [kept, back], {UNDONE: ",".join(upload_ids)})

        self._commit(table, change)

    def maintain(self, keep_days: float) -> Iterator[str]:
        """Make small files large, let old snapshots go that nothing needs, and files that no snapshot lists; a sentence for each thing done."""
        work = Maintenance(self.table, self.snapshots, self._commit, self._connection.cursor(), self._reader)
        yield from work.done(keep_days)

    def close(self) -> None:
        """Close DuckDB and the catalogue; the tables stay."""
        self._connection.close()
        self._catalog.close()

    def _query(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        snapshots: Snapshots | None,
        slots: Slots,
    ) -> pa.Table:
        first, last = parameters.get("first_dt"), parameters.get("last_dt")
        only_converted = parameters.get("with_unconverted") is False

        def plan(name: str) -> Plan:
            asked = None if snapshots is None else snapshots[name]
            current = self.table(name) if asked is None else self._catalog.holding(name, asked)
            snapshot = current.metadata.current_snapshot_id if snapshots is None else asked
            return self._plan(name, current, snapshot, first, last, only_converted and name == "journeys")

        with _answering():
            bound = statements.bind(
                statement,
                parameters,
                dialect="duckdb",
                relation=lambda name: plan(name).sql,
                constants=lambda name: plan(name).same,
                slots=slots,
            )
            return self._connection.cursor().execute(bound.sql, bound.values).to_arrow_table()

    def _arrow(self, sql: str, values: Mapping[str, Any] | None = None, **tables: pa.Table) -> pa.Table:
        """Rows of a query over the lake's files and the Arrow tables given by name, with its $named values bound."""
        with _answering():
            cursor = self._connection.cursor()
            for name, rows in tables.items():
                cursor.register(name, rows)
            return cursor.sql(sql, params=dict(values or {})).to_arrow_table()

    def _relation(self, name: str, table: Table, snapshot: int | str | None = "present", day: str | None = None) -> str:
        """SQL that reads the planned files of one snapshot, or those of a day, under the table's present column names."""
        version = table.metadata.current_snapshot_id if isinstance(snapshot, str) else snapshot
        return self._plan(name, table, version, day, day).sql

    def _plan(
        self,
        name: str,
        table: Table,
        version: int | None,
        first: str | None = None,
        last: str | None = None,
        converted: bool = False,
    ) -> Plan:
        if version is not None and table.snapshot_by_id(version) is None:
            raise LakeUnavailable(
                f"The lake table {name} is not kept as it was then.",
                "Refresh the page. TOUCHLINE_KEEP_SNAPSHOT_DAYS says for how many days the lake can be read as it was.",
            )
        key = (name, version, table.metadata.current_schema_id, first, last, converted)
        with self._lock:
            if key in self._plans:
                return self._plans[key]
        files = [] if version is None else _planned(table, version, first, last, converted)
        plan = self._files.plan(name, table.schema(), files)
        with self._lock:
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _reader(self, name: str, files: Sequence[str]) -> str:
        return self._files.read(self.table(name).schema(), [path.removeprefix("file://") for path in files])

    def _ids(self, table: str, current: Table, upload_ids: Sequence[str], snapshot: int | str = "present") -> pa.Table:
        """The ids of the rows that these uploads have in the table, now or in a snapshot."""
        key = next(iter(TABLES[table]))
        return self._arrow(
            f'select "{key}" from {self._relation(table, current, snapshot)} where upload_id in (select upload_id from these)',
            these=pa.table({"upload_id": pa.array(upload_ids, pa.string())}),
        )

    def _ids_once(self, table: str, current: Table, upload_id: str) -> pa.Table:
        """The ids that an upload stored, whatever became of them since."""
        return self._ids(table, current, [upload_id], stored(current)[upload_id])

    def _without(self, table: str, current: Table, ids: pa.Table) -> tuple[list[str], pa.Table, int]:
        """The days that hold rows of these ids, the rows of those days that stay, and how many go."""
        key = next(iter(TABLES[table]))
        gone = f'"{key}" in (select "{key}" from ids)'
        found = self._arrow(
            f"select distinct dt from {self._relation(table, current)} s where {gone} order by dt", ids=ids
        )
        days: list[str] = found["dt"].to_pylist()
        before = self._days(table, current, days)
        kept = self._arrow(f"select * from before where not ({gone})", ids=ids, before=before)
        return days, _typed(table, kept), before.num_rows - kept.num_rows

    def _days(self, table: str, current: Table, days: list[str]) -> pa.Table:
        if not days:
            return arrow_schema(table).empty_table()
        return _typed(table, current.scan(row_filter=_within(days)).to_arrow())

    def _newest(self, table: str, current: Table, ids: pa.Table, standing: Sequence[str]) -> pa.Table:
        """What the standing uploads had stored under these ids, the newest of each."""
        key = next(iter(TABLES[table]))
        first_stood = stored(current)
        found = [arrow_schema(table).empty_table()]
        for upload_id in reversed([upload for upload in standing if upload in first_stood]):
            if not ids.num_rows:
                break
            stood = self._relation(table, current, first_stood[upload_id])
            rows = self._arrow(
                f'select * from {stood} where "{key}" in (select "{key}" from ids)'
                " and upload_id in (select upload_id from one)",
                ids=ids,
                one=pa.table({"upload_id": [upload_id]}),
            )
            found.append(_typed(table, rows))
            ids = self._arrow(f'from ids where "{key}" not in (select "{key}" from rows)', ids=ids, rows=rows)
        return pa.concat_tables(found)

    def _rewrite(
        self, transaction: Transaction, days: list[str], rows: list[pa.Table], properties: dict[str, str]
    ) -> None:
        """Put rows in the place of all rows of these days, or beside those of other days."""
        if days:
            transaction.delete(_within(days), snapshot_properties=properties)
        transaction.append(pa.concat_tables(rows), snapshot_properties=properties)

    def _commit(self, table: str, change: Callable[[Table, Transaction], Found]) -> Found:
        """Apply a change to the newest state of a table; where another writer was faster, to the state it left."""
        for attempt in range(1, _ATTEMPTS + 1):
            current = self.table(table)
            try:
                with current.transaction() as transaction:
                    return change(current, transaction)
            except (CommitFailedException, ValidationException) as error:
                if attempt == _ATTEMPTS:
                    raise LakeUnavailable(
                        f"The lake table {table} is being written by others.",
                        "Nothing was stored; try again in a minute.",
                    ) from error
            except (SQLAlchemyError, OSError, duckdb.Error) as error:
                raise _unavailable(error) from error
        raise AssertionError("the last attempt returns or raises")


def _planned(table: Table, snapshot: int, first: str | None, last: str | None, converted: bool) -> list[DataFile]:
    wanted: BooleanExpression = AlwaysTrue()
    if first is not None and last is not None:
        wanted = And(GreaterThanOrEqual("dt", first), LessThanOrEqual("dt", last))  # type: ignore[call-arg, arg-type]
    if converted:
        wanted = And(wanted, EqualTo("converted", True))  # type: ignore[call-arg, arg-type]
    tasks = table.scan(row_filter=wanted, snapshot_id=snapshot).plan_files()
    return largest_first(task.file for task in tasks)


def _within(days: list[str]) -> BooleanExpression:
    return In("dt", days)  # type: ignore[call-arg, arg-type]


def _typed(table: str, rows: pa.Table) -> pa.Table:
    """Rows in the table's own columns and types; a column they lack is null."""
    arrays = []
    extra = [rows.schema.field(name) for name in rows.column_names if name not in TABLES[table]]
    for field in arrow_schema(table):
        if field.name in rows.column_names:
            arrays.append(rows[field.name].cast(field.type))
        else:
            arrays.append(pa.nulls(rows.num_rows, field.type))
    schema = pa.schema([*arrow_schema(table), *extra])
    return pa.Table.from_arrays([*arrays, *(rows[field.name] for field in extra)], schema=schema)


@contextmanager
def _answering() -> Iterator[None]:
    """Whatever keeps the lake from answering becomes LakeUnavailable."""
    try:
        yield
    except (duckdb.Error, SQLAlchemyError, OSError, NoSuchTableError) as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> LakeUnavailable:
    reason = str(error).splitlines()[0][:200]
    return LakeUnavailable(
        f"The lake cannot be read: {reason}", "Check that the folder of TOUCHLINE_HOME is whole, then refresh."
    )
