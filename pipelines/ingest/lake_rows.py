"""The rows that uploads have in the lake: written at once where this process writes the lake, else brought by the next run of a job.

Invariant: what a job has to know lies beside the file in the folder raw: a note of how it is to be read, and for as long as the upload does not
count a second one that says so; both are written before the file. The second goes right before the upload is made to hold, and comes back where
that fails. So jobs need no database, a file that nobody wrote down is never read, and doing any of this twice does no harm.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import text

from pipelines.ingest import bucket, rows
from pipelines.ingest.prepared import Prepared
from pipelines.stores.base import Stores

READING, UNDONE = ".reading.json", ".undone.json"
"""What the names of the notes beside a file end in."""


def tables_of(prepared: Prepared) -> list[str]:
    """The lake tables that the file has rows for."""
    if prepared.source.store != "lake":
        return []
    return [name for name, part in prepared.tables.items() if part.num_rows]


def compare(stores: Stores, prepared: Prepared) -> tuple[int, int, int]:
    """Rows of the file that are new, replaced and unchanged. New where its own table lacks it, unchanged where every table that it feeds holds
    it as it is. Where a job brings the rows, only that job can tell: all count as new."""
    if stores.lake.lands_uploads:
        return prepared.accepted, 0, 0
    numbers = {name: part["row_number"].to_numpy() for name, part in prepared.tables.items()}
    if (
        len(np.unique(numbers[prepared.source.table])) < prepared.accepted
    ):  # a row of a pivot is several records, and feeds one table
        numbers = {name: np.arange(part.num_rows) for name, part in prepared.tables.items()}
    rows_of_file = 1 + max((int(of_table.max()) for of_table in numbers.values() if len(of_table)), default=0)
    new, changed = np.zeros(rows_of_file, bool), np.zeros(rows_of_file, bool)
    for name, part in prepared.tables.items():
        found = stores.own_lake.compare(name, part)
        changed[numbers[name][~found.unchanged]] = True
        if name == prepared.source.table:
            new[numbers[name][found.new]] = True
    replaced = int((changed & ~new).sum())
    return int(new.sum()), replaced, prepared.accepted - int(new.sum()) - replaced


def announce(stores: Stores, upload: Mapping[str, Any]) -> None:
    """Write the notes, where a job will read the file: how, and that it is not to be yet. To be done before the file is there."""
    if not stores.lake.lands_uploads or not upload["lake_tables"]:
        return
    settings = stores.settings
    said = {name: json.loads(upload[f"said_{name}"]) for name in ("mapping", "fixed")}
    note = {
        **{name: upload[name] for name in ("upload_id", "source", "file_name")},
        **said,
        "options": json.loads(upload["options"]),
        "uploaded_at": datetime.now(UTC).isoformat(),
        "time_zone": settings.reporting_time_zone,
        "currency": settings.reporting_currency,
    }
    path = str(upload["raw_path"])
    _write(path + UNDONE, {"undone_at": note["uploaded_at"]})
    _write(path + READING, note)


def store(
    stores: Stores, prepared: Prepared, upload: Mapping[str, Any], covered: str | None, standing: Sequence[str]
) -> None:
    """Store an upload's rows in the place of those of the covered upload, if there is one. standing: the other uploads that count."""
    if stores.lake.lands_uploads:
        _mark_undone(stores, [covered] if covered else [])
        if upload["lake_tables"]:
            bucket.remove(str(upload["raw_path"]) + UNDONE)
        return
    for table in upload["lake_tables"]:  # an upload that is covered may have rows in tables that this one has none for
        part = rows.of_upload(prepared.tables.get(table, pa.table({})), upload["upload_id"])
        stores.own_lake.write(table, part, upload["upload_id"], instead_of=covered, standing=standing)


def take_out(stores: Stores, uploads: Sequence[Mapping[str, Any]], standing: Sequence[str]) -> None:
    """Take the rows of uploads out; what they had replaced, or were stored instead of, comes back. standing: the uploads that count, oldest
    first."""
    if stores.lake.lands_uploads:
        in_lake = [upload for upload in uploads if upload["lake_tables"]]
        _mark_undone(stores, [str(upload["upload_id"]) for upload in in_lake])
        back = [str(upload["replaces"]) for upload in in_lake if upload["replaces"] in standing]
        for path in _paths(stores, back):
            bucket.remove(path + UNDONE)
        return
    for table in sorted({table for upload in uploads for table in upload["lake_tables"]}):
        of_table = [str(upload["upload_id"]) for upload in uploads if table in upload["lake_tables"]]
        stores.own_lake.undo(table, of_table, standing)


@dataclass(frozen=True)
class Runs:
    """What finished runs of a source's job did with uploads: those whose rows they stored, also where that changed none; and why they could take
    nothing of others."""

    stored: frozenset[str]
    refused: Mapping[str, str]


def runs_since(lake_url: str, source: str, day: date) -> Runs:
    """The runs of a source's job since a UTC day, as their records in the lake tell. Raises WarehouseUnavailable where these cannot be read."""
    folder = f"{lake_url}/runs/curate_{source}/"
    stored: set[str] = set()
    refused: dict[str, str] = {}
    for url in bucket.listed(folder):
        if url.removeprefix(folder)[:10] < day.isoformat():
            continue
        record = _record(url)
        stored |= {upload_id for table in record["tables"].values() for upload_id in table["stored"]}
        refused |= {file["upload_id"]: file["complaint"] for file in record["files"] if file.get("complaint")}
    return Runs(frozenset(stored), refused)


@lru_cache(maxsize=1024)
def _record(url: str) -> Mapping[str, Any]:
    """The record of a run, which never changes."""
    found: Mapping[str, Any] = json.loads(bucket.get(url) or b'{"tables": {}, "files": []}')
    return found


def next_run(runs_at: str, now: datetime) -> datetime:
    """When the jobs run next that bring what landed: a UTC instant, of a day's run at that time of day (UTC)."""
    today = datetime.combine(now.astimezone(UTC).date(), time.fromisoformat(runs_at), UTC)
    return today if today > now else today + timedelta(days=1)


def _mark_undone(stores: Stores, upload_ids: Sequence[str]) -> None:
    for path in _paths(stores, upload_ids):
        _write(path + UNDONE, {"undone_at": datetime.now(UTC).isoformat()})


def _paths(stores: Stores, upload_ids: Sequence[str]) -> list[str]:
    """Where the files of uploads are that landed; others were stored in the lake of a home, which is not this one."""
    with stores.warehouse.transaction() as connection:
        found = connection.execute(
            text("select raw_path from uploads where upload_id = any(:upload_ids)"), {"upload_ids": list(upload_ids)}
        )
        return [path for path in map(str, found.scalars()) if path.startswith(bucket.S3)]


def _write(url: str, note: Mapping[str, Any]) -> None:
    bucket.put(url, json.dumps(note, ensure_ascii=False, sort_keys=True).encode())
