"""First stream: daily reach of single posts. Grain: a day and a post."""

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sources.declare import Field, Source
from pipelines.sources.fields import ACCOUNT, CAMPAIGN, DATE, ENGAGEMENTS, IMPRESSIONS, PLATFORM, POST, REACH


def _address_of_post(cells: Mapping[str, pa.Array]) -> pa.Array:
    """The post's name where that is a web address."""
    is_address = pc.match_substring_regex(cells["post"], r"^https?://")
    return pc.if_else(pc.fill_null(is_address, False), cells["post"], pa.scalar(None, pa.string()))


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
        Field(
            "permalink",
            "url",
            "Where the post stands.",
            fill=_address_of_post,
            aliases=("post url", "url", "link", "post link"),
        ),
        CAMPAIGN,
        replace(REACH, required=True),
        IMPRESSIONS,
        ENGAGEMENTS,
    ),
    key=("date", "post"),
    speaks_for=("date", "account"),
    repeats="refuse",
)
