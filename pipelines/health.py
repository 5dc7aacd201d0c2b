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
    return reading.kept(("freshness", zone), lambda: _freshness(reading, zone)).copy()


def _freshness(reading: Reading, zone: str) -> pd.DataFrame:
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
    sources = set(sources)
    first, last = _known(fresh, "first_day", sources), _known(fresh, "last_day", sources)
    return Period(date.fromisoformat(min(first)), date.fromisoformat(max(last))) if first and last else None


def last_complete_day(fresh: pd.DataFrame, sources: Iterable[str]) -> str | None:
    """The last day that is whole in all of the sources that have any; None where none has."""
    return min(_known(fresh, "last_complete_day", set(sources)), default=None)


def _known(fresh: pd.DataFrame, column: str, sources: set[str]) -> list[str]:
    """The days that a column tells of these sources."""
    return [
        day for source, day in zip(fresh["source"], fresh[column], strict=True) if source in sources and pd.notna(day)
    ]
