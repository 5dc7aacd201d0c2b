"""Money paid for media. Grain: a day, a channel, a campaign, a currency, and ad account, ad group and creative where present."""

from dataclasses import replace

from pipelines.sources.declare import Field, Source
from pipelines.sources.fields import CAMPAIGN, CHANNEL, CREATIVE, CURRENCY, DATE, IMPRESSIONS, PLATFORM, optional

SPEND = Source(
    name="spend",
    title="Spend",
    help="What each channel and campaign was paid, day by day. Rows of the same day and campaign are added up.",
    store="warehouse",
    table="spend",
    fields=(
        DATE,
        replace(
            CHANNEL,
            aliases=(
                *CHANNEL.aliases,
                "media channel",
                "data source",
                "source medium",
                "medium",
                "network",
                "source",
                "platform",
            ),
        ),
        replace(CAMPAIGN, required=True, filled=True),
        Field(
            "amount",
            "money",
            "Money paid; blank means unknown, a negative one is a credit note.",
            required=True,
            suffix=True,
            sign="warned",
            aliases=(
                "spend",
                "cost",
                "amount spent",
                "total spent",
                "ad spend",
                "media spend",
                "net cost",
                "costs",
                "total spend",
                "kosten",
                "ausgaben",
                "betrag",
                "nettobetrag",
                "montant dépensé",
                "spent",
            ),
        ),
        CURRENCY,
        replace(
            optional(PLATFORM),
            aliases=("network", "platform name", "social network", "publisher platform", "plattform"),
        ),
        Field(
            "ad_account",
            "name",
            "The advertising account.",
            aliases=("ad account name", "account name", "account", "customer"),
        ),
        Field(
            "ad_group",
            "name",
            "The ad group or ad set.",
            aliases=("ad group name", "ad set", "ad set name", "ad squad"),
        ),
        CREATIVE,
        IMPRESSIONS,
        Field("clicks", "integer", "Clicks.", suffix=True, aliases=("link clicks", "klicks")),
        Field(
            "reported_conversions",
            "decimal",
            "Conversions as the advertising platform counts them.",
            aliases=("conversions", "conv", "results", "platform conversions", "purchases"),
        ),
    ),
    key=("date", "channel", "campaign", "currency", "ad_account", "ad_group", "creative"),
    speaks_for=("date", "channel", "ad_account"),
    repeats="sum",
    sums=("amount", "impressions", "clicks", "reported_conversions"),
)
