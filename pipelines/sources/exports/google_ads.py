"""Google Ads: the report of campaigns, ad groups or ads that people download from the tables or the report editor."""

from pipelines.sources.exports.declare import Export

GOOGLE_ADS = Export(
    name="google_ads",
    title="Google Ads",
    source="spend",
    header=("Impr.", "Avg. CPC", "Campaign status", "Currency code"),
    columns={
        "date": ("Day", "Tag", "Jour", "Día", "Giorno", "Dia", "Dag"),
        "campaign": ("Campaign",),
        "amount": ("Cost",),
        "currency": ("Currency code",),
        "ad_account": ("Account name",),
        "ad_group": ("Ad group",),
        "impressions": ("Impr.",),
        "clicks": ("Clicks",),
        "reported_conversions": ("Conversions",),
    },
    fixed={"channel": "Google Ads", "platform": "Google"},
    whole_range="In Google Ads, segment the table by Day (Segment > Time > Day) and download it again.",
)
