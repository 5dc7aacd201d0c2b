"""What storing a prepared file would do to what is stored now. Nothing is stored here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from pipelines.ingest import lake_rows, rows, uploads
from pipelines.ingest.prepared import Prepared
from pipelines.stores.base import Reading, Stores


@dataclass(frozen=True)
class Plan:
    """What a commit would do to the rows stored now.

    `missing`: stored rows of the days (and accounts or channels) that the file speaks for, whose keys it lacks. They stay unless the person
    says otherwise. `missing_keys` are their keys. `replaced_days`: of the warehouse, the days whose stored rows are replaced. `already`: the
    status row of the earlier upload of the very same file, if one counts. `awaits`: the time of day (UTC) of the job that brings the rows, and
    alone can tell which are new; None where they are stored at once.
    """

    new: int
    replaced: int
    unchanged: int
    missing: pd.DataFrame
    already: Mapping[str, Any] | None
    missing_keys: Sequence[bytes] = ()
    replaced_days: Sequence[date] = ()
    awaits: str | None = None

    @property
    def changes_nothing(self) -> bool:
        """The same file was loaded, and its rows still hold (or its rows will come, with the next run)."""
        return self.already is not None and (self.awaits is not None or self.new == self.replaced == 0)


def preview(stores: Stores, prepared: Prepared, *, demo: bool = False) -> Plan:
    """What a commit of this file would do now. Stores nothing; worked out once a data version, so that a commit right after need not."""
    # What goes into the warehouse can be compared with it, and stored, while the lake does not answer.
    reading = stores.read() if prepared.source.store == "lake" else Reading(stores, stores.warehouse.version(), {})
    said = [sorted(pairs.items()) for pairs in (prepared.mapping, prepared.fixed, prepared.options)]
    key = ("plan", prepared.source.name, prepared.sha256, said, demo)
    return reading.kept(key, lambda: _plan(stores, reading.warehouse_version, prepared, demo))


def _plan(stores: Stores, version: int, prepared: Prepared, demo: bool) -> Plan:
    source = prepared.source
    with stores.warehouse.transaction() as connection:
        already = same_file(connection, prepared, demo)
        if source.store == "lake":
            return Plan(
                *lake_rows.compare(stores, prepared),
                missing=pd.DataFrame(),
                already=already,
                awaits=stores.settings.runs_at if stores.lake.lands_uploads else None,
            )
        standing = rows.stand(connection, source.table, prepared.tables[source.table], version)
    return Plan(**vars(standing), already=already)


def same_file(connection: Connection, prepared: Prepared, demo: bool) -> Mapping[str, Any] | None:
    """The newest upload that counts of the same bytes, read in the same way."""
    found = connection.execute(
        text(
            "select * from standing_uploads where sha256 = :sha256 and source = :source and demo = :demo"
            " and mapping = cast(:mapping as jsonb) and fixed = cast(:fixed as jsonb) and options = cast(:options as jsonb)"
            " order by committed_version desc limit 1"
        ),
        {
            "sha256": prepared.sha256,
            "source": prepared.source.name,
            "demo": demo,
            "mapping": uploads.as_json(dict(prepared.mapping)),
            "fixed": uploads.as_json(dict(prepared.fixed)),
            "options": uploads.as_json(dict(prepared.options)),
        },
    )
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)
