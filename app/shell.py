"""What stands above every page: its title, the filter bar, Refresh and freshness, whether it lags behind, and the demo banner."""

import streamlit as st

from app import filter_bar, formats, queries, resources
from app.components import error_panel
from app.navigation import MenuEntry
from app.upload import follow
from pipelines.errors import TouchlineError
from pipelines.ingest.demo import clear_demo


def head(entry: MenuEntry) -> None:
    """The title and the filter bar; what is chosen goes to the page as `components.filters()`."""
    st.title(entry.title, anchor=False)
    if st.session_state.get("page") not in (None, entry.title):
        follow.forget_ended()
    filter_bar.keep_in_address(entry.title)
    choices = queries.choices()
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        filters, problems = filter_bar.filter_bar(choices, entry.question, resources.settings().longest_lookback_days)
        st.button("Refresh", type="tertiary", on_click=queries.refresh, help="Read the data again, now.")
        _freshness()
    st.session_state["filters"] = filters
    if done := st.session_state.pop("done", None):
        st.toast(done, icon=":material/check_circle:")
    if problems:
        st.caption(f":material/info: {' '.join(problems)}")
    if not entry.uses:
        st.caption("The filters do not change this page; they are kept for the others.")
    elif queries.journeys_lag_behind():
        _follow_the_build()


@st.fragment(run_every="2s")
def _follow_the_build() -> None:
    """Where a page is drawn between an upload and the build of its journeys, draw it again when these are there."""
    if queries.moved_on():
        st.rerun()
    st.caption(
        ":material/hourglass_top: This page is drawn again by itself once the newest uploads are joined. If that takes more than a few "
        "minutes, `python -m pipelines journeys` joins them and says what is in the way."
    )


def _freshness() -> None:
    with st.popover(":material/schedule:", help="How old the data is, source by source."):
        rows = queries.answer("freshness").rows
        if rows.empty:
            st.markdown("Nothing has been uploaded yet.")
            return
        for row in rows.to_dict("records"):
            dated = f"to {formats.day(row['last_day'])}" if formats.known(row["last_day"]) else "not dated"
            st.markdown(
                f"**{formats.plain(row['title'])}** · {dated}  \n"
                f":gray[{formats.counted(row['rows'], 'row')}, last upload {formats.ago(row['last_upload_at'])}]"
            )


def demo_banner() -> None:
    """While the demo data is in, say so on every page and offer to clear it; where it was cleared, say what takes it out."""
    options = queries.answer("options")
    if not options.demo:
        return
    if not options.facts["demo_stands"]:
        leaves = follow.awaited("Rows of it are in the numbers until the next run takes them out")
        st.markdown(f":orange-badge[:material/science: Demo data] {leaves}")
        return
    lands = resources.stores().lake.lands_uploads
    leave = "its rows leave the pages with the next run" if lands else "every demo row leaves all pages"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(
            ":orange-badge[:material/science: Demo data] All numbers are made up.",
            width="content",
        )
        with st.popover("Clear demo data", type="tertiary"):
            st.markdown(f"Your first own upload clears the demo, or you do it now: {leave}.")
            st.button("Clear it now", on_click=_clear_demo, icon=":material/delete:")


def _clear_demo() -> None:
    try:
        clear_demo(resources.stores(), resources.settings().user)
        st.session_state["done"] = follow.demo_cleared(queries.answer("uploads").rows)
    except TouchlineError as error:
        error_panel(error)
