"""Channel credit: who earned the conversions under the chosen model, and what a second model would say."""

import streamlit as st

from app import behind, components, findings, formats, navigation, queries, results, shown, tables
from app.charts import comparison_bars, credit_over_time, position_map
from pipelines.attribution import MODELS

GRAINS = {
    "Channels": "channel",
    "Campaigns": "campaign",
    "Platforms": "platform",
    "Accounts": "account",
    "Creatives": "creative",
    "Posts": "post",
    "Touchpoint kinds": "kind",
}
MEASURES = {"Conversions": "attributed_conversions", "Revenue": "attributed_revenue"}
SECOND = {**{model.title: key for key, model in MODELS.items()}, "No second model": None}

filters = components.filters()
with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
    by = GRAINS[components.dropdown("Credit by", list(GRAINS), key="credit_by")]
    other = SECOND[components.dropdown("Second model", list(SECOND), key="second_model", default="Last touch")]
    measure = components.selector("Measure", list(MEASURES), key="measure")
value = MEASURES[measure]

credit = queries.answer("channel_credit", **filters.credit(), by=by)
components.stop_if_empty(credit, "credit")
names = filters.shown.get(by, ())
additive = MODELS[filters.model].additive
summed = additive and (other is None or MODELS[other].additive)
whole = None if additive else credit.facts[value]
rows = results.with_share(shown.picked(credit.rows, by, names, summed), value, whole)
title, other_title = MODELS[filters.model].title, MODELS[other].title if other else ""
models = [credit]
if other:
    second = queries.answer("channel_credit", **filters.credit_under(other), by=by)
    rows = shown.beside(rows, shown.picked(second.rows, by, names, summed), by, value)
    models.append(second)
components.finding(findings.credit_finding(rows, by, value, title, other_title, whole), filters, compared=False)
components.about_model(*models)

unit = f"Attributed {measure.lower()}" + (
    f", {formats.currency_sign(filters.currency)}" if measure == "Revenue" else ""
)
colours = components.colours(by, credit.rows)
left, right = st.columns([0.8, 1.2], gap="small")
with left.container(border=True):
    legend = f"Bars: {title}." + (f" Tick marks: {other_title}." if other_title else "")
    st.markdown(f"**Who earns how much?** {legend}")
    bars = shown.heaviest(rows, by, value, 12, summed)
    figure = comparison_bars(
        bars, by, value, other and "other", (title, other_title), unit, colours, components.theme()
    )
    picked = components.pickable_chart(figure, f"credit bars {by}", f"{unit} by {by} under {title}")
    behind.link_to_name(by, picked)
with right.container(border=True):
    st.markdown(f"**Every {by} in numbers**, {filters.described()}")
    columns = {
        by: tables.text(by.capitalize(), pinned=True, width=104),
        "attributed_conversions": tables.count("Conversions", 1, width=84),
        "attributed_revenue": tables.money("Revenue", filters.currency, 0, width=72),
        "share": tables.share(
            f"Of {measure.lower()}",
            width=80,
            help=f"Share of all attributed {measure.lower()}."
            + ("" if additive else " Together they may exceed 100 %."),
        ),
    }
    if other:
        number = (
            tables.money(other_title, filters.currency, 0, width=82)
            if measure == "Revenue"
            else tables.count(other_title, 1, width=82)
        )
        columns |= {"other": number, "change": tables.share("Change", width=66)}
    tables.table(rows, columns, f"credit by {by} {title.lower()} {filters.lookback_days:g} days")

if filters.model == "ordered_shapley":
    with st.container(border=True):
        st.markdown(f"**Where in the journey?** {unit} by the position at which a {by} stood.")
        positions = queries.answer("ordered_credit", **filters.credit(), by=by)
        placed = shown.named(positions.rows, by)
        placed = placed[placed[by].isin(names)] if names else placed
        components.chart(position_map(placed, by, value, components.theme()), "positions", f"{unit} by position")
        tables.download(placed, f"credit by {by} and position")

with st.container(border=True):
    apart = "" if additive else f" A line a {by}: they are not summed."
    st.markdown(f"**How did it develop?** {unit} over time under {title}.{apart}")
    by_day = queries.answer("credit_by_day", **filters.credit(), by=by)
    daily = shown.largest(by_day.rows, by, value, 8, names, additive)
    to_come = None
    if filters.options.by_touch_date and additive:
        completion = queries.answer("credit_completion", **filters.credit())
        to_come = dict(zip(completion.rows["touch_day"], completion.rows["completion"], strict=True))
        if said := findings.completion_finding(completion.facts, MODELS[completion.facts["model"]].title, title):
            st.caption(f":material/hourglass_top: {said}")
    theme = components.theme()
    trend = credit_over_time(daily, by, value, unit, colours, theme, filters.bounds(), summed=additive, to_come=to_come)
    components.chart(trend, "credit trend", f"{unit} by day")

components.notes(credit, by_day, untouched=navigation.untouched(__file__, by))
