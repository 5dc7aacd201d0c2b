"""Run records: what each run of a job did, at runs/<job>/<day>/<run id>.json, and what they tell later runs.

Invariant: a record is written once, when its run is over; a run that died leaves none, and the tables' own history tells what it stored.
"""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from glue_jobs.lake import UNDONE, UPLOAD, LakeTable
from glue_jobs.storage import Storage

Record = dict[str, Any]
_READERS = 16
"""Records that are read at a time."""
_WORDS = 300
"""Characters that are kept of what went wrong."""


def write(storage: Storage, record: Record) -> str:
    """Write a record; where it is."""
    path = f"runs/{record['job']}/{record['started_at'][:10]}/{record['run_id']}.json"
    storage.write(path, json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode())
    return path


def words_of(problem: Exception) -> str:
    """How a record tells what went wrong: the problem's own words, the first of them, in one line."""
    return " ".join(str(problem).split())[:_WORDS]


def earlier(storage: Storage, jobs: Iterable[str]) -> list[Record]:
    """All records of these jobs, the oldest first."""
    paths = [file.path for job in jobs for file in storage.listed(f"runs/{job}") if file.path.endswith(".json")]
    with ThreadPoolExecutor(_READERS) as readers:
        records = [json.loads(content) for content in readers.map(storage.read, paths)]
    return sorted(records, key=lambda record: str(record["started_at"]))


def held(table: LakeTable, records: Sequence[Record]) -> set[str]:
    """The uploads that are in a table: as its history tells, and where that has expired, the records."""
    changes: dict[object, tuple[datetime, list[str], list[str]]] = {}
    for record in records:
        told = record.get("tables", {}).get(table.name)
        if told and told["uuid"] == table.uuid:
            changes[told["snapshot_id"] or record["run_id"]] = (_moment(told["at"]), told["stored"], told["undone"])
    for commit in table.history():
        stored, undone = (_names(commit.properties.get(name, "")) for name in (UPLOAD, UNDONE))
        changes.setdefault(commit.snapshot_id, (commit.at, stored, undone))
    found: set[str] = set()
    for _, stored, undone in sorted(changes.values(), key=lambda change: change[0]):
        found = (found - set(undone)) | set(stored)
    return found


def refused(records: Sequence[Record], job: str, program: str) -> set[str]:
    """The uploads of which this job, as it now is, could take nothing."""
    return {
        file["upload_id"]
        for record in records
        if record["job"] == job and record["program"] == program
        for file in record["files"]
        if file.get("complaint")
    }


def linked(records: Sequence[Record], table: LakeTable, undone: set[str]) -> set[str] | None:
    """The uploads that may have rows in the place of those of the undone ones: linked to them by ids in common. None where that is not known."""
    told = [
        found
        for record in records
        if (found := record.get("tables", {}).get(table.name)) and found["uuid"] == table.uuid
    ]
    if not undone <= {upload for found in told for upload in found["stored"]}:
        return None
    pairs = [pair for found in told for pair in found["overlaps"]]
    reached, before = set(undone), set[str]()
    while reached != before:
        before = set(reached)
        reached |= {upload for pair in pairs if reached & set(pair) for upload in pair}
    return reached


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]
