"""Deals of a CRM, or offline conversions on their way to an advertising platform: who closed what, when, for how much."""

from pipelines.sources.exports.declare import Export

_CLICK_IDS = ("Google Click ID", "GCLID", "Click ID", "fbclid", "msclkid", "li_fat_id", "ttclid")

CRM_DEALS = Export(
    name="crm_deals",
    title="CRM deals",
    source="conversions",
    header=(
        ("Deal ID",),
        ("Opportunity ID",),
        ("Deal name", "Amount"),
        ("Closed date", "Amount"),
        ("Close date", "Amount"),
        ("Google Click ID", "Conversion Time"),
        ("GCLID", "Conversion Time"),
    ),
    columns={
        "time": (
            "Closed date",
            "Close date",
            "Closed won date",
            "Date closed",
            "Closed at",
            "Won date",
            "Won time",
            "Conversion time",
        ),
        "person": (
            "Hashed email",
            "Hashed e-mail address",
            "Email hash",
            "Email SHA256",
            "SHA256 email",
            "Email (hashed)",
            *_CLICK_IDS,
            "Contact ID",
            "Associated contact IDs",
            "Contact email",
            "Email",
            "Email address",
        ),
        "click_id": _CLICK_IDS,
        "type": ("Conversion name", "Conversion type"),
        "revenue": ("Amount", "Deal amount", "Deal value", "Value", "Conversion value"),
        "currency": (
            "Currency",
            "Deal currency",
            "Deal currency code",
            "Currency code",
            "Amount currency",
            "Conversion currency",
        ),
        "id": ("Deal ID", "Opportunity ID", "Record ID", "Order ID", "Transaction ID"),
    },
    won=("Deal stage", "Stage", "Deal status", "Status"),
)
