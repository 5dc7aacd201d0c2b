"""What the way in of a file yields: the file as text (Raw), then its rows as they will be stored (Prepared).

Invariant: rows_read = accepted + refused + totals_dropped + merged; no row of a file is unaccounted for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from pipelines.errors import FileRefused
from pipelines.sources import Source

REFUSED_SCHEMA = pa.schema(
    [("row", pa.int64()), ("column", pa.string()), ("value", pa.string()), ("reason", pa.string())]
)


@dataclass(frozen=True)
class Raw:
    """A file read as text.

    `table` has one string column a header cell, under the names of `header` (unique); blank rows are left out. `rows` are its rows'
    1-based record numbers, as a spreadsheet shows them; `header_row` is the header's. `refused` (REFUSED_SCHEMA) holds the rows that
    are no rows of this table: too many or too few cells, or control characters. `encoding` is a name that Python knows.
    """

    file_name: str
    encoding: str
    delimiter: str
    header_row: int
    header: tuple[str, ...]
    table: pa.Table
    rows: pa.Array
    refused: pa.Table

    @property
    def rows_read(self) -> int:
        """Rows after the header that are not blank."""
        return self.table.num_rows + self.refused.num_rows


@dataclass(frozen=True)
class Prepared:
    """A file's rows as they will be stored, and everything to be said about them.

    `tables`: table name -> rows with the stored columns, `row_number` and, for warehouse tables, `key_hash`; the source's own table is always
    there. `refused` (REFUSED_SCHEMA) has one line a refused row. `merged` counts rows that were added to, or are the same as, an earlier one.
    `notes` are decisions that were taken, `warnings` what the person should look at. `first_day` and `last_day` are of the source's own
    table (UTC days for the lake), None where nothing is dated.
    """

    source: Source
    file_name: str
    sha256: str
    encoding: str
    delimiter: str
    header_row: int
    header: tuple[str, ...]
    mapping: Mapping[str, str]
    fixed: Mapping[str, str]
    rows_read: int
    totals_dropped: int
    merged: int
    tables: Mapping[str, pa.Table]
    refused: pa.Table
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    first_day: date | None
    last_day: date | None

    @property
    def accepted(self) -> int:
        """Rows of the source's own table."""
        return int(self.tables[self.source.table].num_rows)

    def sample(self, n: int = 20) -> list[dict[str, Any]]:
        """The first `n` rows of the source's own table as they will be stored, without the key hash."""
        rows = self.tables[self.source.table].slice(0, n)
        shown = [name for name in rows.column_names if name != "key_hash"]
        return list(rows.select(shown).to_pylist())


class MappingNeeded(FileRefused):
    """Required fields (`missing`) have neither a column nor a fixed value; `raw` and the `mapping` so far let the person point at them."""

    def __init__(
        self, message: str, remedy: str, missing: tuple[str, ...], raw: Raw, mapping: Mapping[str, str]
    ) -> None:
        super().__init__(message, remedy, missing)
        self.raw = raw
        self.mapping = dict(mapping)
