"""X Ads (once Twitter Ads): campaigns by day. Amounts may carry their currency, days stand before months in Europe."""

from pipelines.sources.exports.declare import Export

X_ADS = Export(
    name="x_ads",
    title="X Ads",
    source="spend",
    header=(
        ("Time period", "Spend"),
        ("Funding source", "Spend"),
        ("Funding source name", "Spend"),
        ("Campaign URL", "Spend"),
        ("Billed engagements", "Spend"),
        ("Reposts", "Spend"),
        ("Retweets", "Spend"),
        ("Tweet engagements", "Spend"),
        ("Post engagements", "Spend"),
        ("Campaign", "Spend", "Engagements"),
        ("Campaign name", "Spend", "Engagements"),
    ),
    preamble=r"(^|[^a-z])(x|twitter)[ _-]ads|twitter",
    columns={
        "date": ("Time period", "Date", "Day", "Time"),
        "campaign": ("Campaign name", "Campaign"),
        "amount": ("Spend", "Amount spent"),
        "currency": ("Currency",),
        "ad_account": ("Account name", "Ad account"),
        "ad_group": ("Ad group name", "Ad group"),
        "creative": ("Ad name", "Post ID", "Tweet ID"),
        "impressions": ("Impressions",),
        "clicks": ("Link clicks", "Clicks", "URL clicks"),
        "reported_conversions": ("Results", "Conversions", "Total conversions"),
    },
    fixed={"channel": "X Ads", "platform": "X"},
    date_order="day",
    whole_range="In the X Ads Manager, export the campaigns with the segment Day.",
)
