"""The exports of tools that are read as they are: one declaration a file, and the registry that everything else asks.

Invariant: an export feeds one source, whose fields it names; the order is the one people are shown.
"""

from pipelines.sources.exports.crm_deals import CRM_DEALS
from pipelines.sources.exports.declare import Export
from pipelines.sources.exports.ga4_events import GA4_EVENTS
from pipelines.sources.exports.google_ads import GOOGLE_ADS
from pipelines.sources.exports.linkedin_ads import LINKEDIN_ADS
from pipelines.sources.exports.meltwater import MELTWATER
from pipelines.sources.exports.meta_ads import META_ADS
from pipelines.sources.exports.meta_business_suite import META_BUSINESS_SUITE
from pipelines.sources.exports.meta_posts import META_POSTS
from pipelines.sources.exports.sprinklr import SPRINKLR, SPRINKLR_PIVOT
from pipelines.sources.exports.tiktok_ads import TIKTOK_ADS
from pipelines.sources.exports.x_ads import X_ADS
from pipelines.sources.exports.youscan import YOUSCAN

EXPORTS: dict[str, Export] = {
    export.name: export
    for export in (
        META_BUSINESS_SUITE,
        META_POSTS,
        GOOGLE_ADS,
        META_ADS,
        LINKEDIN_ADS,
        TIKTOK_ADS,
        X_ADS,
        SPRINKLR,
        SPRINKLR_PIVOT,
        MELTWATER,
        YOUSCAN,
        GA4_EVENTS,
        CRM_DEALS,
    )
}

__all__ = ["EXPORTS", "Export"]
