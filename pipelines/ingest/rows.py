"""Rows of an upload on their way into the warehouse: staged, compared with what holds, and added by COPY.

Invariant: nothing is changed in place. A row that replaces another is a newer row of the same key; a row that goes is a newer row of the
same key marked `removed`. Table and column names come from the source declarations, never from a file.
"""

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from pipelines.errors import WarehouseUnavailable
from pipelines.ingest import binary_copy
from pipelines.sources import SOURCES

BOOKKEEPING = ("upload_id", "row_number", "key_hash", "removed")
SCOPES = {source.table: source.speaks_for for source in SOURCES.values() if source.speaks_for}
"""Table with days -> the columns that say what a file speaks for: within them, a stored key that the file lacks may have to go."""
BATCH = 20_000  # rows that are made ready at a time
CHUNK = 1 << 20  # bytes that are handed to PostgreSQL at a time


@dataclass(frozen=True)
class Standing:
    """How a file stands to the table: how many of its rows are new, replace a stored one or are stored already; and the stored rows that it
    speaks for but lacks, with their values, and their keys in the same order. `replaced_days`: the days whose stored rows are replaced."""

    new: int
    replaced: int
    unchanged: int
    missing: pd.DataFrame
    missing_keys: Sequence[bytes] = ()
    replaced_days: Sequence[date] = ()


def stand(connection: Connection, table: str, rows: pa.Table, version: int) -> Standing:
    """Compare rows on their way in with what holds at a version. Leaves nothing behind once the transaction ends."""
    if not _any_holds(connection, table, rows, version):
        return Standing(rows.num_rows, 0, 0, pd.DataFrame())
    _stage(connection, table, rows)
    values = [name for name in rows.column_names if name not in BOOKKEEPING]
    incoming, current = (", ".join(f'{alias}."{name}"' for name in values) for alias in ("i", "c"))
    same = f"({incoming}) is not distinct from ({current})"
    replaced = f"i.key_hash is not null and c.key_hash is not null and not {same}"
    days = f"array_agg(distinct i.date) filter (where {replaced})" if "date" in values else "null"
    found = connection.execute(
        text(
            "select count(i.key_hash) filter (where c.key_hash is null) as new,"
            f" count(i.key_hash) filter (where c.key_hash is not null and {same}) as same, {days} as days,"
            f" count(i.key_hash) as total, array_agg(c.key_hash) filter (where {_lacking(table)}) as lacking"
            f" from incoming as i full join {_holding(table)} as c on {_same_key(table)}"
        ),
        {"version": version},
    ).one()
    missing = _held(connection, table, version, found.lacking or [])
    return Standing(
        found.new,
        found.total - found.new - found.same,
        found.same,
        missing.drop(columns=list(BOOKKEEPING)),
        [bytes(key) for key in missing["key_hash"]],
        sorted(found.days or ()),
    )


def store(
    connection: Connection, table: str, rows: pa.Table, upload_id: str, version: int, *, gone: Sequence[bytes] = ()
) -> None:
    """Add the rows as rows of this upload, and mark as removed the stored rows of the keys in `gone`."""
    if gone:
        columns = connection.execute(text(f'select * from "{table}" where false')).keys()
        kept = ", ".join(f'"{name}"' for name in columns if name not in ("upload_id", "row_number", "removed"))
        connection.execute(
            text(
                f'insert into "{table}" ({kept}, upload_id, removed) select {kept}, cast(:upload_id as text), true'
                f' from "{table}_as_of"(cast(:version as bigint)) where key_hash = any(:gone)'
            ),
            {"version": version, "upload_id": upload_id, "gone": list(gone)},
        )
    copy(connection, table, of_upload(rows, upload_id))


def remove_again(connection: Connection, table: str, covered: str, upload_id: str, version: int) -> int:
    """Mark as removed what the upload that this one covers had removed: where this one speaks for it and lacks it, too, and nothing that came
    later holds there. Returns how many rows that are."""
    columns = connection.execute(text(f'select * from "{table}" where false')).keys()
    kept = ", ".join(f'"{name}"' for name in columns if name not in ("upload_id", "row_number", "removed"))
    gone = f'select key_hash from "{table}" where upload_id = :covered and removed'
    added = connection.execute(
        text(
            f'insert into "{table}" ({kept}, upload_id, removed) select {kept}, cast(:upload_id as text), true'
            f' from "{table}" as c where c.upload_id = :covered and c.removed'
            f' and ({_scope(table, "c")}) in (select {_scope(table, "s")} from "{table}" as s where s.upload_id = :upload_id)'
            f' and c.key_hash not in (select i.key_hash from "{table}" as i where i.upload_id = :upload_id)'
            f' and c.key_hash not in (select key_hash from "{table}_as_of"(cast(:version as bigint)) where key_hash in ({gone}))'
        ),
        {"covered": covered, "upload_id": upload_id, "version": version},
    )
    return added.rowcount


