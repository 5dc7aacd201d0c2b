"""Daily reach of the own accounts. Grain: a day, an account and a platform."""

from dataclasses import replace

from pipelines.sources.declare import Field, Source
from pipelines.sources.fields import ACCOUNT, DATE, IMPRESSIONS, PLATFORM, REACH

ACCOUNT_REACH = Source(
    name="account_reach",
    title="Account reach",
    help="How many people each of your accounts reached, day by day.",
    store="warehouse",
    table="account_reach",
    fields=(
        DATE,
        ACCOUNT,
        PLATFORM,
        replace(REACH, required=True),
        IMPRESSIONS,
        Field(
            "followers",
            "integer",
            "Followers at the end of the day.",
            suffix=True,
            adds_up=False,
            largest=10**10,
            aliases=("fans", "subscribers", "page likes", "follower", "follower count"),
        ),
    ),
    key=("date", "account", "platform"),
    speaks_for=("date", "account"),
    repeats="refuse",
)
