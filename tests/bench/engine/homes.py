"""Homes filled with made-up journeys, faster than any upload would: straight into the lake's tables.

Invariant: the lake then holds what uploads of the same rows would have left there; only the warehouse knows of no upload.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from pyiceberg.table import Table

from pipelines.settings import load_settings
from pipelines.stores import open_stores
from pipelines.stores.base import Stores
from pipelines.stores.lake_duckdb import DuckDBLake

_BUILT = (
    "journey_id", "anchored_at", "touchpoint_id", "age_ms", "gap_2_ms", "last_channel", "position_from_last", "transition_3", "channel_set"
)  # fmt: skip


@contextmanager
def empty_home() -> Iterator[Path]:
    """A folder for a home, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "home"


@contextmanager
def opened(home: Path) -> Iterator[Stores]:
    """The stores of a home, made where there are none."""
    with closing(open_stores(load_settings({"TOUCHLINE_HOME": str(home), "TOUCHLINE_USER": "bench"}))) as stores:
        yield stores


def load(stores: Stores, touchpoints: pa.Table, conversions: pa.Table) -> None:
    """Append rows to both tables, each in one commit. The journeys are not built."""
    for table, rows in (("touchpoints", touchpoints), ("conversions", conversions)):
        if rows.num_rows:
            _table(stores, table).append(rows)


def built(stores: Stores) -> tuple[int, int]:
    """How many rows the journeys have, and a digest of them: equal journeys have equal ones, whatever the order and numbering of their rows."""
    with closing(duckdb.connect()) as connection:
        connection.register("built", _table(stores, "journeys").scan(selected_fields=_BUILT).to_arrow_batch_reader())
        found = connection.execute("select count(*), bit_xor(hash(built)) from built").fetchone()
    assert found is not None
    return found[0], found[1]


def _table(stores: Stores, name: str) -> Table:
    assert isinstance(stores.lake, DuckDBLake)
    return stores.lake.table(name)
