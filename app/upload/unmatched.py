"""The way to the names that met nothing, for those who have just stored a file."""

import streamlit as st

from app import formats, queries
from app.navigation import PAGES


def link_to_names() -> None:
    """A link to the Names page that says how many names are counted, but not joined."""
    if count := len(queries.answer("unmatched_names").rows):
        label = f"{formats.counted(count, 'name matches', 'names match')} nothing in another source yet"
        st.page_link(PAGES / "names.py", label=label, icon=":material/join:")
