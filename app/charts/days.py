"""Days on an axis: every one of a period, weeks where days would be noise, and labels that never repeat."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pandas as pd

LONG = 70
"""Days beyond which a line a day is noise and weeks are drawn."""
FEW = 4
"""Days up to which there is no line to draw."""
LABELLED = 10
"""Days up to which labels are placed by hand: plotly would name one day twice."""
MOST_LABELS = 5

Bounds = tuple[str | None, str | None] | None
"""The first and the last day of a period as YYYY-MM-DD; None for those of the data."""


def every_day(days: Iterable[str], period: Bounds = None) -> list[str]:
    """Every day of the period, or from the first to the last of the days where none is given, as YYYY-MM-DD."""
    known = sorted(days)
    first, last = period or (None, None)
    first, last = first or (known[0] if known else None), last or (known[-1] if known else None)
    return list(pd.date_range(first, last).strftime("%Y-%m-%d")) if first and last else known


def weeks(days: Iterable[str]) -> pd.Series:
    """The Monday of each day's week as YYYY-MM-DD, indexed by the days."""
    named = list(days)
    dates = pd.to_datetime(pd.Series(named, index=named))
    return (dates - pd.to_timedelta(dates.dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d").rename("day")


def day_axis(days: Iterable[str], by_week: bool = False) -> dict[str, Any]:
    """A plotly axis for these days, or for weeks that start on them; few of them are labelled one by one."""
    named = list(days)
    axis: dict[str, Any] = {
        "type": "date",
        "showgrid": False,
        "tickformat": "%-d %b",
        "nticks": 8,
        "hoverformat": "week from %-d %b %Y" if by_week else "%a %-d %b %Y",
    }
    if by_week:
        axis["title"] = {"text": "by week, each from its Monday"}
    if len(named) <= LABELLED:
        axis["tickvals"] = named[:: -(-len(named) // MOST_LABELS) or 1]
    if len(named) == 1:
        # A date axis around a single day would be a few milliseconds wide.
        middle = pd.Timestamp(named[0])
        axis["range"] = [str(middle - timedelta(days=2)), str(middle + timedelta(days=2))]
    return axis
