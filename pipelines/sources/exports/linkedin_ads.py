"""LinkedIn Ads: the campaign or ad performance report of the Campaign Manager. Its days are of UTC, the month first."""

from pipelines.sources.exports.declare import Export

LINKEDIN_ADS = Export(
    name="linkedin_ads",
    title="LinkedIn Ads",
    source="spend",
    header=(
        ("Start Date (in UTC)",),
        ("Total Spent", "Campaign Name"),
        ("Total Spent", "Campaign Group Name"),
        ("Campaign Group Name", "Spend"),
    ),
    preamble=r"linkedin|\(in utc\)$",
    columns={
        "date": ("Start Date (in UTC)", "Start Date", "Date (in UTC)", "Day (in UTC)", "Date", "Day"),
        "campaign": ("Campaign Name", "Campaign", "Campaign Group Name"),
        "amount": ("Total Spent", "Spend", "Total Spend"),
        "currency": ("Currency",),
        "ad_account": ("Account Name",),
        "creative": ("Creative Name", "Ad Name", "Ad Headline"),
        "impressions": ("Impressions",),
        "clicks": ("Clicks",),
        "reported_conversions": ("Conversions", "Total Conversions"),
    },
    fixed={"channel": "LinkedIn Ads", "platform": "LinkedIn"},
    date_order="month",
    starts=("Start Date (in UTC)", "Start Date"),
    ends=("End Date (in UTC)", "End Date"),
    period=r"report start:? *(?P<first>.*?)(?:,? \d{1,2}:\d\d.*)?\n(?:.*\n)*?report end:? *(?P<last>.*?)(?:,? \d{1,2}:\d\d.*)?(?:\n|$)",
    whole_range="In the Campaign Manager, export the report with the time breakdown Daily.",
)
