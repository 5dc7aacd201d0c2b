"""Aliases: names that mean the same. Grain: a kind of name and a name."""

from pipelines.sources.declare import Field, Source

ALIASES = Source(
    name="aliases",
    title="Aliases",
    help="Which name of one tool is which name of another: 'Google Ads' is 'Paid Search'.",
    store="warehouse",
    table="aliases",
    fields=(
        Field(
            "kind",
            "choice",
            "What is named: channel, campaign, account or platform.",
            required=True,
            filled=True,
            aliases=("type", "dimension"),
            choices=("channel", "campaign", "account", "platform"),
        ),
        Field(
            "from",
            "name",
            "The name as it stands in the data.",
            required=True,
            filled=True,
            column="from_name",
            aliases=("from name", "name", "alias", "old name"),
        ),
        Field(
            "to",
            "name",
            "The name to show it under.",
            required=True,
            filled=True,
            column="to_name",
            aliases=("to name", "canonical name", "canonical", "new name", "means"),
        ),
    ),
    key=("kind", "from"),
    repeats="refuse",
    day_field=None,
)
