"""How the embedded lake makes its derived tables: DuckDB writes Parquet, and one Iceberg commit puts it in the place of what was there.

Invariants: a build is one commit, which carries what it was made from; a build for some people leaves the rows of all others as they are, and
the table as a build for everybody would have left it, but for journey numbers.
"""

import shutil
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction

from pipelines import statements
from pipelines.derived import BOOKKEEPING, MOST_CHANGED, RAW, WHOSE, commit_properties
from pipelines.stores.base import Origin, Snapshots
from pipelines.stores.catalog import TABLES, TEN_DAYS
from pipelines.stores.files_duckdb import copy_options, largest_first
from pipelines.stores.history import NEXT_NUMBER, properties

ORDER = {
    "mentions": "occurred_at, mention_id",
    "touchpoints": "occurred_at, touchpoint_id",
    "conversions": "occurred_at, conversion_id",
    "journeys": "dt, journey_number, position_from_last",
    "conversion_status": "dt, conversion_id",
}
"""Table -> how its rows lie in a file that DuckDB writes; where it was written for some people, theirs lie after the others."""
_AT_ONCE = 4_000_000
"""Touchpoints whose journeys are made in one step: what a step sorts has to fit into memory and a little disk."""

_SPLIT = "steps-"
"""How the name of a folder begins in which the rows of a build's steps lie."""

Reader = Callable[[str, Sequence[str]], str]
"""(table, files) -> the SQL that reads them."""

FilesOf = Callable[[str, int | None], dict[str, DataFile] | None]
"""(raw table, its snapshot) -> path -> file, see files_of."""


def changed_people(
    cursor: duckdb.DuckDBPyConnection, files: FilesOf, read: Reader, before: Snapshots, now: Snapshots
) -> pa.Table | None:
    """Column `who`: whose rows differ between two states of the raw tables. None where that cannot be told, or is nearly everybody."""
    found = []
    for name in RAW:
        old, new = (files(name, snapshots[name]) for snapshots in (before, now))
        if old is None or new is None:
            return None
        gone, came = (
            {path: own[path] for path in own.keys() - other.keys()} for own, other in ((old, new), (new, old))
        )
        changed = sum(file.record_count for file in (*gone.values(), *came.values()))
        if changed > MOST_CHANGED * max(1, sum(file.record_count for file in new.values())):
            return None
        found.append(_whose_rows_differ(name, read(name, list(gone)), read(name, list(came))))
    return cursor.sql(" union ".join(found)).to_arrow_table()


def people_since(cursor: duckdb.DuckDBPyConnection, files: FilesOf, read: Reader, now: Snapshots, day: str) -> pa.Table:
    """Column `who`: all people who were met or converted on a UTC day or later."""
    parts = (
        f"select {WHOSE[name]} as who from {read(name, list(files(name, now[name]) or {}))} where dt >= $day"
        for name in RAW
    )
    return cursor.sql(
        f"select distinct who from ({' union all '.join(parts)}) where who is not null", params={"day": day}
    ).to_arrow_table()


def rows_of(
    cursor: duckdb.DuckDBPyConnection, files: FilesOf, read: Reader, now: Snapshots, people: pa.Table
) -> dict[str, pa.Table]:
    """Raw table -> the rows of these people, found once for all that is made of them."""
    cursor.register("people", people)
    found = {}
    for name in RAW:
        holding = read(name, _holding(cursor, name, files(name, now[name]) or {}))
        found[name] = cursor.sql(
            f"select * exclude ({', '.join(BOOKKEEPING)}) from {holding} where {WHOSE[name]} in (select who from people)"
        ).to_arrow_table()
    return found


@dataclass(frozen=True)
class Changed:
    """Some people (column `who`), and all rows that the raw tables have of them."""

    people: pa.Table
    rows: Mapping[str, pa.Table]


