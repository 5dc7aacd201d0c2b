"""First stream: daily reach of single posts. Grain: a day and a post."""

from dataclasses import replace

from pipelines.sources.declare import Source
from pipelines.sources.fields import ACCOUNT, CAMPAIGN, DATE, ENGAGEMENTS, IMPRESSIONS, PLATFORM, POST, REACH

FIRST_STREAM = Source(
    name="first_stream",
    title="First stream (posts)",
    help="How many people each post reached, day by day, and the campaign it belongs to.",
    store="warehouse",
    table="first_stream",
    fields=(
        DATE,
        ACCOUNT,
        PLATFORM,
        replace(POST, required=True, filled=True, aliases=(*POST.aliases, "id", "url", "link")),
        CAMPAIGN,
        replace(REACH, required=True),
        IMPRESSIONS,
        ENGAGEMENTS,
    ),
    key=("date", "post"),
    speaks_for=("date", "account"),
    repeats="refuse",
)
