"""Conversions: desired outcomes of persons. A row with negative revenue is a refund."""

from dataclasses import replace

from pipelines.sources.declare import Field, Source
from pipelines.sources.fields import CLOCK, CURRENCY, PERSON, REVENUE, TIME

CONVERSIONS = Source(
    name="conversions",
    title="Conversions",
    help="Who bought, signed up or did what you hope for, when, and what it brought.",
    store="lake",
    table="conversions",
    fields=(
        replace(
            TIME,
            aliases=("conversion time", "converted at", "conversion date", "order date", "closed date", *TIME.aliases),
        ),
        CLOCK,
        replace(
            PERSON,
            filled=False,
            instead=("click_id",),
            fill=lambda cells: cells["click_id"],
            help="Identifier of the person; blank means unknown, and the conversion stays unattributed.",
        ),
        Field(
            "click_id",
            "person",
            "The click it came from: stands for the person where no other identifier does.",
            aliases=("gclid", "google click id", "fbclid", "msclkid", "ttclid", "li fat id"),
            stored=False,
        ),
        Field(
            "type",
            "name",
            "What kind of conversion; 'conversion' if blank.",
            default="conversion",
            identity=True,
            aliases=(
                "conversion type",
                "conversion name",
                "goal",
                "goal name",
                "event name",
                "event type",
                "event",
                "conversion",
            ),
        ),
        replace(REVENUE, identity=True),
        replace(CURRENCY, identity=True),
        Field(
            "id",
            "id",
            "The conversion's own id.",
            column="conversion_id",
            aliases=("conversion id", "order id", "transaction id", "deal id", "order number", "event id"),
        ),
    ),
    key=("id",),
    repeats="number",
    day_field="time",
    id_field="id",
)
