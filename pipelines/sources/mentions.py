"""Mentions of the own accounts, as a listening tool counts them. Grain: a mention, or a count of mentions at one moment."""

from dataclasses import replace

from pipelines.sources.declare import Field, Source
from pipelines.sources.fields import ACCOUNT, CAMPAIGN, CLOCK, ENGAGEMENTS, PLATFORM, POST, REACH, TIME

MENTIONS = Source(
    name="mentions",
    title="Mentions",
    help="What people say about your accounts: one row a mention (or a count of them), with its sentiment.",
    store="lake",
    table="mentions",
    fields=(
        TIME,
        CLOCK,
        replace(ACCOUNT, filled=False, help="The account, page or brand; blank where the listening tool names none."),
        replace(PLATFORM, filled=False),
        CAMPAIGN,
        Field(
            "mentions",
            "integer",
            "How many mentions the row stands for; 1 if blank.",
            default="1",
            aliases=("mention count",),
        ),
        Field(
            "sentiment",
            "sentiment",
            "positive, neutral, negative or uncategorized.",
            suffix=True,
            aliases=("sentiment label", "tone", "tonality", "stimmung"),
        ),
        Field(
            "author",
            "name",
            "Who wrote it.",
            identity=True,
            aliases=("from user", "author name", "username", "screen name", "name", "from", "influencer"),
        ),
        Field(
            "text",
            "text",
            "What was written.",
            identity=True,
            aliases=(
                "message",
                "content",
                "tweet",
                "tweet text",
                "full text",
                "body",
                "conversation stream",
                "hit sentence",
            ),
        ),
        Field(
            "url", "url", "Where it stands.", identity=True, aliases=("permalink", "link", "mention url", "tweet url")
        ),
        replace(
            POST,
            help="Id or URL of the own post it is about.",
            identity=True,
            aliases=("own post", "in reply to", "post id"),
        ),
        replace(
            REACH, help="The listening tool's estimate of the author's reach; never added to the accounts' own reach."
        ),
        ENGAGEMENTS,
        Field(
            "id",
            "id",
            "The mention's own id.",
            column="mention_id",
            aliases=("mention id", "tweet id", "status id", "message id", "document id", "comment id"),
        ),
    ),
    key=("id",),
    repeats="number",
    day_field="time",
    id_field="id",
)
