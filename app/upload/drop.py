"""Where files are dropped, and what can be dropped there."""

import streamlit as st

from app import formats
from app.components import calm
from app.upload import files, readings
from pipelines.sources import SOURCES
from pipelines.sources.exports import EXPORTS

TYPES = ("csv", "tsv", "txt", "gz", "zip", "xlsx")


def drop_zone() -> None:
    """The field that takes files. What was dropped moves to the list below, so that the field is free for more."""
    st.file_uploader(
        "Drop the files that your tools exported, as they are",
        TYPES,
        accept_multiple_files=True,
        key=_key(),
        on_change=_dropped,
    )
    if not files.listed():
        _what_can_be_dropped()


def _key() -> str:
    return f"drop {st.session_state.get('drop turn', 0)}"


def _dropped() -> None:
    """Called before the page is drawn: by then the files are being read."""
    with calm():
        files.take_in(st.session_state[_key()])
        readings.begin()
    st.session_state["drop turn"] = st.session_state.get("drop turn", 0) + 1


def _what_can_be_dropped() -> None:
    with st.popover("What can I drop?", type="tertiary", icon=":material/help:"):
        st.markdown(
            "Any table with these columns, and the exports of these tools just as they come. Nothing is stored before you say so."
        )
        for source in SOURCES.values():
            tools = formats.listed(
                [export.title for export in EXPORTS.values() if export.source == source.name], most=20
            )
            needed = formats.listed([field.name.replace("_", " ") for field in source.fields if field.required], most=8)
            known = f" {tools}." if tools else ""
            st.markdown(
                f"**{source.title}**{':' if tools else ''}{known}  \n:small[:gray[{source.help} It needs {needed}.]]"
            )
