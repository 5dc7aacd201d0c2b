"""Journeys: the paths that lead to conversions, how long they are and last, and why each conversion was credited as it was."""

import streamlit as st

from app import behind, components, conversions, decision, formats, journey_words, navigation, queries, tables
from app.charts import path_length_bars, steps_flow, time_lag_bars
from app.components import Kpi

SIDES = {"Last five steps": "last", "First five steps": "first"}
STEPS, CHANNELS = 5, 7

filters = components.filters()
theme = components.theme()
asked = filters.credit()

lengths = queries.answer("path_lengths", **asked)
components.stop_if_empty(lengths, "journeys")
view = components.selector("View", behind.VIEWS, key="view")
facts = lengths.facts

if view == behind.VIEWS[0]:
    lags, paths = queries.answer("time_lags", **asked), queries.answer("top_paths", **asked)
    earlier = filters.credit_before()
    before = queries.answer("path_lengths", **earlier).facts if earlier else {}
    components.kpi_row(
        [
            Kpi(
                "Median touches",
                journey_words.touches(facts["median_touches"]),
                help="Half of the conversions came with so many touches or fewer within the look-back window.",
            ),
            Kpi(
                "Median days",
                journey_words.days(lags.facts["median_days"]),
                help="Whole days of 24 hours from the first touch within the look-back window to the conversion.",
            ),
            Kpi(
                "One-touch share",
                formats.percent(facts["one_touch_share"]),
                formats.points_between(facts["one_touch_share"], before.get("one_touch_share")),
                "neither",
                "Share of the attributed conversions whose journey is a single touch.",
            ),
            Kpi(
                "Conversion rate",
                formats.percent(facts["rate"]),
                formats.points_between(facts["rate"], before.get("rate")),
                "more",
                "Conversions with a touch, over all journeys: those and the ones that have not led to a conversion.",
            ),
        ]
    )
    components.finding(journey_words.finding(facts, lags.facts, paths.rows), filters)

    left, right = st.columns([1.25, 1], gap="small")
    with left.container(border=True):
        st.markdown("**Which paths lead to conversions?**")
        columns = {
            "path": tables.text("Path", pinned=True, width=196),
            "conversions": tables.count("Conversions", width=84),
            "rate": tables.share("Rate", width=60, help="Conversions over all journeys with exactly this path."),
            "journeys": tables.count("Journeys", width=70),
            "revenue": tables.money("Revenue", filters.currency, 0, width=80),
            "average_days": tables.count(
                "Days", 1, width=50, help="Average days from the first touch to the conversion."
            ),
        }
        tables.table(paths.rows, columns, "top paths", most=18)
        st.caption(journey_words.other_paths(paths.facts, len(paths.rows)))
    with right.container(border=True):
        st.markdown("**How many touches does it take?** Above each bar: conversion rate.")
        components.chart(path_length_bars(lengths.rows, theme), "lengths", "Conversions by number of touches")
    with right.container(border=True):
        st.markdown("**How long does it take?** Above each bar: converted by then.")
        if lags.rows.empty:
            st.caption("No conversion of this period has a touch.")
        else:
            components.chart(time_lag_bars(lags.rows, theme), "lags", "Conversions by days since the first touch")

    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**Which step follows which?** Wide bands: many journeys. Green: conversion, pale grey: none.")
            side = SIDES[components.selector("Steps", list(SIDES), key="side")]
        flow = queries.answer("steps", **asked, side=side, steps=STEPS, most=CHANNELS)
        colours = components.colours("channel", flow.rows.rename(columns={"from": "channel"}))
        figure = steps_flow(flow.rows, side == "last", colours, theme)
        components.chart(figure, "steps", f"The {side} {STEPS} steps of journeys, as bands from channel to channel")
    answers = [lengths, lags, paths, flow]
else:
    left, right = st.columns([1.05, 1.4], gap="small")
    with left.container(border=True):
        listed = conversions.conversions(filters)
    answers = [listed]
    with right.container(border=True):
        wanted = conversions.asked_conversion()
        if not wanted:
            st.caption(
                "Pick a conversion in the list, or type its id, to see which touches it was credited to and why."
            )
        else:
            answers.append(found := conversions.trace_of(filters, wanted))
            if found.facts["conversion"] is None:
                st.markdown(
                    f":material/search_off: There is no conversion “{formats.plain(formats.short(wanted, 60))}”."
                )
            else:
                decision.trace(found, filters)

of_view = {"comparison"} if view == behind.VIEWS[1] else set()
untouched = {*navigation.untouched(__file__, ""), *of_view} - ({"model"} if of_view else set())
components.notes(*answers, untouched=sorted(untouched))
