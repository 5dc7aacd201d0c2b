"""YouScan: the export of a topic's mentions. Days (dd.mm.yyyy) and times of day stand in two columns."""

from pipelines.sources.exports.declare import Export

YOUSCAN = Export(
    name="youscan",
    title="YouScan",
    source="mentions",
    header=(
        ("Text snippet",),
        ("Publication place",),
        ("Place of publication",),
        ("Potential reach",),
        ("Date", "Time", "Source", "Sentiment"),
        ("Date", "Time", "URL", "Sentiment"),
        ("Date", "Time", "Author", "Text"),
    ),
    preamble=r"you[ _-]?scan",
    columns={
        "time": ("Date",),
        "platform": ("Source", "Resource type", "Network"),
        "mentions": ("Mentions",),
        "sentiment": ("Sentiment",),
        "author": ("Author", "Author name", "Nickname"),
        "text": ("Full text", "Text", "Text snippet", "Title"),
        "url": ("URL", "Link"),
        "reach": ("Potential reach", "Reach"),
        "engagements": ("Engagement", "Engagements", "Total engagement"),
        "id": ("Mention ID", "Post ID", "ID"),
    },
    optional=("account", "platform"),
)
