"""Spend & CPA: where the money went, what it brought, and what could not be matched."""

import streamlit as st

from app import behind, components, findings, formats, navigation, queries, results, tables
from app.cards import metric_cards
from app.charts import spend_and_return
from pipelines.attribution import MODELS

GRAINS = {"Channels": "channel", "Campaigns": "campaign", "Platforms": "platform"}

filters = components.filters()
by = GRAINS[components.selector("Spend by", list(GRAINS), key="spend_by")]

spend = queries.answer("spend_and_cpa", **filters.credit(), by=by)
components.stop_if_empty(spend, "spend")
totals = spend.facts["totals"]
additive = MODELS[filters.model].additive
rows = results.picked_spend(spend.rows, by, filters.shown.get(by, ()), additive)

head = st.container()

left, right = st.columns([1, 1.1], gap="small")
with left.container(border=True):
    priced = "Above the dotted line a conversion costs less than the paid CPA. " if totals["paid_cpa"] else ""
    st.markdown(f"**What did the money bring?** {priced}Log axes.")
    paid = rows[rows["spend"] > 0]
    if paid.empty:
        st.caption("No spend is on record for this period, so there is no price to show.")
        components.upload_link("Upload spend")
    else:
        colours = components.colours(by, spend.rows)
        figure = spend_and_return(paid, by, totals["paid_cpa"], filters.currency, colours, components.theme())
        picked = components.pickable_chart(
            figure, f"spend and return {by}", f"Spend and attributed conversions by {by}"
        )
        behind.link_to_name(by, picked)
with right.container(border=True):
    st.markdown(f"**Every {by} in numbers**, {filters.described()}")
    columns = {
        by: tables.text(by.capitalize(), pinned=True),
        "spend": tables.money("Spend", filters.currency, 0),
        "attributed_conversions": tables.count("Conversions", 1),
        "cpa": tables.money("Paid CPA", filters.currency),
        "roas": tables.multiple("ROAS"),
        "roi": tables.share("ROI"),
    }
    tables.table(rows, columns, f"spend by {by}", most=9)
    results.show_totals(totals, filters.currency)

with st.container(border=True):
    st.markdown(
        "**What found no match?** It is counted in the totals; an alias on the Names page joins names that belong together."
    )
    tables.names(
        "Spend without conversions",
        spend.facts["spend_without_match"],
        f"No conversion was credited to a {by} of this name.",
    )
    tables.names(
        "Conversions without spend", spend.facts["no_spend"], f"No spend names this {by}: its CPA is not known."
    )
    if spend.facts.get("spend_without_name"):
        st.caption(f"{formats.money(spend.facts['spend_without_name'], filters.currency)} of spend names no {by}.")

# The cards stand above the chart but are asked for after it: what takes longest to answer is waited for last.
with head:
    overview = queries.answer("overview", **filters.credit(), **filters.compared())
    paid_roas = (
        f"Paid ROAS, of the revenue credited to channels with spend alone: {formats.ratio(totals['paid_roas'])}."
    )
    metrics = ("spend", "paid_cpa", "blended_cpa", "roas")
    components.kpi_row(metric_cards(overview.rows, metrics, filters.currency, more={"roas": paid_roas}))
    components.finding(findings.spend_finding(rows, by, totals, filters.currency, additive), filters)
    components.about_model(spend)

components.notes(spend, overview, untouched=navigation.untouched(__file__, by))
