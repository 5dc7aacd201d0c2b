"""Rows of an upload on their way into the warehouse: staged, compared with what holds, and added by COPY.

Invariant: nothing is changed in place. A row that replaces another is a newer row of the same key; a row that goes is a newer row of the
same key marked `removed`. Table and column names come from the source declarations, never from a file.
"""

import tempfile
from dataclasses import dataclass
from typing import Any

import pandas as pd
import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from sqlalchemy import Connection, text

from pipelines.errors import WarehouseUnavailable
from pipelines.sources import SOURCES

BOOKKEEPING = ("upload_id", "row_number", "key_hash", "removed")
SCOPES = {source.table: source.speaks_for for source in SOURCES.values() if source.speaks_for}
"""Table with days -> the columns that say what a file speaks for: within them, a stored key that the file lacks may have to go."""


@dataclass(frozen=True)
class Standing:
    """How a file stands to the table: how many of its rows are new, replace a stored one or are stored already; and the stored rows that it
    speaks for but lacks, with their values."""

    new: int
    replaced: int
    unchanged: int
    missing: pd.DataFrame


def stand(connection: Connection, table: str, rows: pa.Table, version: int) -> Standing:
    """Compare rows on their way in with what holds at a version. Leaves nothing behind once the transaction ends."""
    if not _any_holds(connection, table, rows, version):
        return Standing(rows.num_rows, 0, 0, pd.DataFrame())
    _stage(connection, table, rows)
    values = [name for name in rows.column_names if name not in BOOKKEEPING]
    incoming, current = (", ".join(f'{alias}."{name}"' for name in values) for alias in ("i", "c"))
    found = connection.execute(
        text(
            "select count(*) filter (where c.key_hash is null) as new,"
            f" count(*) filter (where c.key_hash is not null and ({incoming}) is not distinct from ({current})) as same,"
            " count(*) as total"
            f" from incoming as i left join {_holding(table)} as c on {_same_key(table)}"
        ),
        {"version": version},
    ).one()
    lacking = connection.execute(text(_missing(table, "c.*")), {"version": version})
    frame = pd.DataFrame([tuple(row) for row in lacking], columns=list(lacking.keys()))
    frame = frame.drop(columns=list(BOOKKEEPING))
    return Standing(found.new, found.total - found.new - found.same, found.same, frame)


def store(
    connection: Connection, table: str, rows: pa.Table, upload_id: str, version: int, *, remove_missing: bool
) -> None:
    """Add the rows as rows of this upload. remove_missing: also mark as removed what the file speaks for but lacks."""
    if remove_missing:
        _stage(connection, table, rows)
        columns = connection.execute(text(f'select * from "{table}" where false')).keys()
        kept = [name for name in columns if name not in ("upload_id", "row_number", "removed")]
        names, values = ", ".join(f'"{name}"' for name in kept), ", ".join(f'c."{name}"' for name in kept)
        connection.execute(
            text(
                f'insert into "{table}" ({names}, upload_id, removed) '
                + _missing(table, f"{values}, cast(:upload_id as text), true")
            ),
            {"version": version, "upload_id": upload_id},
        )
    copy(connection, table, of_upload(rows, upload_id))


def copy(connection: Connection, table: str, rows: pa.Table) -> None:
    """Append Arrow rows to a table by COPY; null stays null and empty text stays empty text."""
    names = ", ".join(f'"{name}"' for name in rows.column_names)
    with tempfile.SpooledTemporaryFile(max_size=64 * 1024 * 1024) as file:
        pa.csv.write_csv(_storable(rows), file, pa.csv.WriteOptions(include_header=False))
        file.seek(0)
        cursor: Any = connection.connection.cursor()
        try:
            cursor.copy_expert(f'copy "{table}" ({names}) from stdin with (format csv)', file)
        except psycopg2.OperationalError as problem:
            reason = str(problem).strip().partition("\n")[0]
            raise WarehouseUnavailable(
                f"The warehouse did not take the rows: {reason}. Nothing was stored.",
                "Check that PostgreSQL runs and has room on its disk, then upload again.",
            ) from problem
        finally:
            cursor.close()


def _storable(rows: pa.Table) -> pa.Table:
    """The rows with NUL characters, which PostgreSQL's text cannot hold, shown as their symbol."""
    columns = [
        pc.replace_substring(column, "\x00", "\u2400") if pa.types.is_string(column.type) else column
        for column in rows.columns
    ]
    return pa.Table.from_arrays(columns, names=rows.column_names)


def of_upload(rows: pa.Table, upload_id: str) -> pa.Table:
    """The rows with their upload's id as another column."""
    return rows.append_column("upload_id", pa.repeat(pa.scalar(upload_id, pa.string()), rows.num_rows))


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


def _missing(table: str, columns: str) -> str:
    scope = SCOPES.get(table)
    if scope is None:
        return f"select {columns} from {_holding(table)} as c where false"
    same_scope = " and ".join(
        f'i."{name}" = c."{name}"' if name == "date" else f"coalesce(i.\"{name}\", '') = coalesce(c.\"{name}\", '')"
        for name in scope
    )
    return (
        f"select {columns} from {_holding(table)} as c"
        f" where exists (select 1 from incoming as i where {same_scope})"
        f" and not exists (select 1 from incoming as i where {_same_key(table)})"
    )


def _same_key(table: str) -> str:
    return "i.key_hash = c.key_hash and i.date = c.date" if table in SCOPES else "i.key_hash = c.key_hash"


def _holding(table: str) -> str:
    """The rows that hold at :version, of the staged file's days only where the table has days."""
    rows = f'"{table}_as_of"(cast(:version as bigint))'
    if table not in SCOPES:
        return rows
    return f"(select * from {rows} where date between (select min(date) from incoming) and (select max(date) from incoming))"
