"""What lies in raw/: the files of a source in the order in which they count, and how each is to be read.

Invariant: an upload's rows go before those of every file that came earlier: by its note's `uploaded_at`, or else by when it arrived.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from glue_jobs.storage import Listed, Storage
from pipelines.sources import SOURCES

NOTE, TOMBSTONE = ".reading.json", ".undone.json"
_NO_FILES = (NOTE, TOMBSTONE, "/")
"""What the paths of objects end in that are no files to read; consoles of S3 mark an empty folder by an object."""
_EVENTS = re.compile(r"\.(jsonl|ndjson|json)(\.gz)?$", re.IGNORECASE)
_OPTIONS = ("zone", "date_order", "decimal")
_READERS = 16
"""Notes that are read at a time."""


@dataclass(frozen=True)
class RawFile:
    """A file below raw/<source>/<arrival day>/.

    `arrived_at`: when it was uploaded, or came. `mapping`, `fixed` and `options` (zone, date_order, decimal) are what a person said, `zone` and
    `currency` what then held for times and amounts that have none. `undone`: it is to be left out. `fault`: why its note cannot be used.
    """

    path: str
    source: str
    day: str
    size: int
    upload_id: str
    arrived_at: datetime
    file_name: str
    zone: str
    currency: str
    mapping: Mapping[str, str | None] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    undone: bool = False
    fault: str = ""

    @property
    def has_events(self) -> bool:
        """Whether its lines are events in JSON, rather than a table."""
        return bool(_EVENTS.search(self.path))

    def as_json(self) -> str:
        """All of it as text; `from_json` reads it."""
        return json.dumps({**asdict(self), "arrived_at": self.arrived_at.isoformat()})


def from_json(text: str) -> RawFile:
    """The file that `as_json` wrote."""
    said = json.loads(text)
    return RawFile(**{**said, "arrived_at": datetime.fromisoformat(said["arrived_at"])})


def feeding(table: str) -> tuple[str, ...]:
    """The sources whose files have rows for a table."""
    return tuple(name for name, source in SOURCES.items() if table in (source.table, *source.also))


def list_files(storage: Storage, sources: Sequence[str], *, zone: str, currency: str) -> list[RawFile]:
    """All raw files of the sources, the oldest first. `zone` and `currency` hold for files without a note."""
    found: list[RawFile] = []
    for source in sources:
        listed = {file.path: file for file in storage.listed(f"raw/{source}")}
        files = [file for path, file in listed.items() if not path.endswith(_NO_FILES) and path.count("/") > 2]
        noted = [file.path for file in files if file.path + NOTE in listed]
        with ThreadPoolExecutor(_READERS) as readers:
            notes = dict(zip(noted, readers.map(lambda path: storage.read(path + NOTE), noted), strict=True))
        for file in files:
            plain = _without_note(file, source, zone, currency, file.path + TOMBSTONE in listed)
            found.append(_as_noted(plain, notes[file.path]) if file.path in notes else plain)
    return sorted(found, key=lambda file: (file.arrived_at, file.path))


def _without_note(file: Listed, source: str, zone: str, currency: str, undone: bool) -> RawFile:
    _, _, day, name = file.path.split("/", 3)
    return RawFile(
        path=file.path,
        source=source,
        day=day,
        size=file.size,
        upload_id=f"raw-{hashlib.sha256(file.path.encode()).hexdigest()[:16]}",
        arrived_at=_arrival(day, file.written_at),
        file_name=name,
        zone=zone,
        currency=currency,
        undone=undone,
    )


def _arrival(day: str, written_at: datetime) -> datetime:
    """When a file came: when it was written, unless it was copied since; then the end of the day of its folder."""
    if written_at.date().isoformat() == day:
        return written_at
    try:
        return datetime.combine(datetime.fromisoformat(day), datetime.max.time(), UTC)
    except ValueError:
        return written_at


def _as_noted(file: RawFile, note: bytes) -> RawFile:
    """The file as its note has it; with a fault where the note is none."""
    try:
        said: dict[str, Any] = json.loads(note)
        uploaded_at = datetime.fromisoformat(said.get("uploaded_at") or file.arrived_at.isoformat())
        changed = {
            "upload_id": str(said.get("upload_id") or file.upload_id),
            "arrived_at": uploaded_at if uploaded_at.tzinfo else uploaded_at.replace(tzinfo=UTC),
            "file_name": str(said.get("file_name") or file.file_name),
            "zone": str(said.get("time_zone") or file.zone),
            "currency": str(said.get("currency") or file.currency),
            "mapping": dict(said.get("mapping") or {}),
            "fixed": dict(said.get("fixed") or {}),
            "options": {name: str(said["options"][name]) for name in _OPTIONS if (said.get("options") or {}).get(name)},
        }
        ZoneInfo(str(changed["zone"]))
    except (ValueError, TypeError, AttributeError, KeyError, OSError) as problem:
        return RawFile(**{**vars(file), "fault": f"Its note {file.path}{NOTE} cannot be read: {problem}."})
    return RawFile(**{**vars(file), **changed})
