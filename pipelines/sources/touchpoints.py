"""Touchpoints: dated contacts of persons with channels. A file that marks conversions in the same rows feeds both tables."""

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sources.declare import Field, Source
from pipelines.sources.fields import (
    ACCOUNT,
    CAMPAIGN,
    CHANNEL,
    CLOCK,
    CREATIVE,
    CURRENCY,
    PERSON,
    PLATFORM,
    POST,
    REVENUE,
    TIME,
    optional,
)


def _source_and_medium(cells: Mapping[str, pa.Array]) -> pa.Array:
    """'source / medium' as analytics tools write it, the one that is there if the other is blank, else 'direct'."""
    source, medium = cells["source"], cells["medium"]
    return pc.coalesce(pc.binary_join_element_wise(source, medium, " / "), source, medium, "direct")


_CONVERSIONS = (
    *("purchase", "inapppurchase", "ecommercepurchase", "generatelead", "signup", "closeconvertlead"),
    *("subscribe", "appstoresubscriptionconvert"),
)
"""Types that are conversions by their name, compared by letters alone."""

_BEFORE_PURCHASE = (
    *("viewitem", "viewitemlist", "selectitem", "addtocart", "removefromcart", "viewcart", "addtowishlist"),
    *("begincheckout", "addshippinginfo", "addpaymentinfo", "viewpromotion", "selectpromotion"),
)
"""Events whose value is that of a basket and no revenue."""


def _marked_conversions(rows: pa.Table) -> pa.Table:
    """The conversions in touchpoint rows: those that `converted` marks or, in a file without that column, those with revenue and those whose
    type is a conversion by its name. A refund lowers the revenue of purchases; rows of one transaction are one conversion."""
    types = rows["conversion_type"].cast(pa.string())
    event = pc.coalesce(types, rows["kind"].cast(pa.string()))
    event = pc.replace_substring_regex(pc.utf8_lower(event), "[^a-z]", "")
    refund = pc.fill_null(pc.equal(event, "refund"), False)
    revenue = pc.if_else(refund, pc.negate(pc.abs(rows["revenue"])), rows["revenue"])
    earned = pc.and_not(pc.not_equal(revenue, pa.scalar(0, revenue.type)), _is_in(event, _BEFORE_PURCHASE))
    named = pc.and_(pc.is_valid(types), _is_in(event, _CONVERSIONS))
    marks = rows["converted"] if rows["converted"].null_count < rows.num_rows else pc.or_kleene(earned, named)
    transaction = pc.if_else(refund, pa.scalar(None, pa.string()), rows["transaction"])
    conversions = pa.table(
        {
            "conversion_id": pc.coalesce(
                transaction, pc.binary_join_element_wise(rows["touchpoint_id"], "conversion", ":")
            ),
            "occurred_at": rows["occurred_at"],
            "dt": rows["dt"],
            "person": rows["person"],
            "type": pc.if_else(refund, "purchase", pc.coalesce(types, "conversion")),
            "revenue": revenue,
            "currency": rows["currency"],
            "row_number": rows["row_number"],
        }
    )
    return _first_of_each(conversions.filter(pc.fill_null(marks, False)), "conversion_id")


def _is_in(words: pa.Array, among: tuple[str, ...]) -> pa.Array:
    return pc.is_in(words, value_set=pa.array(among))


def _first_of_each(rows: pa.Table, column: str) -> pa.Table:
    """The first row of each value of the column."""
    numbered = rows.append_column("position", pa.array(range(rows.num_rows), pa.int64()))
    firsts = numbered.group_by(column, use_threads=False).aggregate([("position", "min")])
    return rows.take(firsts["position_min"]) if firsts.num_rows < rows.num_rows else rows


TOUCHPOINTS = Source(
    name="touchpoints",
    title="Touchpoints",
    help="Who met which channel when. A file that marks conversions in the same rows (converted, revenue) is read as both.",
    store="lake",
    table="touchpoints",
    fields=(
        TIME,
        CLOCK,
        replace(
            PERSON,
            filled=False,
            help="Identifier of the person; blank means unknown: such a touchpoint is kept and earns nothing.",
        ),
        replace(CHANNEL, filled=False, instead=("source", "medium"), fill=_source_and_medium),
        replace(CAMPAIGN, identity=True),
        Field(
            "source",
            "name",
            "Where the visit came from.",
            identity=True,
            aliases=("utm source", "session source", "traffic source", "referrer source"),
        ),
        Field(
            "medium", "name", "How it came.", identity=True, aliases=("utm medium", "session medium", "traffic medium")
        ),
        replace(optional(PLATFORM), aliases=("network", "platform name", "social network", "plattform")),
        optional(ACCOUNT),
        replace(CREATIVE, identity=True),
        replace(POST, identity=True),
        Field(
            "kind",
            "name",
            "impression, click, visit or another kind of contact.",
            identity=True,
            aliases=(
                "interaction",
                "event",
                "event type",
                "event name",
                "interaction type",
                "touchpoint type",
                "type",
                "action",
            ),
        ),
        Field(
            "milestone", "name", "lead, opportunity or another step reached here.", aliases=("stage", "lifecycle stage")
        ),
        Field(
            "consent",
            "boolean",
            "Whether the person agreed to be tracked; blank means yes.",
            aliases=("consented", "has consent", "tracking consent", "consent given"),
        ),
        Field(
            "converted",
            "boolean",
            "Marks a row that is a conversion, too; blank means no.",
            stored=False,
            aliases=(
                "conversion",
                "conversion flag",
                "is conversion",
                "has converted",
                "is converted",
                "converted flag",
                "goal reached",
            ),
        ),
        replace(REVENUE, stored=False),
        replace(CURRENCY, stored=False),
        Field(
            "conversion_type",
            "name",
            "What kind of conversion a row is that is one; 'conversion' if blank.",
            stored=False,
            aliases=("goal", "goal name"),
        ),
        Field(
            "transaction",
            "id",
            "Id of the order or deal of a row that is a conversion; rows that share it are one.",
            stored=False,
            aliases=("transaction id", "order id", "order number"),
        ),
        Field(
            "id",
            "id",
            "The touchpoint's own id.",
            column="touchpoint_id",
            aliases=("touchpoint id", "event id", "interaction id", "hit id"),
        ),
    ),
    key=("id",),
    repeats="number",
    day_field="time",
    id_field="id",
    also={"conversions": _marked_conversions},
)
