"""Journeys: the touchpoints of each person in order, before each conversion or before none, built once and read by every model.

Invariant: the journeys tables say which touchpoints, conversions and longest window they were built from, and by which statements; when those
differ from what the lake holds and what we would run now, the tables are out of date and are built anew.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

from pipelines import statements
from pipelines.attribution.rules import DAY_MS
from pipelines.settings import Settings
from pipelines.stores.base import Reading, Snapshots, Stores
from pipelines.stores.warehouse import alone

BUILD_LOCK = 7_401_003  # PostgreSQL advisory lock: one build at a time

TABLES = {"journeys": "journeys", "conversion_status": "conversion_status"}
"""Derived table -> the statement that fills it."""


@dataclass(frozen=True)
class Build:
    """What a build did: its id and the tables it wrote (none where all was up to date)."""

    build_id: str
    written: tuple[str, ...]


def build(stores: Stores, *, full: bool = False) -> Build:
    """Bring the journeys up to date with the lake, each table in one atomic commit. full: build them even where they are.

    One process builds at a time: two at once could leave the older of the two states, or, in an empty table, both.
    """
    with alone(stores.warehouse.workers, BUILD_LOCK):
        snapshots = stores.lake.snapshots()
        build_id = _build_id(snapshots, stores.settings)
        due = [table for table in TABLES if full or stores.lake.build_id(table, snapshots[table]) != build_id]
        for table in due:
            parameters = {"longest_ms": _longest_ms(stores.settings)}
            stores.lake.build(table, TABLES[table], parameters, snapshots, build_id)
    return Build(build_id, tuple(due))


def up_to_date(reading: Reading) -> bool:
    """Whether the journeys of a reading are those of its touchpoints and conversions."""
    build_id = _build_id(reading.snapshots, reading.settings)
    return all(reading.stores.lake.build_id(table, reading.snapshots[table]) == build_id for table in TABLES)


def _build_id(snapshots: Snapshots, settings: Settings) -> str:
    made_of = f"{snapshots['touchpoints']}/{snapshots['conversions']}/{_longest_ms(settings)}/{_program()}"
    return hashlib.sha256(made_of.encode()).hexdigest()[:16]


@cache
def _program() -> str:
    """The text of the statements that fill the tables."""
    return "".join((statements.FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in TABLES.values())


def _longest_ms(settings: Settings) -> int:
    return round(settings.longest_lookback_days * DAY_MS)
