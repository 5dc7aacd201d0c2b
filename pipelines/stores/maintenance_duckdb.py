"""How the embedded lake is kept small and quick: small files become large ones, snapshots expire, and files that no snapshot lists go.

Invariants: a compaction is one commit that changes no row. A snapshot stays while it is young (it was current within the kept days), while an
undo would read it, or while the journeys are made of it. A file that a kept snapshot lists stays, and so does whatever is younger than a day:
it may belong to a commit under way.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import time
from typing import Any

import duckdb
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile, ManifestEntryStatus
from pyiceberg.table import Table, Transaction
from pyiceberg.table.update.snapshot import ExpireSnapshots

from pipelines import statements
from pipelines.stores.base import Snapshots
from pipelines.stores.builds import origin_of
from pipelines.stores.catalog import DERIVED, TABLES
from pipelines.stores.derived_duckdb import ORDER, Reader
from pipelines.stores.files_duckdb import copy_options
from pipelines.stores.history import (
    MADE_OF,
    NEXT_NUMBER,
    PROGRAM,
    SAME_ROWS_AS,
    UNDONE,
    UPLOAD,
    first_with_rows,
    held,
    history,
    in_order,
    named,
    newest_with_rows,
    properties,
    stored,
)

SMALL, MANY = 32 * 2**20, 4
"""Files of fewer bytes are small; where a partition has so many of them, they become one."""

DAY_S = 86_400
BUILD = (PROGRAM, MADE_OF, NEXT_NUMBER)

Loader = Callable[[str], Table]
"""The table of a name as it is now."""

Commit = Callable[[str, Callable[[Table, Transaction], Any]], Any]
"""(table, change): applies the change in one commit, again where another writer was faster, and returns what it returned."""


class Maintenance:
    """One round over all tables."""

    def __init__(
        self,
        load: Loader,
        snapshots: Callable[[], Snapshots],
        commit: Commit,
        cursor: duckdb.DuckDBPyConnection,
        read: Reader,
    ) -> None:
        """snapshots: what readers of the lake see now."""
        self._load, self._snapshots, self._commit = load, snapshots, commit
        self._cursor, self._read = cursor, read

    def done(self, keep_days: float) -> Iterator[str]:
        """Do it; a sentence for each thing done."""
        for name in TABLES:
            small, became = self._commit(name, partial(compact, self._cursor, self._read, name))
            if small:
                yield f"{name}: {small:,} small files became {became:,}."
        needed = self._needed()
        for name in TABLES:
            if gone := self._commit(name, partial(expire, needed[name], keep_days)):
                yield f"{name}: {gone:,} old {'snapshot' if gone == 1 else 'snapshots'} expired."
            files, size = remove_unlisted(self._load, name)
            if files:
                which = "file that no snapshot lists was" if files == 1 else "files that no snapshot lists were"
                yield f"{name}: {files:,} {which} removed, {size / 1e6:,.1f} MB."

    def _needed(self) -> dict[str, set[int]]:
        """Table -> the snapshots that are read now, and those that the journeys are made of."""
        tables, now = {name: self._load(name) for name in TABLES}, self._snapshots()
        needed: dict[str, set[int | None]] = {name: {now[name]} for name in TABLES}
        for name in DERIVED:
            for snapshot in (now[name], tables[name].metadata.current_snapshot_id):
                origin = origin_of(tables[name], snapshot)
                for raw, of_it in origin.snapshots.items() if origin is not None else ():
                    needed[raw].add(newest_with_rows(tables[raw], of_it))
        return {name: {snapshot for snapshot in of_it if snapshot is not None} for name, of_it in needed.items()}


def crowded(table: Table) -> list[list[DataFile]]:
    """The small files of each partition that has many of them."""
    if table.current_snapshot() is None:
        return []
    small: dict[Any, list[DataFile]] = defaultdict(list)
    for task in table.scan().plan_files():
        if task.file.file_size_in_bytes < SMALL and task.file.spec_id == table.spec().spec_id:
            small[task.file.partition].append(task.file)
    return [files for files in small.values() if len(files) >= MANY]


def compact(
    cursor: duckdb.DuckDBPyConnection, read: Reader, name: str, current: Table, transaction: Transaction
) -> tuple[int, int]:
    """Write the small files of crowded partitions as one each, in one commit; how many files there were, and how many they became."""
    groups = crowded(current)
    if not groups:
        return 0, 0
    present = current.metadata.current_snapshot_id
    said = {key: value for key, value in properties(current, present).items() if name in DERIVED and key in BUILD}
    said[SAME_ROWS_AS] = str(first_with_rows(current, present))
    became = [_one(cursor, read, name, current, transaction, files) for files in groups]
    with transaction.update_snapshot(snapshot_properties=said).overwrite() as update:
        for files, one in zip(groups, became, strict=True):
            for file in files:
                update.delete_data_file(file)
            update.append_data_file(one)
    return sum(map(len, groups)), len(groups)


def expire(needed: set[int], keep_days: float, current: Table, transaction: Transaction) -> int:
    """Let the snapshots go that may; how many."""
    gone = expired(current, needed, keep_days)
    if gone:
        ExpireSnapshots(transaction).by_ids(gone).commit()
    return len(gone)


def expired(table: Table, needed: set[int], keep_days: float) -> list[int]:
    """The snapshots that may go: superseded before the kept days began, and neither needed nor read by an undo."""
    since_ms = time() * 1000 - keep_days * DAY_S * 1000
    order = in_order(table)
    young = {
        snapshot.snapshot_id
        for snapshot, successor in pairwise([*order, None])
        if snapshot is not None and (successor is None or successor.timestamp_ms >= since_ms)
    }
    first_stood, standing = stored(table), held(table)
    stay = needed | young | {snapshot for upload, snapshot in first_stood.items() if upload in standing}
    said = history(table)
    known = {upload for snapshot in stay & said.keys() for upload in named(said[snapshot], UPLOAD)}
    stay |= {  # an upload would seem to stand again, were the word of its undoing to go before its own
        snapshot for snapshot, of_it in said.items() if known & named(of_it, UNDONE)
    }
    return [snapshot for snapshot in said if snapshot not in stay]


def remove_unlisted(load: Loader, name: str) -> tuple[int, int]:
    """Remove the files of a table that none of its snapshots lists, and that are older than a day; how many, and of how many bytes."""
    before = time() - DAY_S
    folder = Path(_path(load(name).location()))
    found = [(path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file()]
    listed = set(_listed(load(name)))  # after the files: what was committed meanwhile is listed
    gone = [(path, is_now) for path, is_now in found if is_now.st_mtime < before and str(path) not in listed]
    for path, _ in gone:
        path.unlink(missing_ok=True)
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if path.stat().st_mtime < before and not any(path.iterdir()):
            path.rmdir()
    return len(gone), sum(is_now.st_size for _, is_now in gone)


def _one(
    cursor: duckdb.DuckDBPyConnection,
    read: Reader,
    name: str,
    current: Table,
    transaction: Transaction,
    files: Sequence[DataFile],
) -> DataFile:
    """The rows of files of one partition as one new file."""
    folder = Path(_path(current.location())) / "data" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    path = folder / "compacted.parquet"
    columns = ", ".join(f'"{column}"' for column in TABLES[name])
    rows = f"select {columns} from {read(name, [file.file_path for file in files])} order by {ORDER[name]}"
    cursor.execute(f"copy ({rows}) to {statements.text(str(path))} ({copy_options(name, current.schema())})")
    one = parquet_file_to_data_file(current.io, transaction.table_metadata, str(path))
    if one.record_count != sum(file.record_count for file in files):
        raise AssertionError(f"A compaction of {name} would have lost rows; nothing was changed.")
    return one


def _listed(table: Table) -> Iterator[str]:
    """The path of every file that the table's metadata or one of its snapshots names."""
    yield _path(table.metadata_location)
    yield from (_path(entry.metadata_file) for entry in table.metadata.metadata_log)
    read: set[str] = set()
    for snapshot in table.snapshots():
        yield _path(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path in read:
                continue
            read.add(manifest.manifest_path)
            yield _path(manifest.manifest_path)
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                if entry.status is not ManifestEntryStatus.DELETED:
                    yield _path(entry.data_file.file_path)


def _path(url: str) -> str:
    return url.removeprefix("file://")
