"""Upload: bring a file, see what would happen, store it; the history with its undo; names that match nothing."""

import streamlit as st

from app import components, file_preview, upload_history
from pipelines.errors import TouchlineError
from pipelines.sources import SOURCES

TITLES = {file_preview.FIND_OUT: None, **{source.title: source.name for source in SOURCES.values()}}

upload_history.follow()

with st.container(border=True):
    left, right = st.columns([1, 2], gap="medium")
    title = left.selectbox("What is in the file?", list(TITLES), key="source")
    chosen = TITLES[title]
    if chosen:
        needed = ", ".join(field.name for field in SOURCES[chosen].fields if field.required)
        left.caption(f"{SOURCES[chosen].help} Needed columns: {needed}.")
    file = right.file_uploader(
        "CSV file", type=["csv", "tsv", "txt"], key=f"file {st.session_state.get('file round', 0)}"
    )
    try:
        if dropped := file_preview.dropped(chosen, file):
            file_preview.show_preview(dropped)
    except TouchlineError as error:
        components.error_panel(error)

left, right = st.columns(2, gap="medium")
with left:
    upload_history.show_history()
with right:
    upload_history.show_unmatched()
