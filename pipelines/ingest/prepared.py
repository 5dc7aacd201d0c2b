"""What the way in of a file yields: the file as text (Raw), then its rows as they will be stored (Prepared).

Invariant: rows_read = accepted + refused + totals_dropped + merged; no row of a file is unaccounted for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from pipelines.errors import FileRefused
from pipelines.sources import Source

if TYPE_CHECKING:
    from pipelines.sources.exports import Export

REFUSED_SCHEMA = pa.schema(
    [("row", pa.int64()), ("column", pa.string()), ("value", pa.string()), ("reason", pa.string())]
)


@dataclass(frozen=True)
class Raw:
    """A file read as text.

    `table` has one string column a header cell, under the names of `header` (unique); blank rows are left out. `rows` are its rows'
    1-based record numbers, as a spreadsheet shows them; `header_row` is the header's. `refused` (REFUSED_SCHEMA) holds the rows that
    are no rows of this table: too many or too few cells, or control characters. `encoding` is a name that Python knows, or "xlsx".
    `preamble` are the filled cells of each record above the header, `container` says what the table was packed in ("gzip",
    "zip: name.csv", "xlsx: Sheet1"; "" for a plain file), `notes` what was decided while reading.
    """

    file_name: str
    encoding: str
    delimiter: str
    header_row: int
    header: tuple[str, ...]
    table: pa.Table
    rows: pa.Array
    refused: pa.Table
    preamble: tuple[tuple[str, ...], ...] = ()
    container: str = ""
    notes: tuple[str, ...] = ()

    @property
    def rows_read(self) -> int:
        """Rows after the header that are not blank."""
        return self.table.num_rows + self.refused.num_rows


@dataclass(frozen=True)
class Total:
    """A figure of a totals row (`label`, at record `row`), `file`, beside the sum of the rows that it stands for, `ours`."""

    row: int
    label: str
    field: str
    file: Decimal
    ours: Decimal
    agrees: bool


@dataclass(frozen=True)
class Doubt:
    """Something that the file does not say about itself and that changes what is stored: a person must say it before a commit.

    `kind` is the option of `prepare` that says it, `example` a cell of `column`, `readings` what each answer makes of it.
    """

    kind: Literal["date_order", "decimal"]
    column: str
    example: str
    readings: Mapping[str, str]

    @property
    def ways_to_say(self) -> str:
        """The answers, as the command line takes them."""
        option = f"--{self.kind.replace('_', '-')}"
        return " or ".join(f"{option} {answer}" for answer in self.readings)


@dataclass(frozen=True)
class Conversion:
    """How a field was read: `how` in a few words, and for example what was `written` in `column` (or given for it) and what is `stored`."""

    field: str
    column: str
    written: str
    stored: str
    how: str


@dataclass(frozen=True)
class Prepared:
    """A file's rows as they will be stored, and everything to be said about them.

    `tables`: table name -> rows with the stored columns, `row_number` and, for warehouse tables, `key_hash`; the source's own table is always
    there. `refused` (REFUSED_SCHEMA) has one line a refused row. `merged` counts rows that were added to, or are the same as, an earlier one.
    `totals_dropped` counts totals rows, `totals` compares their figures with the rows,
    `reconciliation` holds the notes that say so. `doubts` must be answered before a commit.
    `conversions` show for each field how it was read. `options` (zone, date_order, decimal), `said_mapping` and `said_fixed` are what the
    person said, for reading the file again.
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
    export: "Export | None" = None
    container: str = ""
    totals: tuple[Total, ...] = ()
    reconciliation: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    said_mapping: Mapping[str, str | None] = field(default_factory=dict)
    said_fixed: Mapping[str, str] = field(default_factory=dict)

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
