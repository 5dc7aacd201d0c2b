"""Sprinklr: the export of a listening widget, and the pivot whose headers say day, brand and metric. Times are UTC."""

from pipelines.sources.exports.declare import Export

_METRICS = {
    "mentions": ("Mentions (SUM)", "Mentions"),
    "reach": ("Reach (SUM)", "Reach"),
    "engagements": (
        "Earned Engagements (Recalibrated) (SUM)",
        "Earned Engagements (SUM)",
        "Earned Engagements",
        "Total Engagements",
    ),
}
_PLATFORM = ("snTypeColumn", "Social Network", "Source", "Source Type", "Media Type")

SPRINKLR = Export(
    name="sprinklr",
    title="Sprinklr",
    source="mentions",
    header=(
        ("snTypeColumn",),
        ("Conversation Stream",),
        ("From User", "Mentions (SUM)"),
        ("Earned Engagements (Recalibrated) (SUM)",),
        ("Created Time", "Mentions (SUM)"),
        ("Created Time", "Reach (SUM)"),
    ),
    preamble=r"sprinklr",
    columns={
        "time": ("Created Time", "Created At", "Published Date", "Date"),
        "platform": _PLATFORM,
        "sentiment": ("Sentiment", "Recalibrated Sentiment", "Message Sentiment"),
        "author": ("From User", "User Name", "Author"),
        "text": ("Conversation Stream", "Message", "Text"),
        "url": ("Permalink", "Post Url", "URL"),
        **_METRICS,
    },
    optional=("account", "platform"),
    zone="UTC",
)

SPRINKLR_PIVOT = Export(
    name="sprinklr_pivot",
    title="Sprinklr (brand pivot)",
    source="mentions",
    columns={
        "time": ("Date",),
        "account": ("Brand",),
        "platform": _PLATFORM,
        "sentiment": ("Sentiment",),
        "author": ("From User",),
        **_METRICS,
    },
    fixed={"mentions": "0"},
    optional=("platform",),
    zone="UTC",
    pivot=(
        r"(?P<day>\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))_(?P<brand>.+)_"
        r"(?P<metric>(?:Mentions|Reach|(?:Earned |Total )?Engagements(?: \(Recalibrated\))?)(?: \((?:SUM|AVG|COUNT)\))?)"
    ),
)
