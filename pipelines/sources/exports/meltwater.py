"""Meltwater: the export of a search's mentions. Its time may stand in a column of its own."""

from pipelines.sources.exports.declare import Export

MELTWATER = Export(
    name="meltwater",
    title="Meltwater",
    source="mentions",
    header=(
        ("Hit Sentence",),
        ("Opening Text",),
        ("Influencer", "Headline"),
        ("AVE", "Headline"),
        ("Influencer", "AVE"),
    ),
    preamble=r"meltwater",
    columns={
        "time": ("Date", "Alternate Date Format"),
        "account": ("Input Name",),
        "platform": ("Source", "Source Type", "Information Type"),
        "sentiment": ("Sentiment",),
        "author": ("Influencer", "Author Name", "Twitter Screen Name"),
        "text": ("Hit Sentence", "Opening Text", "Headline"),
        "url": ("URL",),
        "post": ("Parent URL",),
        "reach": ("Reach",),
        "engagements": ("Engagement",),
        "id": ("Document ID", "Tweet Id"),
    },
    optional=("account", "platform"),
)
