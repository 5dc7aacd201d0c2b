"""One point of the quadrants, opened: what it did day by day and what people said."""

from typing import Any

import streamlit as st

from app import components, formats, queries
from app.charts import point_trend_chart
from app.filters import Filters
from app.resources import local_moment

NEWEST = 20
_ROUND = "point round"
_SENTIMENTS = {
    "positive": ":green-badge[positive]",
    "negative": ":red-badge[negative]",
    "neutral": ":gray-badge[neutral]",
}


def pick_key(widget: str) -> str:
    """The key of a chart or table to pick points from. It changes when a point is closed, which empties the selection."""
    return f"{widget} {st.session_state.get(_ROUND, 0)}"


def open_point(by: str, name: str, advice: str, filters: Filters) -> None:
    """Open a drawer with the point's trend and its newest mentions."""
    st.dialog(formats.plain(name), width="medium", position="right", on_dismiss=_closed)(_point)(
        by, name, advice, filters
    )


def _closed() -> None:
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _point(by: str, name: str, advice: str, filters: Filters) -> None:
    with components.calm():
        st.markdown(f":material/lightbulb: {formats.plain(advice)}")
        days = {"start": filters.credit()["start"], "end": filters.credit()["end"]}
        trend = queries.answer("point_trend", by=by, point=name, **days).rows
        if trend.empty:
            st.caption("Neither reach nor mentions are on record for this period.")
        else:
            figure = point_trend_chart(trend, components.theme(), (days["start"], days["end"]))
            components.chart(figure, "point trend", "Reach and mentions by day")
        mentions = queries.answer("point_mentions", by=by, point=name, limit=NEWEST, **days).rows
        st.markdown(f"**What people said** · {formats.counted(len(mentions), 'mention')} with most engagement")
        if mentions.empty:
            st.caption("No mention of this period is on record.")
        for row in mentions.to_dict("records"):
            _mention(row)


def _mention(row: dict[str, Any]) -> None:
    with st.container(border=True, gap="xsmall"):
        who = " · ".join(str(row[part]) for part in ("author", "platform") if formats.known(row[part]))
        st.markdown(
            f"{_SENTIMENTS.get(str(row['sentiment']), '')} :gray[{local_moment(row['occurred_at'])} · {formats.plain(who)}]"
        )
        st.text(str(row["text"]) if formats.known(row["text"]) else "No text.")
        url = str(row["url"])
        if url.startswith(("https://", "http://")):
            st.link_button("Open", url, type="tertiary", icon=":material/open_in_new:")
