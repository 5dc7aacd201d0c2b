"""Compare: what each model would say, how sure that is, and whom the choice of a model moves."""

import streamlit as st

from app import compared, components, formats, navigation, queries, tables
from app.charts import interval_chart, models_range
from app.shown import named, nameless
from pipelines.attribution import MODELS
from pipelines.questions.intervals import BOUNDS

GRAINS = {
    "Channels": "channel",
    "Campaigns": "campaign",
    "Platforms": "platform",
    "Accounts": "account",
    "Creatives": "creative",
    "Posts": "post",
    "Touchpoint kinds": "kind",
}
MEASURES = {"Conversions": "conversions", "Revenue": "revenue"}
MOST = 12

filters = components.filters()
theme = components.theme()
with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
    by = GRAINS[components.dropdown("Compare", list(GRAINS), key="compare_by")]
    measure = MEASURES[components.selector("Measure", list(MEASURES), key="compare_measure")]
value, money = f"attributed_{measure}", filters.currency if measure == "revenue" else None
unit = f"Attributed {measure}" + (f", {formats.currency_sign(money)}" if money else "")
asked = {**filters.credit(), "by": by}

models = queries.answer("model_comparison", **asked, measure=measure)
components.stop_if_empty(models, "credit")
intervals = queries.answer("credit_intervals", **asked, measure=measure)
rows, sure = named(models.rows, by), named(intervals.rows, by)
title = MODELS[filters.model].title
components.finding(compared.finding(rows, sure, by, value, filters.model, money), filters, compared=False)
components.about_model(intervals)

top = sure.head(MOST)
some = f" The {MOST} largest of {len(sure)}." if len(sure) > MOST else ""
left, right = st.columns(2, gap="small")
with left.container(border=True):
    st.markdown(f"**What does each model say?** A dot a model, {title} large.{some}")
    dots = compared.drawn(rows, by, top[by], filters.model)
    figure = models_range(dots, by, value, compared.kinds(filters.model), compared.TITLES, unit, theme)
    components.chart(figure, "models", f"{unit} of each {by} under every model")
with right.container(border=True):
    known = sure["tier"].notna().any()
    st.markdown(
        f"**How sure is {title}?** "
        + ("On one band: not distinguishable." if known else "It has no intervals: see below why.")
    )
    figure = interval_chart(top, by, value, BOUNDS[value], f"{unit}, with 95 % intervals" if known else unit, theme)
    components.chart(figure, "intervals", f"{unit} of each {by} under {title} with intervals")

with st.container(border=True):
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**Every {by} under every model**, {filters.described()}", width="content")
        shown = components.selector("Show", ["Numbers", "Against last touch", "Ranks"], key="compare_show")
    wide = compared.side_by_side(rows, by, value, filters.model, shown)
    tables.grid(wide, compared.columns_of(wide, by, shown, money), f"Every {by} under every model")
    arrows = "▲ ▼ places against last touch. " if shown == "Ranks" else ""
    st.caption(f"{arrows}\\* counts a conversion once for each that took part: never sum it.")
    tables.download(rows, f"models by {by}")

left, right = st.columns([1.1, 0.9], gap="small")
with left.container(border=True):
    st.markdown(f"**Intervals in numbers** under {title}")
    columns = {
        by: tables.text(by.capitalize(), pinned=True, width=104 if by == "channel" else 140),
        "tier": tables.count("Tier", width=44, help="Within a tier nobody is distinguishable from its first."),
        value: tables.money("Revenue", money, 0, width=76) if money else tables.count("Conversions", 1, width=84),
        "between": tables.text("between", width=92 if measure == "conversions" else 120),
    }
    if sure["cpa"].notna().any():
        columns |= {
            "cpa": tables.money("Paid CPA", filters.currency, width=72),
            "cpa_between": tables.text("between", width=118),
        }
    tables.grid(compared.in_words(sure, value, money, filters.currency), columns, f"Intervals under {title}", most=14)
    tables.download(sure, f"intervals by {by}")
    st.caption(intervals.facts["people"])
with right.container(border=True):
    st.markdown("**What does the window change?**")
    names = [name for name in sure[by] if name != nameless(by)]
    if names:
        compared.show_windows(names, by, value, {**asked, "measure": measure}, filters.model)

with st.container(border=True):
    st.caption(compared.reconciled(models.facts))
    compared.show_parity(asked)

components.notes(models, intervals, untouched=navigation.untouched(__file__))
