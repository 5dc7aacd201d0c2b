"""From a number to the conversions behind it: links to the page Journeys, and what their address says there.

Invariant: what a link says is read back as the same parameters of `conversions_list`.
"""

from typing import Any

import streamlit as st

from app import formats, navigation
from app.shown import nameless, rest_of

VIEWS = ("Paths", "Single conversions")
SAID = ("by", "name", "unnamed", "reason")
"""What an address may say of the conversions that are wanted. No widget is bound to these."""


def link(label: str, **said: str) -> None:
    """A link to conversions; said: their `by` and `name`, or their `reason`; nothing for all of the period."""
    st.page_link(
        navigation.PAGES / navigation.JOURNEYS,
        label=label,
        icon=":material/search:",
        query_params={"view": VIEWS[1], **said},
    )


def link_to_name(by: str, name: str | None) -> None:
    """A link to what a picked name of a dimension earned from; a hint where nothing is picked or many names stand for one."""
    if name is None:
        st.caption(f"Pick a {by} to get to the conversions behind it.")
    elif name == rest_of(by):
        st.caption(f"{formats.plain(name)} are many: show one of them to get to its conversions.")
    else:
        said = {"unnamed": "yes"} if name == nameless(by) else {"name": name}
        link(f"See the conversions of {formats.plain(formats.short(name))}", by=by, **said)


def wanted() -> dict[str, Any]:
    """The parameters that the address says."""
    return {name: st.query_params[name] for name in SAID if st.query_params.get(name)}


def forget() -> None:
    """Take what the address says of the wanted conversions out of it: all are wanted."""
    for name in SAID:
        if name in st.query_params:
            del st.query_params[name]
