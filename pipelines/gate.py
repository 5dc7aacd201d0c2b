"""The quality gate: whether a day's data may go on to the pages.

Invariant: every check says its numbers, whether it passes or not; what cannot be checked yet is said to be open and shuts nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pandas as pd
from scipy import stats

from pipelines import journeys
from pipelines.calendar import local_day
from pipelines.questions import ask
from pipelines.questions.data import FEEDS
from pipelines.settings import Settings
from pipelines.stores.base import Stores

USUAL_DAYS = 28
"""What is usual is the median of so many days before: whole weeks, so that each weekday counts alike."""
FEWEST_DAYS = 7
"""Of fewer days than a week nothing is called usual: a weekend may be all there is."""
LEAST, MOST = 1 / 3, 3.0
"""How far the rows of a day may lie from the usual: weekends, holidays and campaigns halve or double a day, a broken export does worse."""
MORE_UNKNOWN = 0.1
"""By how much the share of rows without a person may exceed the usual one: consent moves it by a few points, a lost identifier by many."""
ODDS = 0.001
"""A number that chance alone would give more seldom is no chance: small days may vary more than large ones."""
TOLERANCE = 1e-9
"""Relative: credit is a sum of doubles."""

State = Literal["passed", "failed", "open"]


@dataclass(frozen=True)
class Check:
    """What was checked, what became of it, and the numbers that say so."""

    name: str
    state: State
    said: str

    def __str__(self) -> str:
        return f"{self.state:<6}  {self.name}: {self.said}"


def day_before(settings: Settings) -> date:
    """The last day that is over in the reporting time zone."""
    return local_day(datetime.now(UTC), settings.reporting_time_zone) - timedelta(days=1)


def checks(stores: Stores, day: date) -> list[Check]:
    """Every check of a day, those of each feed that is in use first. Raises what a failing store raises."""
    fresh = ask(stores, "freshness").rows.set_index("source")
    feeds = [feed for feed in FEEDS if feed in fresh.index and fresh.loc[feed, "rows"] > 0]
    if not feeds:
        return [Check("feeds", "failed", f"neither {', '.join(FEEDS[:-1])} nor {FEEDS[-1]} have any row")]
    start = day - timedelta(days=USUAL_DAYS)
    days = ask(stores, "feed_days", {"start": start.isoformat(), "end": day.isoformat()}).rows
    today = local_day(datetime.now(UTC), stores.settings.reporting_time_zone)
    found = []
    for feed in feeds:
        own = days[days["source"] == feed].set_index("day")
        found += [
            _reaches(feed, str(fresh.loc[feed, "last_complete_day"]), day),
            _not_ahead(feed, str(fresh.loc[feed, "last_day"]), today),
            _as_many_as_usual(feed, own["rows"], day),
            *_as_unknown_as_usual(feed, own, day),
        ]
    return [*found, _whole_credit(stores, days, day)]


def _reaches(feed: str, complete: str, day: date) -> Check:
    state: State = "passed" if complete >= day.isoformat() else "failed"
    return Check(f"{feed} reach the day", state, f"the last complete day is {complete}, {day} is asked for")


def _not_ahead(feed: str, last: str, today: date) -> Check:
    state: State = "passed" if last <= today.isoformat() else "failed"
    return Check(f"{feed} are of the past", state, f"the last day with rows is {last}, today is {today}")


def _as_many_as_usual(feed: str, rows: pd.Series, day: date) -> Check:
    name, there = f"{feed} are as many as usual", int(rows.get(day.isoformat(), 0))
    before = rows.drop(day.isoformat(), errors="ignore")
    if len(before) < FEWEST_DAYS:
        return Check(name, "open", f"{there:,} rows; {len(before)} days before it have any, {FEWEST_DAYS} are needed")
    usual = float(before.median())
    least, most = stats.poisson.ppf(ODDS, LEAST * usual), stats.poisson.ppf(1 - ODDS, MOST * usual)
    state: State = "passed" if least <= there <= most else "failed"
    return Check(name, state, f"{there:,} rows, {least:,.0f} to {most:,.0f} are plausible (usual: {usual:,.0f} a day)")


def _as_unknown_as_usual(feed: str, own: pd.DataFrame, day: date) -> Iterator[Check]:
    """Whether as many rows name a person as on the days before; nothing of a feed that never names one."""
    if own["without_person"].sum() == 0 or day.isoformat() not in own.index:
        return
    name, (rows, unknown) = (
        f"{feed} name their people",
        own.loc[day.isoformat(), ["rows", "without_person"]].astype(int),
    )
    before = own.drop(day.isoformat())
    if len(before) < FEWEST_DAYS:
        yield Check(name, "open", f"{unknown:,} of {rows:,} rows do not; too few days before it tell what is usual")
        return
    usual = float((before["without_person"] / before["rows"]).median())
    most = stats.binom.ppf(1 - ODDS, rows, min(usual + MORE_UNKNOWN, 1.0))
    state: State = "passed" if unknown <= most else "failed"
    yield Check(
        name, state, f"{unknown:,} of {rows:,} rows do not, up to {most:,.0f} are plausible (usual: {usual:.1%})"
    )


def _whole_credit(stores: Stores, days: pd.DataFrame, day: date) -> Check:
    """Whether every conversion that came in is either credited or told to be unattributed."""
    name, period = "credit + unattributed = conversions", {"start": day.isoformat(), "end": day.isoformat()}
    if not journeys.up_to_date(stores.read()):
        return Check(name, "open", "the journeys are not built yet")
    credit, lost = (ask(stores, question, period) for question in ("channel_credit", "unattributed"))
    if lacking := sorted({*credit.missing, *lost.missing}):
        return Check(name, "open", f"there are no {' and no '.join(lacking)}")
    credited, unattributed = float(credit.rows["attributed_conversions"].sum()), lost.facts["unattributed_conversions"]
    came = days[(days["source"] == "conversions") & (days["day"] == day.isoformat())]
    conversions = int((came["rows"] - came["refunds"]).sum())
    state: State = (
        "passed" if abs(credited + unattributed - conversions) <= TOLERANCE * max(conversions, 1) else "failed"
    )
    return Check(
        name, state, f"{credited:,.1f} + {unattributed:,.0f} = {credited + unattributed:,.1f}, {conversions:,} came in"
    )
