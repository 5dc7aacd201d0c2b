"""What an event in JSON lines may say: one schema a version, and the rule that tells a bot.

Invariant: a version is never changed, only followed by another; an event that names no version is of the first one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = "schema_version"
"""The key that names the version of an event."""

TEXT, NUMBER, FLAG = "string", "number", "boolean"


@dataclass(frozen=True)
class EventField:
    """A key of an event: the field of the source touchpoints that it fills (none: it only tells bots), the types of JSON that its values have,
    and whether an event without it is refused."""

    key: str
    field: str
    types: tuple[str, ...] = (TEXT,)
    required: bool = False


VERSIONS: Mapping[str, tuple[EventField, ...]] = {
    "1": (
        EventField("event_id", "id", required=True),
        EventField("occurred_at", "time", (TEXT, NUMBER), required=True),
        EventField("person", "person"),
        EventField("channel", "channel"),
        EventField("campaign", "campaign"),
        EventField("source", "source"),
        EventField("medium", "medium"),
        EventField("platform", "platform"),
        EventField("account", "account"),
        EventField("creative", "creative"),
        EventField("post", "post"),
        EventField("kind", "kind"),
        EventField("milestone", "milestone"),
        EventField("consent", "consent", (FLAG,)),
        EventField("converted", "converted", (FLAG,)),
        EventField("revenue", "revenue", (NUMBER,)),
        EventField("currency", "currency"),
        EventField("conversion_type", "conversion_type"),
        EventField("transaction_id", "transaction"),
        EventField("user_agent", ""),
    ),
}
"""Version -> its keys. `occurred_at` is text in ISO 8601, with its zone or in UTC, or seconds or milliseconds since 1970."""

USER_AGENT = "user_agent"
BOTS = (
    r"(?i)(^|[^u])bot(s|\b|[/;_-])|crawl|spider|slurp|headless|phantomjs|lighthouse|pingdom|uptime"
    r"|^(curl|wget|python|go-http|java|okhttp)\b"
)
"""A regular expression that is found in the user agent of a program that no person uses. (Cubot makes phones.)"""
