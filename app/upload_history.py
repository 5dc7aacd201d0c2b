"""What was uploaded: uploads under way, the history with its undo, and the names that found no match."""

from typing import Any

import pandas as pd
import streamlit as st

from app import formats, queries, tables
from app.components import error_panel
from app.resources import settings, stores
from pipelines.errors import TouchlineError
from pipelines.ingest import history
from pipelines.ingest.load import assign_alias
from pipelines.sources import SOURCES

LATEST = 6
MOST_NAMES = 6


def follow() -> None:
    """While uploads are under way, look every second how they go; say how the one of this session ended."""
    if _pending(queries.answer("uploads").rows).empty:
        _ended()
    else:
        _watch()


@st.fragment(run_every="1s")
def _watch() -> None:
    pending = _pending(queries.answer("uploads").rows)
    if pending.empty:
        st.rerun()
    for name in pending["file_name"]:
        st.info(f"Storing {formats.plain(name)} … You may close this page: it goes on.", icon="spinner")


def _pending(uploads: pd.DataFrame) -> pd.DataFrame:
    return uploads[uploads["status"] == "pending"]


def _ended() -> None:
    """How the upload that this session began has ended, once."""
    upload_id = st.session_state.pop("following", None)
    if upload_id is None:
        return
    upload = history.get_upload(stores(), upload_id)
    if upload["status"] == "failed":
        st.error(
            f"**{formats.plain(upload['file_name'])} was not stored.** {formats.plain(upload['error'])}",
            icon=":material/error:",
        )
        return
    counts = " · ".join(
        f"{formats.number(upload[f'rows_{kind}'])} {kind}" for kind in ("new", "replaced", "unchanged", "refused")
    )
    cleared = " The demo data was cleared." if upload["clears_demo"] else ""
    st.success(
        f"**{formats.plain(upload['file_name'])} is stored:** {counts}.{cleared}", icon=":material/check_circle:"
    )


def show_history() -> None:
    """The latest uploads with an undo each, and all of them in a table."""
    uploads = queries.answer("uploads").rows
    st.subheader("History", anchor=False)
    if uploads.empty:
        st.caption("Nothing was uploaded yet.")
        return
    for upload in uploads.head(LATEST).to_dict("records"):
        _upload(upload)
    with st.expander(f"All uploads ({formats.number(len(uploads))})"):
        columns = {
            "started_at": st.column_config.DatetimeColumn("When", format="D MMM YYYY, HH:mm"),
            "uploaded_by": tables.text("Who"),
            "source": tables.text("Source"),
            "file_name": tables.text("File"),
            "status": tables.text("Status"),
            "rows_new": tables.count("New"),
            "rows_replaced": tables.count("Replaced"),
            "rows_unchanged": tables.count("Unchanged"),
            "rows_refused": tables.count("Refused"),
            "first_day": tables.text("From"),
            "last_day": tables.text("To"),
            "undone_at": st.column_config.DatetimeColumn("Undone", format="D MMM YYYY, HH:mm"),
            "undone_by": tables.text("Undone by"),
            "error": tables.text("Error"),
        }
        tables.table(uploads, columns, "uploads")


def _upload(upload: dict[str, Any]) -> None:
    undone = formats.known(upload["undone_at"])
    badge = {
        "pending": ":blue-badge[under way]",
        "failed": ":red-badge[not stored]",
    }.get(upload["status"], ":gray-badge[undone]" if undone else ":green-badge[stored]")
    demo = " :orange-badge[demo]" if upload["demo"] else ""
    counts = " · ".join(f"{formats.number(upload[f'rows_{kind}'])} {kind}" for kind in ("new", "replaced", "refused"))
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"**{formats.plain(upload['file_name'])}** {badge}{demo}  \n:gray[{SOURCES[upload['source']].title} · {counts} · "
            f"{formats.plain(upload['uploaded_by'])}, {formats.moment(upload['started_at'])}]",
            width="stretch",
        )
        if upload["status"] == "committed" and not undone:
            with st.popover("Undo", type="tertiary", icon=":material/undo:"):
                st.markdown("Takes the rows of this file out of all pages. What it had replaced holds again.")
                st.button(
                    "Undo this upload", key=f"undo {upload['upload_id']}", on_click=_undo, args=(upload["upload_id"],)
                )


def _undo(upload_id: str) -> None:
    try:
        history.undo(stores(), upload_id, settings().user)
        st.toast("The upload was undone.", icon=":material/undo:")
    except TouchlineError as error:
        error_panel(error)


def show_unmatched() -> None:
    """Names that no other source knows, the weightiest first, each with an alias to assign in one step."""
    names = queries.answer("unmatched_names").rows
    if names.empty:
        return
    st.subheader("Names that match nothing", anchor=False)
    st.caption("They are counted, but not joined. Say which name they mean, and all pages join them.")
    for place, name in enumerate(names.head(MOST_NAMES).to_dict("records")):
        _name(place, name)
    if len(names) > MOST_NAMES:
        with st.expander(f"All names ({formats.number(len(names))})"):
            columns = {
                "kind": tables.text("Kind"),
                "name": tables.text("Name"),
                "found_in": tables.text("Found in"),
                "missing_from": tables.text("Missing from"),
                "weight": tables.count("Weight"),
                "weight_unit": tables.text("Weight is"),
                "suggestion": tables.text("Looks like"),
            }
            tables.table(names, columns, "names without a match")


def _name(place: int, name: dict[str, Any]) -> None:
    known = [other for other in queries.choices().of(name["kind"]) if other != name["name"]]
    weight = (
        formats.money(name["weight"], settings().reporting_currency, 0)
        if name["weight_unit"] == "spend"
        else formats.counted(name["weight"], "row")
    )
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"{formats.sentence_case(name['kind'])} **{formats.plain(name['name'])}**  \n:gray[{weight} in "
            f"{formats.plain(name['found_in'].replace('_', ' '))}, unknown to {formats.plain(name['missing_from'].replace('_', ' '))}]",
            width="stretch",
        )
        means = st.selectbox(
            f"{name['name']} means",
            known,
            index=known.index(name["suggestion"]) if name["suggestion"] in known else None,
            key=f"alias {place} {name['kind']} {name['name']}",
            placeholder="means …",
            accept_new_options=True,
            label_visibility="collapsed",
            width=190,
        )
        st.button(
            "Assign",
            key=f"assign {place} {name['kind']} {name['name']}",
            disabled=not means,
            on_click=_assign,
            args=(name["kind"], name["name"], means),
        )


def _assign(kind: str, name: str, means: str) -> None:
    try:
        assign_alias(stores(), kind, name, means, settings().user)
        st.toast("The alias is assigned.", icon=":material/link:")
    except TouchlineError as error:
        error_panel(error)
