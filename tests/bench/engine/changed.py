"""The build of what changed: the newest day of 180, and a day that came late, at a million conversions.

Invariant: what these builds leave is what a full build makes of the same rows.
"""

import statistics
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tests.bench.engine import ours
from tests.bench.engine.figures import Figure, once
from tests.bench.engine.homes import built, empty_home, load, opened
from tests.bench.engine.made import DAYS, SPAN_DAYS, Journeys, day_text, make

CONVERSIONS = 1_000_000
NEW_DAYS = 3
LATE_DAY = DAYS // 2
LATE_TOUCHPOINTS = 5_000


def measure() -> Iterator[Figure]:
    """Seconds of the newest day, of the late day and of everything."""
    # People who convert in the month after are in touch already: the newest day is a day like others.
    days = DAYS + SPAN_DAYS
    made = make(CONVERSIONS * days // DAYS, 1.0, days=range(days))
    first_new = DAYS - NEW_DAYS
    with empty_home() as home, opened(home) as stores:
        load(stores, *_before(made, first_new))
        ours.build_full(stores)
        newest = []
        for day in range(first_new, DAYS):
            load(stores, *_on(made, day))
            newest.append(once(partial(ours.build_changed, stores)))
        load(stores, _late(made.touchpoints), made.conversions.slice(0, 0))
        late = once(partial(ours.build_changed, stores))
        found = built(stores)
        full = once(partial(ours.build_full, stores))
        if found != built(stores):
            raise AssertionError("The builds of what changed left other journeys than a full build makes.")
    yield Figure(f"build of the newest day / of all {DAYS}", statistics.median(newest), full, 0.05)
    yield Figure(f"build after {LATE_TOUCHPOINTS:,} late touchpoints of one day / of all {DAYS}", late, full)


def _before(made: Journeys, day: int) -> list[pa.Table]:
    return [rows.filter(pc.less(rows["dt"], day_text(day))) for rows in (made.touchpoints, made.conversions)]


def _on(made: Journeys, day: int) -> list[pa.Table]:
    return [rows.filter(pc.equal(rows["dt"], day_text(day))) for rows in (made.touchpoints, made.conversions)]


def _late(touchpoints: pa.Table) -> pa.Table:
    """Second contacts of some of those who were in touch on the late day, in the same moments."""
    of_day = touchpoints.filter(pc.equal(touchpoints["dt"], day_text(LATE_DAY)))
    rows = of_day.take(np.random.default_rng(1).choice(of_day.num_rows, LATE_TOUCHPOINTS, replace=False))
    ids = pc.utf8_replace_slice(rows["touchpoint_id"], 0, 1, "l")
    return rows.set_column(0, "touchpoint_id", ids)
