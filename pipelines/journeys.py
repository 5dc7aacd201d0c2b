"""Journeys: the touchpoints of each person in order, before each conversion or before none, built once and read by every model.

Invariant: the journeys tables say which touchpoints, conversions and longest window they were built from; when those differ from what the
lake holds now, the tables are out of date and are built anew.
"""

import hashlib
from dataclasses import dataclass

from pipelines.attribution.rules import DAY_MS
from pipelines.stores.base import Stores

TABLES = {"journeys": "journeys", "conversion_status": "conversion_status"}
"""Derived table -> the statement that fills it."""


@dataclass(frozen=True)
class Build:
    """What a build did: its id and the tables it wrote (none where all was up to date)."""

    build_id: str
    written: tuple[str, ...]


def build(stores: Stores, *, full: bool = False) -> Build:
    """Bring the journeys up to date with the lake, each table in one atomic commit. full: build them even where they are."""
    snapshots = stores.lake.snapshots()
    longest_ms = round(stores.settings.longest_lookback_days * DAY_MS)
    made_of = f"{snapshots['touchpoints']}/{snapshots['conversions']}/{longest_ms}"
    build_id = hashlib.sha256(made_of.encode()).hexdigest()[:16]
    due = [table for table in TABLES if full or stores.lake.build_id(table) != build_id]
    for table in due:
        stores.lake.build(table, TABLES[table], {"longest_ms": longest_ms}, snapshots, build_id)
    return Build(build_id, tuple(due))
