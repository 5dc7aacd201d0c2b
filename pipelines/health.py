"""Health: which sources there are, how far each reaches, and which day is the last one that is whole."""

from collections.abc import Iterable
from datetime import date, timedelta

import pandas as pd

from pipelines.calendar import Period, local_day
from pipelines.sources import SOURCES
from pipelines.stores.base import Reading

COLUMNS = ("source", "title", "rows", "first_day", "last_day", "last_complete_day", "last_upload_at")


def freshness(reading: Reading) -> pd.DataFrame:
    """One row a source that has rows or had an upload: COLUMNS, days as YYYY-MM-DD in the reporting zone, the upload's time in UTC.

    The last complete day is the last one with data that was over when the source's newest upload was made.
    """
    zone = reading.settings.reporting_time_zone
    held = {row["source"]: row for row in reading.warehouse("days").to_dict("records")}
    for feed in reading.feeds().to_dict("records"):
        held[feed["source"]] = {
            "rows": feed["row_count"],
            "first_day": local_day(feed["oldest_at"].to_pydatetime(), zone).isoformat(),
            "last_day": local_day(feed["newest_at"].to_pydatetime(), zone).isoformat(),
            "last_upload_at": held.get(feed["source"], held.get("touchpoints", {})).get("last_upload_at"),
        }
    rows = []
    for source in SOURCES:
        if source not in held:
            continue
        row = held[source]
        uploaded, last = row.get("last_upload_at"), row["last_day"]
        complete = last
        if isinstance(last, str) and isinstance(uploaded, pd.Timestamp) and not pd.isna(uploaded):
            over = local_day(uploaded.to_pydatetime(), zone) - timedelta(days=1)
            complete = min(last, over.isoformat())
        rows.append(
            {
                **{column: row.get(column) for column in COLUMNS},
                "source": source,
                "title": SOURCES[source].title,
                "last_complete_day": complete,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def missing(fresh: pd.DataFrame, sources: Iterable[str]) -> list[str]:
    """Those of the sources that hold no rows."""
    held = set(fresh.loc[fresh["rows"] > 0, "source"])
    return [source for source in sources if source not in held]


def whole(fresh: pd.DataFrame, sources: Iterable[str]) -> Period | None:
    """From the first to the last day that any of the sources has; None where none has a day."""
    days = fresh[fresh["source"].isin(list(sources))].dropna(subset=["first_day", "last_day"])
    if days.empty:
        return None
    return Period(date.fromisoformat(days["first_day"].min()), date.fromisoformat(days["last_day"].max()))


def last_complete_day(fresh: pd.DataFrame, sources: Iterable[str]) -> str | None:
    """The last day that is whole in all of the sources that have any; None where none has."""
    days = fresh[fresh["source"].isin(list(sources))]["last_complete_day"].dropna()
    return None if days.empty else str(days.min())
