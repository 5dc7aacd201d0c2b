"""A small brand in March 2026, as the CSV files people upload: names that differ between tools, money in three currencies, six accounts of
which nobody talks about one on some days, a channel that nobody touched and one that nobody paid for.

The frames hold what the files say, so that answers can be held against pandas.
"""

import random
from datetime import date, timedelta

import pandas as pd

from pipelines.ingest import prepare
from pipelines.ingest.load import commit
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores

FIRST, DAYS = date(2026, 3, 1), 20
ALL_DAYS = [(FIRST + timedelta(days=number)).isoformat() for number in range(DAYS)]
REACH_DAYS = ALL_DAYS[:9]

CHANNEL_ALIASES = {"google / cpc": "Paid Search", "fb": "Paid Social"}
CAMPAIGN_ALIASES = {"spring_sale": "Spring Sale"}

_random = random.Random(20260301)


def _moment(first_minute: int, last_minute: int) -> str:
    minutes = _random.randint(first_minute, last_minute)
    return f"{pd.Timestamp(FIRST) + pd.Timedelta(minutes=minutes, milliseconds=_random.choice([0, 0, 123])):%Y-%m-%dT%H:%M:%S.%f}"


aliases = pd.DataFrame(
    [
        *({"kind": "channel", "from": old, "to": new} for old, new in CHANNEL_ALIASES.items()),
        *({"kind": "campaign", "from": old, "to": new} for old, new in CAMPAIGN_ALIASES.items()),
    ]
)

rules = pd.DataFrame([{"kind": "campaign", "hashtag": "#nobody", "means": "Nobody"}])
"""Of a hashtag that nobody uses."""

fx_rates = pd.DataFrame(
    [("2026-03-01", "USD", "EUR", "0.90"), ("2026-03-11", "USD", "EUR", "0.80")],
    columns=["date", "base", "quote", "rate"],
)

account_reach = pd.DataFrame(
    [
        {"date": day, "account": account, "platform": "X" if account < "D" else "Instagram", "reach": 100 * (place + 1)}
        for place, account in enumerate("ABCDEF")
        for day in REACH_DAYS
    ]
)
"""6 accounts on 9 days: 54 cells."""

first_stream = pd.DataFrame(
    [
        {
            "date": day,
            "account": "A",
            "platform": "X",
            "post": f"post {campaign} {number}",
            "campaign": campaign,
            "reach": 50 * (place + 1),
        }
        for place, campaign in enumerate(["Spring Sale", "Brand", "Summer Sale", "Autumn", "Silent"])
        for number, day in enumerate(ALL_DAYS[:3])
    ]
)

spend = pd.DataFrame(
    [
        {
            "date": day,
            "channel": channel,
            "campaign": campaign,
            "amount": amount,
            "currency": currency,
            "platform": platform,
        }
        for day in ALL_DAYS
        for channel, campaign, amount, currency, platform in (
            ("Paid Search", "Spring Sale", "40.00", "EUR", "Google"),
            ("PAID SEARCH", "Brand", "12.50", "EUR", "Google"),
            ("Paid Social", "spring sale", "30.00", "USD", "Instagram"),
            ("TV", "Brand", "20.00", "EUR", ""),  # nobody has a touchpoint on TV
            ("Paid Social", "Summer Sale", "9.99", "CHF", "Instagram"),  # a currency without a rate
        )
    ]
)

_SILENT_CELLS = {
    ("A", REACH_DAYS[0]),
    ("B", REACH_DAYS[1]),
    ("C", REACH_DAYS[2]),
    ("D", REACH_DAYS[3]),
    ("E", REACH_DAYS[4]),
}

mentions = pd.DataFrame(
    [
        {
            "id": f"m{day}{account}{number}",
            "time": f"{day}T0{number}:15:00",
            "account": account,
            "platform": "X" if account < "D" else "Instagram",
            "campaign": campaign,
            "mentions": 1 + number,
            "sentiment": sentiment,
            "text": f"about {campaign}",
        }
        for place, account in enumerate("ABCDEF")
        for day in REACH_DAYS
        if (account, day) not in _SILENT_CELLS
        for number, (campaign, sentiment) in enumerate(
            [("Spring Sale", "positive"), ("Brand", "negative"), ("spring_sale", "neutral"), ("Rumour", "")][
                : 1 + place % 4
            ]
        )
    ]
)
"""On 49 of the 54 cells."""

_PEOPLE = [f"person {number}" for number in range(80)]
_PLACES = [
    ("google / cpc", "spring_sale", "Google"),
    ("Paid Search", "Brand", "Google"),
    ("FB", "Spring Sale", "Instagram"),
    ("Paid Social", "Summer Sale", "Instagram"),
    ("Newsletter", "", ""),  # nobody pays for it
    ("(direct)", "", ""),
]
touchpoints = pd.DataFrame(
    [
        {
            "id": f"t{number:04}",
            "time": _moment(0, (DAYS - 2) * 1440),
            "person": _random.choice(_PEOPLE),
            "channel": channel,
            "campaign": campaign,
            "platform": platform,
            "kind": _random.choice(["click", "impression", ""]),
            "consent": _random.choice(["", "yes", "yes", "no"]),
        }
        for number in range(400)
        for channel, campaign, platform in [_random.choice(_PLACES)]
    ]
)

conversions = pd.DataFrame(
    [
        {
            "id": f"c{number:04}",
            "time": _moment(2 * 1440, DAYS * 1440 - 1),
            "person": _random.choice([*_PEOPLE, "never seen", ""]),
            "type": _random.choice(["purchase", "purchase", "lead"]),
            "revenue": _random.choice(["20.00", "35.50", "-20.00", ""]),
            "currency": _random.choice(["EUR", "EUR", "USD"]),
        }
        for number in range(150)
    ]
)

FILES: dict[str, pd.DataFrame] = {
    "aliases": aliases,
    "rules": rules,
    "fx_rates": fx_rates,
    "account_reach": account_reach,
    "first_stream": first_stream,
    "spend": spend,
    "mentions": mentions,
    "touchpoints": touchpoints,
    "conversions": conversions,
}


def upload(stores: Stores, source: str, rows: pd.DataFrame) -> None:
    """Upload rows as a CSV file, the way a person does."""
    content = rows.to_csv(index=False).encode()
    settings = stores.settings
    prepared = prepare(
        SOURCES[source],
        content,
        f"{source}.csv",
        zone=settings.reporting_time_zone,
        currency=settings.reporting_currency,
    )
    assert prepared.refused.num_rows == 0, prepared.refused.to_pylist()[:3]
    commit(stores, prepared, content, "tester")


def load(stores: Stores) -> None:
    """Upload all the brand's files."""
    for source, rows in FILES.items():
        upload(stores, source, rows)
