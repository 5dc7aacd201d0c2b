"""The inbox: files that other tools leave under <home>/inbox/<source>/<day of arrival>/, for `curate` to store.

Invariant: a file that was stored once is not stored again, nor is one that a person took back: the same days can be curated at any time, and
older files never come to stand over newer ones by that.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import text

from pipelines.settings import Settings
from pipelines.stores.base import Stores

NOT_YET = (".", "_")
"""What the names of files begin with that are still being written, or are no data (`.part`, `_SUCCESS`)."""


@dataclass(frozen=True, order=True)
class Arrival:
    """A file that arrived on a day."""

    day: date
    path: Path

    @property
    def name(self) -> str:
        """The file as the inbox of its source knows it: day/name."""
        return f"{self.day}/{self.path.name}"


def folder(settings: Settings, source: str) -> Path:
    """Where files of a source arrive, in a folder a day."""
    return settings.home / "inbox" / source


def arrivals(settings: Settings, source: str, start: date | None = None, end: date | None = None) -> list[Arrival]:
    """The files of a source that arrived on these days, both included, in the order to store them: by day, then by name."""
    found = []
    for place in folder(settings, source).glob("????-??-??"):
        day = _day(place.name)
        if day is None or (start and day < start) or (end and day > end) or not place.is_dir():
            continue
        found += [
            Arrival(day, path) for path in place.iterdir() if path.is_file() and not path.name.startswith(NOT_YET)
        ]
    return sorted(found)


def stored_before(stores: Stores, source: str, content: bytes) -> Mapping[str, Any] | None:
    """The newest upload of the very same file, counting or undone: upload_id, undone_by (who took it back). None where there is none."""
    with stores.warehouse.transaction() as connection:
        row = connection.execute(
            text(
                "select upload_id, undone_by from uploads where source = :source and sha256 = :sha256"
                " and status = 'committed' and not demo order by committed_at desc limit 1"
            ),
            {"source": source, "sha256": hashlib.sha256(content).hexdigest()},
        )
        found = row.mappings().one_or_none()
    return dict(found) if found else None


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
