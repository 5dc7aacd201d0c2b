"""Days of the reporting zone and the UTC bounds by which the lake is asked for them."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.calendar import Period, local_day, parse_day
from pipelines.errors import WrongUsage

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Beirut",  # summer time begins at midnight: that day has no 00:00
    "America/Havana",  # and here it ends at 01:00: that day has 00:00 twice
    "Pacific/Kiritimati",
)


def instant(text: Any) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_period_counts_both_its_ends() -> None:
    week = Period(date(2026, 3, 2), date(2026, 3, 8))
    assert week.days == 7
    assert week.before() == Period(date(2026, 2, 23), date(2026, 3, 1))
    assert Period(date(2026, 3, 2), date(2026, 3, 2)).before() == Period(date(2026, 3, 1), date(2026, 3, 1))


def test_a_day_of_utc() -> None:
    assert Period(date(2026, 3, 2), date(2026, 3, 3)).bounds("UTC") == {
        "first_dt": "2026-03-02",
        "last_dt": "2026-03-03",
        "starts_at": "2026-03-02 00:00:00",
        "ends_at": "2026-03-04 00:00:00",
        "zone_breaks": [],
        "zone_offsets": [0],
    }


def test_a_year_of_berlin_changes_its_offset_twice() -> None:
    bounds = Period(date(2026, 1, 1), date(2026, 12, 31)).bounds("Europe/Berlin")
    assert (bounds["first_dt"], bounds["starts_at"]) == ("2025-12-31", "2025-12-31 23:00:00")
    assert (bounds["last_dt"], bounds["ends_at"]) == ("2026-12-31", "2026-12-31 23:00:00")
    assert bounds["zone_breaks"] == ["2026-03-29 01:00:00", "2026-10-25 01:00:00"]
    assert bounds["zone_offsets"] == [3600, 7200, 3600]


@given(
    zone=st.sampled_from(ZONES),
    start=st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    days=st.integers(1, 400),
    second=st.integers(0, 400 * 86_400),
)
def test_an_instant_belongs_to_the_day_its_zone_says(zone: str, start: date, days: int, second: int) -> None:
    """Bounds, breaks and offsets, read as the statements read them, give each instant of the period its local day, and no other instant."""
    period = Period(start, start + timedelta(days=days - 1))
    bounds: dict[str, Any] = period.bounds(zone)
    moment = datetime.combine(start, datetime.min.time(), UTC) - timedelta(days=1) + timedelta(seconds=second)
    local = moment.astimezone(ZoneInfo(zone)).date()
    inside = instant(bounds["starts_at"]) <= moment < instant(bounds["ends_at"])
    assert inside == (period.start <= local <= period.end)
    assert local == local_day(moment, zone) == local_day(moment.replace(tzinfo=None), zone)
    if inside:
        assert bounds["first_dt"] <= moment.date().isoformat() <= bounds["last_dt"]
        place = bisect_right([instant(text) for text in bounds["zone_breaks"]], moment)
        assert (moment + timedelta(seconds=bounds["zone_offsets"][place])).date() == local


def test_a_day_is_written_in_one_way() -> None:
    assert parse_day("2026-03-02", "start") == date(2026, 3, 2)
    with pytest.raises(WrongUsage, match="end is '02/03/2026', which is no day"):
        parse_day("02/03/2026", "end")
