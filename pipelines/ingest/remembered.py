"""Mappings that people want remembered: how files with a certain header are read.

Invariant: rows are added and marked as forgotten, never changed; of a source and a header the newest one holds.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, text

from pipelines.errors import NotFound
from pipelines.ingest.header import fold_header
from pipelines.ingest.pivot import unpivot
from pipelines.ingest.prepared import Prepared, Raw
from pipelines.ingest.said import Said
from pipelines.ingest.tell import find_export
from pipelines.ingest.uploads import as_json
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores

_NEWEST = (
    "select distinct on (source, header_key) id, source, header, mapping, fixed, options, saved_by, saved_at"
    " from remembered_mappings where forgotten_at is null{condition} order by source, header_key, saved_at desc, id"
)


@dataclass(frozen=True)
class Remembered:
    """How files of a source with this header are read: what `prepare` takes as `mapping` and `fixed`, and its zone, date_order and decimal
    (`options`). A field that was left without a column is mapped to ''."""

    id: str
    source: str
    header: tuple[str, ...]
    mapping: Mapping[str, str]
    fixed: Mapping[str, str]
    options: Mapping[str, str]
    saved_by: str
    saved_at: datetime

    @property
    def said(self) -> Said:
        """What a person would have to say to have a file read like this."""
        return Said(self.mapping, self.fixed, self.options)


def recall(stores: Stores, header: Iterable[str]) -> list[Remembered]:
    """What is remembered for files with this header, whatever their source; the newest first."""
    with stores.warehouse.transaction() as connection:
        found = _select(connection, " and header_key = :header_key", {"header_key": _key(header)})
    return sorted(found, key=lambda remembered: remembered.saved_at, reverse=True)


def recall_for(stores: Stores, source: str, header: Iterable[str]) -> Remembered | None:
    """What is remembered for files of this source (its name) with this header."""
    return next((remembered for remembered in recall(stores, header) if remembered.source == source), None)


def header_of(raw: Raw) -> tuple[str, ...]:
    """The header that a file is remembered by: of a pivot that of its records, for its own names the days of one file."""
    top = replace(raw, table=raw.table.slice(0, 0), rows=raw.rows.slice(0, 0))
    exports = (find_export(source, raw) for source in SOURCES.values())
    return next((unpivot(top, export).header for export in exports if export and export.pivot), raw.header)


def listed(stores: Stores) -> list[Remembered]:
    """Everything that is remembered, by source, the newest first."""
    with stores.warehouse.transaction() as connection:
        found = _select(connection, "", {})
    newest_first = sorted(found, key=lambda remembered: remembered.saved_at, reverse=True)
    return sorted(newest_first, key=lambda remembered: remembered.source)


def forget(stores: Stores, remembered_id: str, user: str) -> None:
    """Remember nothing any more for the source and header of this entry. Raises NotFound where there is none of that id."""
    with stores.warehouse.transaction() as connection:
        gone = connection.execute(
            text(
                "update remembered_mappings as m set forgotten_at = clock_timestamp(), forgotten_by = :user"
                " from remembered_mappings as named where named.id = :id and m.source = named.source"
                " and m.header_key = named.header_key and m.forgotten_at is null"
            ),
            {"user": user, "id": remembered_id},
        )
        if not gone.rowcount:
            raise NotFound(f"No mapping '{remembered_id}' is remembered.", "The list shows those that are.")


def save(connection: Connection, prepared: Prepared, user: str) -> None:
    """Within a transaction: remember how this file was read."""
    left_out = {field: "" for field, column in prepared.said_mapping.items() if not column}
    row = {
        "id": secrets.token_hex(8),
        "source": prepared.source.name,
        "header_key": _key(prepared.header),
        "header": list(prepared.header),
        "mapping": as_json(left_out | dict(prepared.mapping)),
        "fixed": as_json(dict(prepared.fixed)),
        "options": as_json(dict(prepared.options)),
        "saved_by": user,
    }
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"insert into remembered_mappings ({names}) values ({values})"), row)


def _select(connection: Connection, condition: str, parameters: Mapping[str, str]) -> list[Remembered]:
    found = connection.execute(text(_NEWEST.format(condition=condition)), parameters).mappings()
    return [Remembered(**{**row, "header": tuple(row["header"])}) for row in found]


def _key(header: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(map(fold_header, header)).encode()).hexdigest()
