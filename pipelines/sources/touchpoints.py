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


def _marked_conversions(rows: pa.Table) -> pa.Table:
    """The conversions in touchpoint rows: those that `converted` marks or, in a file without that column, those with revenue."""
    revenue = rows["revenue"]
    marks = (
        rows["converted"]
        if rows["converted"].null_count < rows.num_rows
        else pc.not_equal(revenue, pa.scalar(0, revenue.type))
    )
    marked = rows.filter(pc.fill_null(marks, False))
    return pa.table(
        {
            "conversion_id": pc.binary_join_element_wise(marked["touchpoint_id"], "conversion", ":"),
            "occurred_at": marked["occurred_at"],
            "dt": marked["dt"],
            "person": marked["person"],
            "type": pa.array(["conversion"] * marked.num_rows, pa.string()),
            "revenue": marked["revenue"],
            "currency": marked["currency"],
            "row_number": marked["row_number"],
        }
    )


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
