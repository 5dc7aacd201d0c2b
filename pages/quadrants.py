"""Quadrants: reach across, mentions up; what to feed, what to change, what to end, and where a PR problem comes first."""

from typing import Any

import streamlit as st

from app import components, findings, formats, navigation, point, queries, tables
from app.cards import metric_cards, sum_card
from app.charts import quadrant_chart
from app.charts.scale import SCALES

GRAINS = {"Campaigns": "campaign", "Accounts": "account", "Platforms": "platform", "Posts": "post"}
LINES = {"Medians": "median", "Means": "mean", "Own numbers": "own"}
MOST_DRAWN = 400

filters = components.filters()
head = st.container()
left, right = st.columns([1.2, 1], gap="small")
with left.container(border=True):
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        by = GRAINS[components.selector("Points", list(GRAINS), key="points")]
        with st.popover("Axes and lines", icon=":material/tune:"):
            scale = components.selector("Axes", list(SCALES), key="axes", labelled=True)
            how = LINES[components.selector("Threshold lines", list(LINES), key="lines", labelled=True)]
            lines: dict[str, Any] = {"threshold": how}
            if how == "own":
                lines["reach_threshold"] = components.threshold("Reach is high above", key="reach_above")
                lines["mentions_threshold"] = components.threshold("Mentions are high above", key="mentions_above")
    body = st.container()

quadrants = queries.answer("quadrants", **filters.credit(), **lines, by=by)
if quadrants.rows.empty:
    others = [
        title
        for title, grain in GRAINS.items()
        if grain != by and len(queries.answer("quadrants", **filters.credit(), by=grain).rows)
    ]
    if others:
        choose = " or ".join(f"**{title}**" for title in others)
        st.info(
            f"No {by} has reach or mentions in this period, but there are points by other names: choose {choose} above."
        )
        st.stop()
components.stop_if_empty(quadrants, "points")
rows, facts = quadrants.rows, quadrants.facts

names = filters.shown.get(by, ())
shown = rows[rows[by].isin(names)] if names else rows
drawn = shown.sort_values(["mentions", "reach"], ascending=False).head(MOST_DRAWN)
with body:
    st.markdown(
        f"**Which {by}s are seen, and which are talked about?** {'Size: spend. ' if rows['spend'].notna().any() else ''}"
        "Ring: many negative mentions. "
        f"Lines: {how} reach {formats.compact(facts['reach_threshold'])}, mentions {formats.compact(facts['mentions_threshold'])}."
    )
    figure = quadrant_chart(drawn, by, facts, scale, filters.currency, components.theme())
    picked = components.pickable_chart(figure, point.pick_key("quadrants"), f"Reach and mentions of {len(drawn)} {by}s")
    if len(drawn) < len(shown):
        st.caption(f"The {len(drawn)} most mentioned of {formats.number(len(shown))} are drawn; the table has all.")
    components.coverage(by, facts)
with right.container(border=True):
    st.markdown("**What to do**")
    picked = tables.quadrants(shown, by, filters.currency, point.pick_key("actions")) or picked

# The cards stand above the chart but are asked for after it: what takes longest to answer is waited for last.
with head:
    overview = queries.answer("overview", **filters.credit(), **filters.compared())
    before = queries.answer("quadrants", **filters.days_before(), by=by).rows if filters.comparison else rows.iloc[:0]
    before = before[before[by].isin(names)] if names else before
    whose = f" Of the shown {by}s." if names else ""
    reach_said = f"Reach added up over days: not unique people.{whose}"
    mentions_said = f"Counted references, whatever their sentiment.{whose}"
    components.kpi_row(
        [
            sum_card("Summed reach", shown["reach"], before["reach"], reach_said),
            sum_card("Mentions", shown["mentions"], before["mentions"], mentions_said),
            *metric_cards(overview.rows, ["paid_cpa", "attributed_share"], filters.currency),
        ]
    )
    components.finding(findings.quadrants_finding(shown, by), filters)
    components.about_model(quadrants)

if picked:
    point.open_point(by, picked, rows.set_index(by)["advice"].get(picked, ""), filters)

components.notes(quadrants, overview, untouched=navigation.untouched(__file__, by))
