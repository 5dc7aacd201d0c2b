"""TikTok Ads: campaigns, ad groups or ads by day from the Ads Manager. A row `Total of N results` stands at the end."""

from pipelines.sources.exports.declare import Export

TIKTOK_ADS = Export(
    name="tiktok_ads",
    title="TikTok Ads",
    source="spend",
    header=(
        ("By Day",),
        ("Clicks (destination)",),
        ("CPC (destination)",),
        ("CTR (destination)",),
        ("6-second video views",),
        ("2-second video views",),
    ),
    preamble=r"tik[ _-]?tok",
    columns={
        "date": ("By Day", "Day", "Date", "Stat time day"),
        "campaign": ("Campaign name", "Campaign"),
        "amount": ("Cost", "Total cost", "Spend", "Amount spent"),
        "currency": ("Currency",),
        "ad_account": ("Account name", "Advertiser name"),
        "ad_group": ("Ad group name", "Ad group"),
        "creative": ("Ad name", "Ad"),
        "impressions": ("Impressions", "Impression"),
        "clicks": ("Clicks (destination)", "Clicks (all)", "Clicks", "Click"),
        "reported_conversions": ("Conversions", "Total conversions", "Results", "Conversion"),
    },
    fixed={"channel": "TikTok Ads", "platform": "TikTok"},
    whole_range="In the TikTok Ads Manager, create a custom report with the dimension By Day and export that.",
)
