"""How files with certain columns are read: what people asked to be remembered, and how it is forgotten."""

import streamlit as st

from app import formats
from app.components import error_panel
from app.resources import local_moment, settings, stores
from app.upload.columns import title_of
from pipelines.errors import TouchlineError
from pipelines.ingest import remembered
from pipelines.ingest.remembered import Remembered
from pipelines.sources import SOURCES


def show_remembered() -> None:
    """What is remembered, one line a header, each with a way to forget it."""
    known = remembered.listed(stores())
    if not known:
        return
    with st.expander(f"Remembered columns ({len(known)})", icon=":material/bookmark:"):
        st.caption(
            "Files with these columns are read as somebody said once. Forget it, and they are read like any other."
        )
        for entry in known:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{SOURCES[entry.source].title}** {said(entry)}", width="stretch")
                st.button("Forget", key=f"forget {entry.id}", type="tertiary", on_click=_forget, args=(entry,))


def said(entry: Remembered) -> str:
    """What is remembered, in words: fields and their columns, by whom and since when."""
    source = SOURCES[entry.source]
    named = [
        f"{title_of(source.field(field))} from {formats.plain(column)}"
        for field, column in entry.mapping.items()
        if column
    ]
    named += [f"{title_of(source.field(field))} is {formats.plain(value)}" for field, value in entry.fixed.items()]
    return f"{formats.listed(named, most=8)}  \n:small[:gray[{formats.plain(entry.saved_by)}, {local_moment(entry.saved_at)}]]"


def _forget(entry: Remembered) -> None:
    try:
        remembered.forget(stores(), entry.id, settings().user)
        st.session_state["done"] = "It is forgotten: files with these columns are read like any other."
    except TouchlineError as error:
        error_panel(error)
