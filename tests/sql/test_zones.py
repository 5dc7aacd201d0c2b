"""Days of the reporting zone, cut in the lake: held against pandas, over changes to and from summer time."""

from datetime import date, datetime, timedelta

import pandas as pd
import pytest

from pipelines.calendar import Period
from pipelines.stores.base import Stores
from tests.sql import events
from tests.sql.events import Conversion, Touch

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "America/Havana",
    "Pacific/Kiritimati",
)
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
CHANGES = [(3, 7), (3, 28), (4, 4), (10, 3), (10, 24), (10, 31)]
"""The first of three days around which some zone changes its clocks."""

MOMENTS = [
    datetime.fromisoformat(f"2026-{month:02}-{day:02}") + timedelta(minutes=30 * half)
    for month, day in CHANGES
    for half in range(3 * 48)
]


@pytest.fixture(scope="module")
def year(bench: Stores) -> Stores:
    """A touch and its conversion every half hour of those days."""
    people = [f"p{number}" for number in range(len(MOMENTS))]
    events.fill(
        bench,
        [Touch(person, moment, person, "Mail") for person, moment in zip(people, MOMENTS, strict=True)],
        [Conversion(person, moment, person) for person, moment in zip(people, MOMENTS, strict=True)],
    )
    return bench


def counted(period: Period, zone: str) -> dict[str, int]:
    """Instants by their local day, as pandas converts them."""
    days = pd.Series(pd.DatetimeIndex(MOMENTS).tz_localize("UTC").tz_convert(zone).date)
    inside = days[(days >= period.start) & (days <= period.end)].astype(str)
    return {str(day): int(count) for day, count in inside.value_counts().items()}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "period", [YEAR, Period(date(2026, 3, 29), date(2026, 3, 29)), Period(date(2026, 10, 25), date(2026, 11, 1))]
)
def test_days_are_those_of_the_zone(year: Stores, period: Period, zone: str) -> None:
    expected = counted(period, zone)
    told = events.outcomes(year, period, zone=zone)
    assert dict(zip(told["day"], told["conversions"], strict=True)) == expected
    credited = events.credit(year, period, "last_touch", zone=zone)
    assert dict(zip(credited["day"], credited["attributed_conversions"].round(9), strict=True)) == expected
    arrived = year.lake.frame("touchpoint_days", period.bounds(zone))
    assert dict(zip(arrived["day"], arrived["row_count"], strict=True)) == expected


def test_a_zone_has_short_and_long_days(year: Stores) -> None:
    """In Berlin 29 March has 23 hours and 25 October 25: as many halves of an hour, less the ones that the data lacks."""
    told = events.outcomes(year, YEAR, zone="Europe/Berlin").set_index("day")["conversions"]
    assert told["2026-03-29"] == 46
    assert told["2026-10-25"] == 50