def copy(connection: Connection, table: str, rows: pa.Table) -> None:
    """Append Arrow rows to a table by COPY, batch by batch; null stays null and empty text stays empty text."""
    known = [name for name in rows.column_names if rows[name].null_count < rows.num_rows or not rows.num_rows]
    rows = rows.select(known or rows.column_names[:1])  # what is left out is null by itself
    names = ", ".join(f'"{name}"' for name in rows.column_names)
    driver: Any = connection.connection
    cursor = driver.cursor()
    try:
        with closing(_Parts(rows)) as parts:
            cursor.copy_expert(f'copy "{table}" ({names}) from stdin with (format binary)', parts, CHUNK)
    except (psycopg2.Error, SystemError) as problem:  # psycopg2 may fail in odd ways where the server goes away
        if not isinstance(problem, psycopg2.OperationalError) and not driver.closed:
            raise
        reason = str(problem).strip().partition("\n")[0]
        raise WarehouseUnavailable(
            f"The warehouse did not take the rows: {reason}. Nothing was stored.",
            "Check that PostgreSQL runs and has room on its disk, then upload again.",
        ) from problem
    finally:
        cursor.close()


class _Parts:
    """Rows in COPY's binary format, written part by part: the next one while PostgreSQL takes the last.

    They go in the order of their days, so that the index on the day grows at its end instead of everywhere.
    """

    def __init__(self, rows: pa.Table) -> None:
        self._parts = self._encoded(rows)
        self._worker = ThreadPoolExecutor(1, "copy")
        self._next = self._worker.submit(next, self._parts, b"")
        self._bytes = io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes; none at the end."""
        found = self._bytes.read(size)
        if not found and (part := self._next.result()):
            self._bytes = io.BytesIO(part)
            self._next = self._worker.submit(next, self._parts, b"")
            found = self._bytes.read(size)
        return found

    def close(self) -> None:
        """End the worker."""
        self._worker.shutdown()

    def _encoded(self, rows: pa.Table) -> Iterator[bytes]:
        order = pc.array_sort_indices(rows["date"]) if "date" in rows.column_names else None
        yield binary_copy.HEADER
        for start in range(0, rows.num_rows, BATCH):
            part = rows.slice(start, BATCH) if order is None else rows.take(order.slice(start, BATCH))
            yield b"".join(map(binary_copy.encode, part.combine_chunks().to_batches()))
        yield binary_copy.TRAILER


def printable(rows: pa.Table) -> pa.Table:
    """Refused cells with NUL characters, which PostgreSQL's text cannot hold, shown as their symbol."""
    columns = [
        pc.replace_substring(column, "\x00", "\u2400") if pa.types.is_string(column.type) else column
        for column in rows.columns
    ]
    return pa.Table.from_arrays(columns, names=rows.column_names)


def of_upload(rows: pa.Table, upload_id: str) -> pa.Table:
    """The rows with their upload's id as another column."""
    everywhere = pa.repeat(pa.scalar(0, pa.int32()), rows.num_rows)
    return rows.append_column("upload_id", pa.DictionaryArray.from_arrays(everywhere, pa.array([upload_id])))


def _stage(connection: Connection, table: str, rows: pa.Table) -> None:
    """Copy rows into the temporary table `incoming`, which the end of the transaction drops."""
    connection.execute(text(f'create temp table incoming (like "{table}" including defaults) on commit drop'))
    connection.execute(text("set local work_mem = '256MB'"))  # the comparison sorts both sides
    copy(connection, "incoming", of_upload(rows, ""))
    connection.execute(text("analyze incoming"))


def _any_holds(connection: Connection, table: str, rows: pa.Table, version: int) -> bool:
    """Whether anything stored holds in the days of these rows (in the table at all, where rows have no day)."""
    if not rows.num_rows:
        return False
    if "date" not in rows.column_names:
        days, bounds = "", {}
    else:
        span = pc.min_max(rows["date"]).as_py()
        days, bounds = " where date between :first and :last", {"first": span["min"], "last": span["max"]}
    found = connection.execute(
        text(f'select exists (select 1 from "{table}_as_of"(cast(:version as bigint)){days})'),
        {"version": version, **bounds},
    )
    return bool(found.scalar_one())


def _held(connection: Connection, table: str, version: int, keys: Sequence[bytes]) -> pd.DataFrame:
    """The rows that hold at a version under these keys."""
    rows = connection.execute(
        text(
            f'select * from "{table}_as_of"(cast(:version as bigint)) where key_hash = any(:keys) order by {_order(table)}'
        ),
        {"version": version, "keys": list(keys)},
    )
    return pd.DataFrame([tuple(row) for row in rows], columns=list(rows.keys()))


def _order(table: str) -> str:
    return ", ".join([*(f'"{name}"' for name in SCOPES.get(table, ())), "key_hash"])


def _lacking(table: str) -> str:
    """Whether the stored row `c` has no row of its key in the file, although the file speaks for it."""
    if table not in SCOPES:
        return "false"
    return f"i.key_hash is null and ({_scope(table, 'c')}) in (select distinct {_scope(table, 's')} from incoming as s)"


def _scope(table: str, alias: str) -> str:
    """The values by which a row of the table belongs to what a file speaks for."""
    columns = (f'{alias}."{name}"' for name in SCOPES[table])
    return ", ".join(column if column.endswith('."date"') else f"coalesce({column}, '')" for column in columns)


def _same_key(table: str) -> str:
    return "i.key_hash = c.key_hash and i.date = c.date" if table in SCOPES else "i.key_hash = c.key_hash"


def _holding(table: str) -> str:
    """The rows that hold at :version, of the staged file's days only where the table has days."""
    rows = f'"{table}_as_of"(cast(:version as bigint))'
    if table not in SCOPES:
        return rows
    return f"(select * from {rows} where date between (select min(date) from incoming) and (select max(date) from incoming))"
