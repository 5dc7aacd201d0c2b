"""What the filter bar chooses: the one object that pages read.

Invariant: Filters holds only values that hold: a model that exists, days that are days, a window no longer than the longest. What the
address asked for and could not have is replaced by the default, and said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from app import formats
from pipelines.attribution import DEFAULT_MODEL
from pipelines.attribution.asked import Options
from pipelines.calendar import Period
from pipelines.statements import USUAL_WINDOWS

LAST_7, LAST_28, LAST_90 = "Last 7 days", "Last 28 days", "Last 90 days"
FULL_MONTH, ALL_DATA, OWN_DATES = "Last full month", "All data", "Own dates"
PERIODS = (LAST_28, LAST_7, LAST_90, FULL_MONTH, ALL_DATA, OWN_DATES)

PREVIOUS, LAST_YEAR, NOTHING = "Previous period", "Same period last year", "Nothing"
COMPARISONS = (PREVIOUS, LAST_YEAR, NOTHING, OWN_DATES)

PRIMARY, ALL_TYPES = "Primary type", "All types"
REPORTING = "Reporting currency"

WINDOWS = tuple(map(float, USUAL_WINDOWS))
DEFAULT_WINDOW = 30.0
OWN_WINDOW = "Own number"

DIMENSIONS = ("channel", "campaign", "account", "platform")
"""Dimensions whose names can be picked for display, in the order of the filter bar."""


@dataclass(frozen=True)
class Choices:
    """What the data offers to choose from, as the questions `options` and `freshness` tell it. Names are sorted by weight, heaviest first.

    first_days, last_complete_days: by question, from when on there is something to compare with, and the last whole day.
    """

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first_day: date | None = None
    first_days: Mapping[str, date] = field(default_factory=dict)
    last_complete_days: Mapping[str, date] = field(default_factory=dict)
    reporting_currency: str = "EUR"
    primary_conversion_type: str | None = None

    def of(self, kind: str) -> list[str]:
        """The known names of a kind: channel, campaign, account, platform, currency, conversion_type."""
        return list(self.names.get(kind, ()))

    def days(self, question: str) -> Period | None:
        """First day of the data to the last complete day that the question's sources share; None where there is no such day."""
        last = self.last_complete_days.get(question)
        if self.first_day is None or last is None or last < self.first_day:
            return None
        return Period(self.first_day, last)


@dataclass(frozen=True)
class Filters:
    """The filter bar's choice on one page. Every day is a reporting-zone day; `period` is None where there is no data yet.

    `uncompared` says why there is no period to compare with, where one was wanted. `shown` keeps, per dimension, the names picked for
    display (nothing picked means all): they never change credit.
    """

    period: Period | None = None
    period_name: str = LAST_28
    comparison: Period | None = None
    uncompared: str | None = None
    conversion_type: str | None = None
    model: str = DEFAULT_MODEL
    model_parameters: Mapping[str, float] = field(default_factory=dict)
    lookback_days: float = DEFAULT_WINDOW
    options: Options = field(default_factory=Options)
    excluded_channels: tuple[str, ...] = ()
    currency: str = "EUR"
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def credit(self) -> dict[str, Any]:
        """The parameters that every credit question shares."""
        return {
            "start": self.period.start.isoformat() if self.period else None,
            "end": self.period.end.isoformat() if self.period else None,
            "conversion_type": self.conversion_type,
            "model": self.model,
            **self.model_parameters,
            "lookback_days": self.lookback_days,
            "currency": self.currency,
            "excluded_channels": list(self.excluded_channels),
            **asdict(self.options),
        }

    def credit_under(self, model: str) -> dict[str, Any]:
        """The parameters of `credit` under another model, at that model's defaults."""
        return replace(self, model=model, model_parameters={}).credit()

    def compared(self) -> dict[str, Any]:
        """The parameters of the period compared with, for questions that take two."""
        return {
            "compare_start": self.comparison.start.isoformat() if self.comparison else None,
            "compare_end": self.comparison.end.isoformat() if self.comparison else None,
        }

    def credit_before(self) -> dict[str, Any] | None:
        """The parameters of `credit`, on the days compared with; None where nothing is compared."""
        return {**self.credit(), **self.days_before()} if self.comparison else None

    def days_before(self) -> dict[str, Any]:
        """Only the days compared with, for what no model changes."""
        compared = self.compared()
        return {"start": compared["compare_start"], "end": compared["compare_end"]}

    def bounds(self) -> tuple[str | None, str | None]:
        """The first and the last day of the period as YYYY-MM-DD; None where there is no data yet."""
        return self.credit()["start"], self.credit()["end"]

    def described(self) -> str:
        """The period in words, for titles: "3 - 30 May 2026"."""
        return formats.period(self.period.start, self.period.end) if self.period else "no days yet"


def period_of(name: str, days: Period, own: tuple[date | None, date | None] = (None, None)) -> Period | None:
    """The period a preset means on data of these days; None where own dates are not both given or stand the wrong way round."""
    last = days.end
    match name:
        case "Own dates":
            start, end = own
            return Period(start, end) if start and end and start <= end else None
        case "All data":
            return days
        case "Last full month":
            ends = last if (last + timedelta(days=1)).day == 1 else last.replace(day=1) - timedelta(days=1)
            return Period(ends.replace(day=1), ends)
        case _:
            length = {LAST_7: 7, LAST_90: 90}.get(name, 28)
            return Period(last - timedelta(days=length - 1), last)


def comparison_of(
    name: str, period: Period | None, own: tuple[date | None, date | None] = (None, None)
) -> Period | None:
    """The period to compare with; None for nothing, or where own dates are not both given.

    A calendar month is compared with a calendar month, any other period with one of its own length.
    """
    if period is None or name == NOTHING:
        return None
    if name == OWN_DATES:
        start, end = own
        return Period(start, end) if start and end and start <= end else None
    if _is_month(period):
        if name == LAST_YEAR:
            last = (period.end.replace(year=period.end.year - 1, day=28) + timedelta(days=4)).replace(day=1)
            return Period(_year_before(period.start), last - timedelta(days=1))
        ends = period.start - timedelta(days=1)
        return Period(ends.replace(day=1), ends)
    if name == LAST_YEAR:
        return Period(_year_before(period.start), _year_before(period.end))
    return period.before()


def _is_month(period: Period) -> bool:
    following = period.end + timedelta(days=1)
    return period.start.day == following.day == 1 and period.days <= 31


def _year_before(day: date) -> date:
    # 29 February has no day a year earlier: the 28th stands in.
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
