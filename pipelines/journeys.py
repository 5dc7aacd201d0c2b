"""Journeys: the touchpoints of each person in order, before each conversion or before none, built once and read by every model.

Invariant: the journeys tables say which touchpoints, conversions and longest window they were built from, and by which statements; where those
differ from what the lake holds and what we would run now, the tables are out of date, and the journeys of the people whose rows changed are
built anew (those of everybody, where the statements or the longest window did).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from pipelines import derived
from pipelines.settings import Settings
from pipelines.stores.base import Origin, Reading, Snapshots, Stores
from pipelines.stores.warehouse import alone

BUILD_LOCK = 7_401_003  # PostgreSQL advisory lock: one build at a time

Progress = Callable[[str, float], None]
"""Told what is under way, and the fraction that is done."""


@dataclass(frozen=True)
class Build:
    """What a build did: the tables it wrote (none where all was up to date), and for how many people (None: for everybody)."""

    written: tuple[str, ...]
    people: int | None


def build(
    stores: Stores, *, full: bool = False, since: date | None = None, progress: Progress = lambda step, done: None
) -> Build:
    """Bring the journeys up to date with the lake, each table in one atomic commit; what reads them sees both at once.

    full: build them for everybody, even where they are up to date; since: at least for those who were met or converted on that UTC day or later.
    One process builds at a time: two at once could leave the older of the two states. In the cloud a job builds them, and this does nothing.
    """
    if stores.lake.lands_uploads:
        return Build((), None)
    with alone(stores.warehouse.workers, BUILD_LOCK):
        snapshots = stores.lake.snapshots()
        origin = _origin(snapshots, stores.settings)
        written: list[str] = []
        people: pa.Table | None = None
        found_since: Origin | None = None
        for number, table in enumerate(derived.STATEMENTS):
            before = stores.lake.origin(table)
            if _is_that(stores, before, origin) and not full and since is None:
                continue
            if full or before is None:
                people = None
            elif before != found_since:
                people, found_since = _people(stores, before, origin, since), before

            def progressed(done: float, number: int = number, table: str = table) -> None:
                progress(table.replace("_", " "), (number + done) / len(derived.STATEMENTS))

            parameters = {"longest_ms": derived.longest_ms(stores.settings.longest_lookback_days)}
            stores.own_lake.build(
                table, derived.STATEMENTS[table], parameters, origin, people=people, progress=progressed
            )
            written.append(table)
    return Build(tuple(written), people.num_rows if people is not None else None)


def up_to_date(reading: Reading) -> bool:
    """Whether the journeys of a reading are those of its touchpoints and conversions."""

    def compared() -> bool:
        origin, stores = _origin(reading.snapshots, reading.settings), reading.stores
        return all(
            _is_that(stores, stores.lake.origin(table, reading.snapshots[table]), origin)
            for table in derived.STATEMENTS
        )

    return reading.kept(("journeys are up to date", _program(reading.settings)), compared)


def of_present_program(reading: Reading) -> bool:
    """Whether the journeys of a reading were built by the statements that we have now, so that their rows tell all that these make."""

    def told() -> bool:
        origin = reading.stores.lake.origin("journeys", reading.snapshots["journeys"])
        return origin is not None and origin.program == _program(reading.settings)

    return reading.kept(("journeys of", _program(reading.settings)), told)


def _is_that(stores: Stores, before: Origin | None, now: Origin) -> bool:
    """Whether what a table was made of is what it would be made of now."""
    return (
        before is not None and before.program == now.program and stores.lake.same_rows(before.snapshots, now.snapshots)
    )


def _people(stores: Stores, before: Origin, now: Origin, since: date | None) -> pa.Table | None:
    """Whose journeys are to be built anew (column `who`); None: everybody's."""
    if before.program != now.program:
        return None
    changed = stores.own_lake.changed_people(before.snapshots, now.snapshots)
    if changed is None or since is None:
        return changed
    return pa.concat_tables([changed, stores.own_lake.people_since(now.snapshots, since.isoformat())])


def _origin(snapshots: Snapshots, settings: Settings) -> Origin:
    return Origin(_program(settings), {name: snapshots[name] for name in derived.RAW})


def _program(settings: Settings) -> str:
    return derived.program(derived.longest_ms(settings.longest_lookback_days))
