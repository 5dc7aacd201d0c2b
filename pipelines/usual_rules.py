"""The usual channel rules: how web analytics commonly group sources and mediums into channels. A starting point that is offered, never applied
by itself.

Invariant: a rule asks for source or medium, or for the name that the spend of an advertising tool gets: other channels keep their names.
"""

import pandas as pd

from pipelines.name_rules import COLUMNS

_SEARCH = ("google", "bing", "yahoo", "duckduckgo", "baidu", "yandex", "ecosia", "qwant")
_SOCIAL = (
    "facebook",
    "instagram",
    "meta",
    "linkedin",
    "tiktok",
    "twitter",
    "x",
    "t.co",
    "pinterest",
    "reddit",
    "snapchat",
    "threads",
)
_VIDEO = ("youtube", "vimeo", "twitch")
_PAID = ("*cp*", "ppc", "paid*", "retargeting")

_MEDIUMS = {
    "Paid Search": ("cpc", "ppc", "paid search", "paidsearch", "paid-search", "sem"),
    "Paid Social": ("paid social", "paidsocial", "paid-social", "paid_social"),
    "Display": ("display", "banner", "cpm", "interstitial", "programmatic"),
    "Retargeting": ("retargeting", "remarketing"),
    "Organic Search": ("organic",),
    "Organic Social": ("social", "social-network", "social-media", "social media", "sm"),
    "Email": ("email", "e-mail", "e_mail", "newsletter"),
    "Affiliate": ("affiliate", "affiliates"),
    "Referral": ("referral", "link"),
    "Influencer": ("influencer", "creator"),
    "Audio": ("audio", "podcast"),
    "SMS": ("sms",),
    "Push": ("push", "mobile-push", "*notification*"),
    "Direct": ("(none)", "(not set)"),
}
"""Channel -> the mediums that tell it whatever the source is."""

_TOOLS = {
    "Google Ads": "Paid Search",
    "Meta Ads": "Paid Social",
    "LinkedIn Ads": "Paid Social",
    "TikTok Ads": "Paid Social",
    "X Ads": "Paid Social",
}
"""The channel under which the spend of an advertising tool is stored -> the one it usually buys."""


def usual_rules() -> pd.DataFrame:
    """The rules: name_rules.COLUMNS. What a source and a medium tell together is more exact than what either tells alone."""
    rows = [{"medium": medium, "means": channel} for channel, mediums in _MEDIUMS.items() for medium in mediums]
    for sources, paid, organic in ((_SOCIAL, "Paid Social", "Organic Social"), (_VIDEO, "Paid Video", "Organic Video")):
        for source in sources:
            rows += [{"source": source, "medium": medium, "means": paid} for medium in _PAID]
            rows += [{"source": source, "medium": medium, "means": organic} for medium in ("referral", "organic")]
    rows += [{"source": source, "medium": "referral", "means": "Organic Search"} for source in _SEARCH]
    rows += [{"source": source, "means": "Email"} for source in ("newsletter", "email", "mailchimp", "klaviyo")]
    rows += [{"name": tool, "means": channel} for tool, channel in _TOOLS.items()]
    return pd.DataFrame(rows).assign(kind="channel").reindex(columns=list(COLUMNS))
