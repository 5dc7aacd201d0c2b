"""Small exports of single days, as other tools would leave them in an inbox.

Invariant: a day has the same rows whenever it is written; the rows of a day grow with `more` alone.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

CHANNELS = ("Paid Search", "Email", "Paid Social", "Display")
TOUCHPOINTS, CONVERSIONS, MENTIONS = 60, 12, 20
"""Rows of a day."""

Rows = dict[str, list[str]]
"""Source -> the rows of its file, the header first."""


def rows_of(days: Iterable[date], *, more: int = 1) -> Rows:
    """What happened on some days: touchpoints of thirty people and conversions of some of them, mentions, each `more` times as many."""
    found: Rows = {
        "touchpoints": ["time,person,channel,campaign,id"],
        "conversions": ["time,person,type,revenue,currency,id"],
        "mentions": ["time,account,platform,campaign,mentions,sentiment,id"],
    }
    for day in days:
        for number in range(TOUCHPOINTS * more):
            at = f"{day}T{8 + number % 12:02}:{number % 60:02}:00Z"
            channel, person = CHANNELS[(number + day.day) % len(CHANNELS)], f"p{(number * 7 + day.toordinal()) % 30:02}"
            found["touchpoints"].append(f"{at},{person},{channel},Spring,t{day:%m%d}-{number}")
        for number in range(CONVERSIONS * more):
            person = f"p{(number * 5 + day.toordinal()) % 33:02}"  # some are never met
            found["conversions"].append(
                f"{day}T21:{number % 60:02}:00Z,{person},purchase,{20 + number}.50,EUR,c{day:%m%d}-{number}"
            )
        for number in range(MENTIONS * more):
            mood = ("positive", "neutral", "negative")[number % 3]
            found["mentions"].append(
                f"{day}T10:{number % 60:02}:00Z,Acme,Instagram,Spring,1,{mood},m{day:%m%d}-{number}"
            )
    return found


def leave(home: Path, arrived: date, rows: Rows) -> None:
    """Leave a file a source in the inbox of a home, in the folder of the day of arrival."""
    for source, lines in rows.items():
        path = home / "inbox" / source / arrived.isoformat() / f"{source}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def days_before(day: date, count: int) -> list[date]:
    """So many days, in order, the last of which is the day before."""
    return [day - timedelta(days=back) for back in range(count, 0, -1)]
