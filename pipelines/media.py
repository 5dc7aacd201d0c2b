"""Spend and reach, as people upload them, by day and name: the warehouse's side of every join."""

import pandas as pd

from pipelines.calendar import Period
from pipelines.identity import Names, kept
from pipelines.mentions import campaign_of_posts
from pipelines.metrics import rates_of
from pipelines.stores.base import Reading

SPEND_DIMENSIONS = ("channel", "campaign", "platform")
"""What spend names. It is never spread over a grain that it does not have."""

REACH_SOURCES = {
    "account": "account_reach",
    "platform": "account_reach",
    "campaign": "first_stream",
    "post": "first_stream",
}
"""Dimension -> the source whose reach counts for it. The two are never added."""


def spend(
    reading: Reading, names: Names, period: Period, dimension: str, currency: str
) -> tuple[pd.DataFrame, list[str]]:
    """Spend by day: day, name (null where a row names none), spend in one currency (null without a rate), and warnings about that."""
    key = ("spend by day", period, dimension, currency)
    rows, warnings = kept(reading, names, key, lambda: _spend(reading, names, period, dimension, currency))
    return rows.copy(), [*warnings]


def _spend(
    reading: Reading, names: Names, period: Period, dimension: str, currency: str
) -> tuple[pd.DataFrame, list[str]]:
    rows = reading.warehouse("spend", first_day=period.start, last_day=period.end).rename(columns={"date": "day"})
    rows = rows.assign(name=names.of_rows(dimension, rows), spend=rows["amount"].astype(float))
    warnings: list[str] = []
    if len(rows) and set(rows["currency"].unique()) != {currency}:
        rows, warnings = rates_of(reading).convert(rows, "spend", currency)
    return rows.groupby(["day", "name"], dropna=False, as_index=False)["spend"].sum(min_count=1), warnings


def reach(reading: Reading, names: Names, period: Period, dimension: str) -> pd.DataFrame:
    """Summed reach by day: day, name (null where a row names none), reach (null where no row of that day and name says any)."""
    key = ("reach by day", period, dimension)
    return kept(reading, names, key, lambda: _reach(reading, names, period, dimension)).copy()


def _reach(reading: Reading, names: Names, period: Period, dimension: str) -> pd.DataFrame:
    statement = "reach" if REACH_SOURCES[dimension] == "account_reach" else "stream"
    rows = reading.warehouse(statement, first_day=period.start, last_day=period.end).rename(columns={"date": "day"})
    rows = rows.assign(name=_reached(names, dimension, rows), reach=rows["reach"].astype(float))
    return rows.groupby(["day", "name"], dropna=False, as_index=False)["reach"].sum(min_count=1)


def _reached(names: Names, dimension: str, rows: pd.DataFrame) -> pd.Series:
    """What rows of reach are about."""
    if dimension == "post":
        return rows["post"]
    return campaign_of_posts(names, rows) if dimension == "campaign" else names.column(dimension, rows[dimension])
