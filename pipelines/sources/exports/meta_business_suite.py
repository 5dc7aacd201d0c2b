"""Meta Business Suite: one metric of an account by day, named above the header. The file names no account; a day it lacks is unknown."""

from pipelines.sources.exports.declare import Export

_REACH = "reach|reichweite|couverture|portée|alcance|copertura|bereik"
_BESIDE = "facebook|instagram|page|seite|pagina|página|profile?|profil|account|konto|compte|total|de|del|della|di|do|da|la|van|op|sur|auf|on|of"

META_BUSINESS_SUITE = Export(
    name="meta_business_suite",
    title="Meta Business Suite",
    source="account_reach",
    header=(("Date", "Primary"), ("Datum", "Primary"), ("Date", "Primär"), ("Datum", "Primär")),
    columns={"date": ("Date", "Datum"), "reach": ("Primary", "Primär")},
    said={"platform": {"Facebook": ("facebook",), "Instagram": ("instagram",)}},
    metric=rf"(?:(?:{_BESIDE})[ -])*(?:{_REACH})(?:[ -](?:{_BESIDE}))*|(?:facebook|instagram)bereik",
    metric_named="reach",
)
