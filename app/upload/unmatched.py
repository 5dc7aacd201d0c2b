"""The way to the names that met nothing, for those who have just stored a file."""

import streamlit as st

from app import formats, queries
from app.navigation import PAGES
from pipelines.errors import TouchlineError


def link_to_names() -> None:
    """A link to the Names page that says how many are counted, but not joined; none where that cannot be told now."""
    try:
        count = len(queries.answer("unmatched_names").rows)
    except TouchlineError:
        return  # that a store does not answer is said above
    if count:
        label = f"{formats.counted(count, 'name')} found no match"
        st.page_link(PAGES / "names.py", label=label, icon=":material/join:")
