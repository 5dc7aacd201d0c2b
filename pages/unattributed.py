"""Unattributed: conversions that no touchpoint earned, over time, by type and by reason."""

import streamlit as st

from app import behind, components, findings, formats, navigation, queries, recovery, tables
from app.charts import reasons_bars, type_bars, unattributed_over_time
from app.components import Kpi

filters = components.filters()
theme = components.theme()

unattributed = queries.answer("unattributed", **filters.credit())
daily = queries.answer("unattributed_by_day", **filters.credit())
components.stop_if_empty(daily, "conversions")
facts = unattributed.facts

earlier = filters.credit_before()
before = queries.answer("unattributed", **earlier).facts if earlier else {}

components.kpi_row(
    [
        Kpi(
            "Unattributed",
            formats.percent(facts["share"]),
            formats.points_between(facts["share"], before.get("share")),
            "less",
            "Share of the period's conversions that no touchpoint earned.",
        ),
        Kpi(
            "Unattributed conversions",
            formats.number(facts["unattributed_conversions"]),
            formats.change_between(facts["unattributed_conversions"], before.get("unattributed_conversions")),
            "less",
        ),
        Kpi(
            "Conversions",
            formats.number(facts["conversions"]),
            formats.change_between(facts["conversions"], before.get("conversions")),
        ),
    ],
    columns=3,
)
components.finding(findings.unattributed_finding(unattributed.rows, facts), filters)

left, right = st.columns([2.1, 1], gap="medium")
with left.container(border=True):
    st.markdown("**When was credit lost?** Unattributed share of each day's conversions.")
    by_day = daily.rows.groupby("day", as_index=False)[["conversions", "unattributed"]].sum()
    stale = facts["stale_days"]
    trend = unattributed_over_time(by_day, facts["share"], theme, filters.bounds(), stale)
    components.chart(trend, "rate", "Unattributed share by day")
    if stale:
        days = formats.listed([formats.day(day) for day in stale], most=4)
        st.caption(
            f":material/cloud_off: Shaded: no touchpoint arrived on {days}; what is unattributed then may be lost data."
        )
with right.container(border=True):
    st.markdown("**Which conversions lose it?**")
    all_types = queries.answer("unattributed_by_day", **{**filters.credit(), "conversion_type": None})
    by_type = all_types.rows.groupby("type", as_index=False)[["conversions", "unattributed"]].sum()
    components.chart(type_bars(by_type, theme), "types", "Unattributed share by conversion type")

with st.container(border=True):
    st.markdown("**Why, and what to do about it?**")
    if unattributed.rows.empty:
        st.caption("Every conversion of this period is attributed.")
    else:
        titles = {reason: title for reason, (title, _) in findings.REASONS.items()}
        rows = unattributed.rows.sort_values("conversions", ascending=False)
        components.chart(reasons_bars(rows, titles, theme), "reasons", "Unattributed conversions by reason")
        for row in rows.to_dict("records"):
            title, remedy = findings.REASONS[row["reason"]]
            worth = f"{formats.number(row['conversions'])} worth {formats.money(row['revenue'], filters.currency, 0)}"
            st.markdown(f"**{title}** · {worth}. {remedy}")
            behind.link("See these conversions", reason=row["reason"])
            if row["on_stale_days"] > 0:
                st.caption(
                    f":material/cloud_off: {formats.number(row['on_stale_days'])} of them on days without any touchpoint."
                )
        tables.download(rows, "unattributed")

asked = [unattributed, daily]
reasons = list(unattributed.rows["reason"])
with st.container(border=True):
    curve = queries.answer("window_curve", **filters.credit())
    recovery.windows(curve.rows, curve.facts, filters.lookback_days)
    asked.append(curve)
if "no_touchpoint" in reasons:
    with st.container(border=True):
        people = queries.answer("unmatched_people", **filters.credit())
        recovery.people(people.rows, people.facts, filters.currency)
        asked.append(people)
if reasons:
    with st.container(border=True):
        recovery.conversions(filters, reasons)

components.notes(*asked, untouched=navigation.untouched(__file__, ""))