class Builder:
    """Makes the rows of one derived table from the raw tables as they were in one snapshot each."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        files: FilesOf,
        read: Reader,
        statement: str,
        parameters: Mapping[str, Any],
    ) -> None:
        """statement: the one under sql/lake that makes the rows."""
        self._cursor, self._files, self._read = cursor, files, read
        self._statement, self._parameters = statement, parameters

    def change(
        self,
        name: str,
        current: Table,
        transaction: Transaction,
        origin: Origin,
        changed: Changed | None,
        progress: Callable[[float], None],
    ) -> None:
        """Put the rows of those who changed (None: of everybody) in the place of theirs. progress: told the fraction that is done."""
        present = files_of(current, current.metadata.current_snapshot_id) or {}
        first, leaving = 1, present
        if changed is not None:
            self._cursor.register("people", changed.people)
            first = int(properties(current, current.metadata.current_snapshot_id).get(NEXT_NUMBER, 1))
            leaving = {path: present[path] for path in _holding(self._cursor, name, present)}
        written: list[str] = []
        with closing(self._steps(origin, changed)) as steps:
            for whose, done in steps:
                written += self._write(name, current, whose, first, leaving if changed is not None else {})
                first = self._next_number(name, written, first)
                progress(done)
        said = commit_properties(origin.program, origin.snapshots, first)
        with transaction.update_snapshot(snapshot_properties=said).overwrite() as update:
            for file in leaving.values():
                update.delete_data_file(file)
            for path in written:
                update.append_data_file(parquet_file_to_data_file(current.io, transaction.table_metadata, path))

    def _steps(self, origin: Origin, changed: Changed | None) -> Generator[tuple[dict[str, str], float]]:
        """Raw table -> the SQL that reads the rows of one step's people, so many that their journeys fit into memory; and the fraction of the
        steps that is done after it."""
        if changed is not None:
            for name in RAW:
                self._cursor.register(f"{name}_of_people", changed.rows[name])
            yield {name: f"{name}_of_people" for name in RAW}, 1.0
            return
        files = {name: self._files(name, origin.snapshots[name]) or {} for name in RAW}
        every = {name: self._read(name, list(files[name])) for name in RAW}
        count = 1 + sum(file.record_count for file in files["touchpoints"].values()) // _AT_ONCE
        if count == 1:
            yield every, 1.0
            return
        with self._split(every, count) as folder:
            for step in range(count):
                yield {name: _part(folder / name, step, every[name]) for name in RAW}, (step + 1) / count

    @contextmanager
    def _split(self, every: Mapping[str, str], count: int) -> Iterator[Path]:
        """A folder in which the rows of each step's people lie in files of their own: if each step looked for them among all rows, the time of a
        build would grow with their square."""
        [(spill,)] = self._cursor.sql("select current_setting('temp_directory')").fetchall()
        Path(spill).mkdir(parents=True, exist_ok=True)
        for left in Path(spill).glob(f"{_SPLIT}*"):  # by a build that was killed: only one builds at a time
            shutil.rmtree(left)
        with TemporaryDirectory(prefix=_SPLIT, dir=spill) as folder:
            for name, rows in every.items():
                step = f"hash(coalesce({WHOSE[name]}, '')) % {count} as step"
                self._cursor.execute(
                    f"copy (select * exclude ({', '.join(BOOKKEEPING)}), {step} from {rows}) to {statements.text(f'{folder}/{name}')} "
                    "(format parquet, partition_by (step))"
                )
            yield Path(folder)

    def _write(
        self, name: str, current: Table, relations: Mapping[str, str], first: int, leaving: Mapping[str, DataFile]
    ) -> list[str]:
        """Write the rows, and those of others in the files that leave, as files of the table; their paths."""
        bound = statements.bind(
            self._statement,
            {**self._parameters, "first_number": first},
            dialect="duckdb",
            relation=relations.__getitem__,
        )
        columns = ", ".join(f'"{field.name}"' for field in current.schema().fields)
        split = {"part_1": f"substr(dt, 1, {TEN_DAYS})"} | (
            {"part_2": "converted"} if "converted" in TABLES[name] else {}
        )
        parts = ", ".join(f"{value} as {part}" for part, value in split.items())
        rows = f"select {columns}, {parts} from ({bound.sql}) order by {', '.join(split)}, {ORDER[name]}"
        if leaving:
            stay = f"{WHOSE[name]} not in (select who from people)"
            # These are left as they lie, which is in order for the most part: to sort them takes as long as to write them. A build for everybody
            # sorts them, and so does `maintain` where it makes small files large.
            rows = f"(select {columns}, {parts} from {self._read(name, list(leaving))} where {stay}) union all ({rows})"
        folder = Path(current.location().removeprefix("file://")) / "data" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        self._cursor.execute(
            f"copy ({rows}) to {statements.text(str(folder))} "
            f"({copy_options(name, current.schema())}, partition_by ({', '.join(split)}))",
            bound.values,
        )
        return [str(path) for path in sorted(folder.rglob("*.parquet"))]

    def _next_number(self, name: str, written: Sequence[str], first: int) -> int:
        if "journey_number" not in TABLES[name] or not written:
            return first
        [(highest,)] = self._cursor.sql(f"select max(journey_number) from {self._read(name, written)}").fetchall()
        return first if highest is None else max(first, int(highest) + 1)


def _part(folder: Path, step: int, every: str) -> str:
    """SQL that reads the rows of one step; of all (`every`) none, where it has none."""
    files = [statements.quoted(str(path)) for path in sorted(folder.glob(f"step={step}/*.parquet"))]
    return (
        f"read_parquet([{', '.join(files)}], hive_partitioning = false)"
        if files
        else f"(select * from {every} where false)"
    )


def files_of(table: Table, snapshot: int | None) -> dict[str, DataFile] | None:
    """Path -> file of a snapshot (None as its id: no files); None where the table keeps that snapshot no longer."""
    if snapshot is None:
        return {}
    if table.snapshot_by_id(snapshot) is None:
        return None
    tasks = table.scan(snapshot_id=snapshot).plan_files()
    return {file.file_path: file for file in largest_first(task.file for task in tasks)}


def _holding(cursor: duckdb.DuckDBPyConnection, name: str, files: Mapping[str, DataFile]) -> list[str]:
    """The files of a table that hold rows of the registered people."""
    if not files:
        return []
    held = f"from read_parquet([{', '.join(map(statements.quoted, files))}], filename = true)"
    rows = cursor.sql(f"select distinct filename {held} where {WHOSE[name]} in (select who from people)").fetchall()
    by_path = {path.removeprefix("file://"): path for path in files}
    return [by_path[path] for (path,) in rows]


def _whose_rows_differ(name: str, gone: str, came: str) -> str:
    rows = f"select * exclude ({', '.join(BOOKKEEPING)}), {WHOSE[name]} as who from"
    both = f"({rows} {{}} except all {rows} {{}})"
    differing = " union all ".join(
        f"select who from {both.format(one, other)}" for one, other in ((gone, came), (came, gone))
    )
    return f"select distinct who from ({differing}) where who is not null"
