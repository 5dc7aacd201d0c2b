"""Periods of reporting-zone days, and the UTC bounds by which the lake is asked for them.

Invariant: start and end are days of the reporting time zone, both inclusive; an instant belongs to exactly one day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from pipelines.errors import WrongUsage

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Days beyond these are mistakes."""


@dataclass(frozen=True)
class Period:
    """Days from start to end, both inclusive."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.end - self.start).days + 1

    def before(self) -> "Period":
        """The period of the same length that ends the day before this one starts."""
        return Period(self.start - timedelta(days=self.days), self.start - timedelta(days=1))

    @property
    def is_month(self) -> bool:
        """Whether this is a whole calendar month."""
        following = self.end + timedelta(days=1)
        return self.start.day == following.day == 1 and self.days <= 31

    def comparable(self) -> "Period":
        """The period that comes before as people count: the month before a calendar month, else as many days."""
        if not self.is_month:
            return self.before()
        ends = self.start - timedelta(days=1)
        return Period(ends.replace(day=1), ends)

    def bounds(self, zone: str) -> dict[str, object]:
        """This period as statement parameters: first_dt, last_dt, starts_at, ends_at, zone_breaks, zone_offsets.

        sql/lake/credit.sql says what each means.
        """
        starts, ends = _midnight(self.start, zone), _midnight(self.end + timedelta(days=1), zone)
        breaks, offsets = _offsets(starts, ends, ZoneInfo(zone))
        return {
            "first_dt": starts.date().isoformat(),
            "last_dt": (ends - timedelta(milliseconds=1)).date().isoformat(),
            "starts_at": _instant(starts),
            "ends_at": _instant(ends),
            "zone_breaks": [_instant(moment) for moment in breaks],
            "zone_offsets": list(offsets),
        }


def starts_at(day: date, zone: str) -> str:
    """The instant at which a day begins in a zone, as a statement's parameter."""
    return _instant(_midnight(day, zone))


def parse_day(text: str, name: str) -> date:
    """A day written as YYYY-MM-DD. Raises WrongUsage that names the parameter."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{name} is '{text}', which is no day.", "Write it as YYYY-MM-DD.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise WrongUsage(f"{name} is '{text}'.", f"Use a day of the years {FIRST_YEAR} to {LAST_YEAR}.")
    return day


def local_day(instant: datetime, zone: str) -> date:
    """The reporting-zone day of a UTC instant (naive or aware)."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(zone)).date()


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=64)
def _offsets(starts: datetime, ends: datetime, zone: ZoneInfo) -> tuple[tuple[datetime, ...], tuple[int, ...]]:
    """The instants in (starts, ends) at which the zone's offset changes, and the offsets before, between and after them, in seconds."""
    breaks: list[datetime] = []
    offsets = [_offset(starts, zone)]
    moment = starts
    while moment < ends:
        following = min(moment + timedelta(days=1), ends)
        if _offset(following, zone) != offsets[-1]:
            changed = _change(moment, following, zone)
            breaks.append(changed)
            offsets.append(_offset(changed, zone))
        moment = following
    return tuple(breaks), tuple(offsets)


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    shift = moment.astimezone(zone).utcoffset()
    return int(shift.total_seconds()) if shift else 0


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second after `low`, up to `high`, with the offset that holds at `high`."""
    target = _offset(high, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (low, middle) if _offset(middle, zone) == target else (middle, high)
    return high
