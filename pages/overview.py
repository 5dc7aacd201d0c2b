"""Overview: the period in seven numbers, who earned the conversions day by day, and what moved most."""

import streamlit as st

from app import behind, components, findings, formats, navigation, queries, shown
from app.cards import metric_cards
from app.charts import credit_over_time
from pipelines.attribution import MODELS

CARDS = ("conversions", "revenue", "spend", "attributed_share", "paid_cpa", "blended_cpa", "roas")

filters = components.filters()
asked = {**filters.credit(), **filters.compared()}

by_day = queries.answer("credit_by_day", **filters.credit(), by="channel")
if by_day.rows.empty:
    components.stop_if_empty(queries.answer("overview", **asked), "results")

# The chart comes first in time, the cards above it first in place: what takes longest to answer is waited for last.
head = st.container()
left, right = st.columns([2.1, 1], gap="medium")
with left.container(border=True):
    st.markdown("**Which channels earned the conversions, day by day?**")
    additive = MODELS[filters.model].additive
    daily = shown.largest(by_day.rows, "channel", "attributed_conversions", 8, filters.shown["channel"], additive)
    if daily.empty:
        st.caption("No conversion of this period is attributed.")
    else:
        colours = components.colours("channel", daily)
        unit = "Attributed conversions"
        theme = components.theme()
        figure = credit_over_time(
            daily, "channel", "attributed_conversions", unit, colours, theme, filters.bounds(), summed=additive
        )
        components.chart(figure, "credit over time", "Attributed conversions by channel and day")
        behind.link("See the conversions")

with right.container(border=True):
    st.markdown("**What moved most?**")
    movers = queries.answer("movers", **asked, by="channel")
    for row in movers.rows.to_dict("records"):
        arrow = ":material/trending_up:" if row["difference"] > 0 else ":material/trending_down:"
        st.markdown(f"{arrow} {formats.plain(row['sentence'])}")
    if movers.rows.empty:
        why = f"{filters.uncompared}." if filters.uncompared else "There is no period to compare with."
        st.caption("Nothing moved." if filters.comparison else why)

with head:
    overview = queries.answer("overview", **asked)
    components.mark_stale(overview)
    components.kpi_row(metric_cards(overview.rows, CARDS, filters.currency, explained=False), columns=7, narrowest=112)
    components.finding(findings.overview_finding(overview.rows), filters)
    components.about_model(overview)

st.caption(
    "Paid CPA: spend over the conversions credited to what has spend. Blended CPA: spend over all conversions. "
    "ROAS: all attributed revenue over spend. Attributed: the share of conversions that a touchpoint earned."
)
components.notes(overview, by_day, movers, untouched=navigation.untouched(__file__, "channel"))
