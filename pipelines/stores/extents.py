"""How far a table reaches and how many rows it has, as the metadata of its files tell: no row is read for it, and no engine asked.

Invariant: what is told is what the rows themselves would tell; where the metadata cannot tell that, they tell nothing.
"""

from collections.abc import Mapping

import pandas as pd
from pyiceberg.conversions import from_bytes
from pyiceberg.table import Table
from pyiceberg.types import PrimitiveType

from pipelines.stores.base import Snapshots


def feeds(tables: Mapping[str, Table], snapshots: Snapshots) -> pd.DataFrame | None:
    """The rows of the statement `feeds` for these tables as of these snapshots. None where a file's metadata lack its bounds, or do not tell
    which of its rows are gone."""
    rows = []
    for source, table in sorted(tables.items()):
        told = _extent(table, snapshots[source])
        if told is None:
            return None
        count, oldest, newest = told
        if count:
            rows.append((source, count, pd.Timestamp(oldest, unit="us"), pd.Timestamp(newest, unit="us")))
    types = {"source": "str", "row_count": "int64", "oldest_at": "datetime64[ms]", "newest_at": "datetime64[ms]"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def _extent(table: Table, snapshot: int | None) -> tuple[int, int, int] | None:
    """Rows, and the oldest and the newest instant in microseconds since 1970."""
    instant = table.schema().find_field("occurred_at")
    kind = instant.field_type
    assert isinstance(kind, PrimitiveType)
    rows, instants = 0, list[int]()
    for task in table.scan(snapshot_id=snapshot).plan_files() if snapshot is not None else ():
        file = task.file
        low, high = ((bounds or {}).get(instant.field_id) for bounds in (file.lower_bounds, file.upper_bounds))
        if task.delete_files or low is None or high is None:
            return None
        rows += file.record_count
        instants += [int(from_bytes(kind, low)), int(from_bytes(kind, high))]
    return rows, min(instants, default=0), max(instants, default=0)
