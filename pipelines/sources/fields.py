"""Fields that several sources share, so that a header is recognised alike everywhere."""

from dataclasses import replace

from pipelines.sources.declare import Field

DATE = Field(
    "date",
    "date",
    "Calendar day.",
    required=True,
    filled=True,
    suffix=True,
    aliases=("day", "report date", "reporting date", "date day", "datum", "tag", "jour", "fecha", "data"),
)
TIME = Field(
    "time",
    "instant",
    "Moment of the event; a time without a zone is in the reporting time zone.",
    required=True,
    filled=True,
    suffix=True,
    column="occurred_at",
    identity=True,
    aliases=(
        "occurred at",
        "timestamp",
        "event time",
        "event timestamp",
        "datetime",
        "created time",
        "created at",
        "tweet created",
        "published",
        "published at",
        "publish time",
        "published date",
        "created",
        "date",
        "event date",
        "day",
        "zeitpunkt",
        "datum",
    ),
)
CLOCK = Field(
    "clock",
    "clock",
    "Time of day, where the day stands in a column of its own.",
    stored=False,
    aliases=("time", "time of day", "hour", "uhrzeit", "heure", "hora", "ora", "tijdstip"),
)
PERSON = Field(
    "person",
    "person",
    "Identifier of the person, the same in touchpoints and conversions.",
    required=True,
    filled=True,
    identity=True,
    aliases=(
        "person id",
        "customer id",
        "user id",
        "visitor id",
        "user id anon",
        "client id",
        "user pseudo id",
        "anonymous id",
        "cookie id",
        "contact id",
        "lead id",
        "profile id",
        "customer",
        "user",
        "visitor",
        "cookie",
        "uid",
        "hashed email",
        "email hash",
        "email sha256",
        "sha256 email",
        "google click id",
        "gclid",
        "click id",
        "fbclid",
        "msclkid",
        "email",
        "email address",
    ),
)
ACCOUNT = Field(
    "account",
    "name",
    "The account, page or brand.",
    required=True,
    filled=True,
    identity=True,
    aliases=(
        "account name",
        "brand",
        "page",
        "page name",
        "profile",
        "profile name",
        "handle",
        "brand name",
        "airline",
        "company",
        "konto",
    ),
)
PLATFORM = Field(
    "platform",
    "name",
    "The network on which it happened.",
    required=True,
    filled=True,
    identity=True,
    aliases=("network", "platform name", "social network", "channel", "medium", "source type", "source", "plattform"),
)
CHANNEL = Field(
    "channel",
    "name",
    "The marketing medium.",
    required=True,
    filled=True,
    identity=True,
    aliases=(
        "marketing channel",
        "channel name",
        "channel group",
        "channel grouping",
        "default channel group",
        "default channel grouping",
        "session default channel group",
        "kanal",
        "werbekanal",
    ),
)
CAMPAIGN = Field(
    "campaign",
    "name",
    "The campaign.",
    suffix=True,
    aliases=("campaign name", "utm campaign", "session campaign", "kampagne", "kampagnenname", "nom de la campagne"),
)
CREATIVE = Field(
    "creative", "name", "The creative or ad.", aliases=("creative name", "ad name", "ad", "utm content", "anzeige")
)
POST = Field(
    "post",
    "id",
    "Id or URL of the own post.",
    aliases=("post id", "post url", "permalink", "post link", "media id", "content id", "video id", "own post"),
)
REACH = Field(
    "reach",
    "integer",
    "People reached; blank means unknown.",
    suffix=True,
    adds_up=False,
    largest=10**10,
    aliases=("people reached", "accounts reached", "unique reach", "reichweite", "portée", "alcance"),
)
IMPRESSIONS = Field(
    "impressions",
    "integer",
    "Times shown.",
    suffix=True,
    aliases=("impr", "views", "times shown", "impressionen", "imps"),
)
ENGAGEMENTS = Field(
    "engagements",
    "integer",
    "Reactions, comments, shares and clicks together.",
    suffix=True,
    aliases=("engagement", "total engagements", "interactions", "earned engagements", "total interactions"),
)
CURRENCY = Field(
    "currency",
    "currency",
    "Three-letter code; blank means the reporting currency.",
    aliases=("currency code", "account currency", "währung", "devise", "moneda"),
)
REVENUE = Field(
    "revenue",
    "money",
    "Revenue of the conversion; blank means unknown, a negative one is a refund.",
    suffix=True,
    sign="any",
    aliases=(
        "conversion value",
        "value",
        "conversion revenue",
        "purchase revenue",
        "transaction revenue",
        "order value",
        "amount",
        "sales",
        "umsatz",
    ),
)


def optional(field: Field) -> Field:
    """The same field in a source that can do without it."""
    return replace(field, required=False, filled=False)
