"""The history: what was uploaded, by whom, what became of it, and what can still be done about it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from app import formats, queries, tables
from app.components import error_panel
from app.resources import local_moment, settings, stores
from app.upload import files, refused
from app.upload.follow import counts
from pipelines.errors import TouchlineError
from pipelines.ingest import REFUSED_SCHEMA, history, raw
from pipelines.sources import SOURCES
from pipelines.sources.exports import EXPORTS

LATEST = 6
WIDTHS = (4.4, 3, 2.8, 2.2, 1.5)

STANDING = ("committed", "landed")
"""Of uploads that count."""

_BADGES = {
    "pending": ("blue", ":material/upload:", "under way"),
    "failed": ("red", ":material/error:", "not stored"),
    "committed": ("green", ":material/done_all:", "stored"),
    "landed": ("blue", ":material/schedule:", "awaits the next run"),
    "leaving": ("gray", ":material/schedule:", "goes with the next run"),
    "undone": ("gray", ":material/undo:", "undone"),
    "replaced": ("gray", ":material/replay:", "read again"),
}


def show_history() -> None:
    """The latest uploads with what can be done about each, and all of them in a table."""
    uploads = queries.answer("uploads").rows
    st.subheader("History", anchor=False)
    if uploads.empty:
        st.caption("Nothing was uploaded yet.")
        return
    with st.container(border=True, gap="xsmall"):
        for upload in uploads.head(LATEST).to_dict("records"):
            _upload(upload)
    st.caption(f"Times are in {settings().reporting_time_zone}.")
    if len(uploads) > LATEST:
        with st.expander(f"All uploads ({formats.number(len(uploads))})"):
            _all(uploads)


def _all(uploads: pd.DataFrame) -> None:
    moment: dict[str, Any] = {"format": "D MMM YYYY, HH:mm", "timezone": settings().reporting_time_zone}
    columns = {
        "started_at": st.column_config.DatetimeColumn("When", **moment),
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
        "undone_at": st.column_config.DatetimeColumn("Undone", **moment),
        "undone_by": tables.text("Undone by"),
        "error": tables.text("Error"),
    }
    titles = {source.name: source.title for source in SOURCES.values()}
    tables.table(uploads.assign(source=uploads["source"].map(titles)), columns, "uploads")
    older = uploads.iloc[LATEST:]
    labels = {
        row["upload_id"]: f"{row['file_name']} · {local_moment(row['started_at'])}" for row in older.to_dict("records")
    }
    picked = st.selectbox(
        "Undo, download or read again an older upload",
        list(labels),
        index=None,
        format_func=labels.__getitem__,
        key="older upload",
        placeholder="Choose an upload",
    )
    for upload in older[older["upload_id"] == picked].to_dict("records"):
        _upload(upload)


def _upload(upload: dict[str, Any]) -> None:
    colour, icon, badge = _BADGES[upload["status"]]
    demo = " :orange-badge[demo]" if upload["demo"] else ""
    days = formats.period(*map(_day, (upload["first_day"], upload["last_day"]))) if upload["first_day"] else ""
    columns = st.columns(WIDTHS, vertical_alignment="center", gap="small")
    title = SOURCES[upload["source"]].title
    if upload["export"] in EXPORTS:
        title = f"{EXPORTS[upload['export']].title} · {title}"
    columns[0].markdown(
        f"**{formats.plain(formats.short(upload['file_name'], 40))}**  \n:small[:gray[{title}{days and f' · {days}'}]]"
    )
    became = formats.counted(upload["rows_read"], "row") if upload["status"] == "pending" else counts(upload)
    columns[1].markdown(f":small[{became}]")
    columns[2].markdown(f":small[:gray[{formats.plain(upload['uploaded_by'])}, {local_moment(upload['started_at'])}]]")
    columns[3].markdown(f":{colour}-badge[{icon} {badge}]{demo}")
    with columns[4].container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        if upload["status"] in STANDING:
            _undo_button(upload)
        _more(upload)
    if upload["status"] == "failed" and upload["error"]:
        st.caption(formats.plain(upload["error"]))


def _day(text: str) -> Any:
    return pd.Timestamp(text).date()


def _undo_button(upload: Mapping[str, Any]) -> None:
    with st.popover("Undo", type="tertiary", width="content"):
        st.markdown("Takes the rows of this file out of all pages. What it had replaced holds again.")
        st.button(
            "Undo this upload",
            key=f"undo {upload['upload_id']}",
            on_click=_undo,
            args=(upload["upload_id"], upload["file_name"]),
        )


def _more(upload: Mapping[str, Any]) -> None:
    """What was counted, the original, its refused rows, and reading it again."""
    upload_id = upload["upload_id"]
    with st.popover(
        "", icon=":material/more_horiz:", type="tertiary", help="What was counted, the original file, read again"
    ):
        st.markdown(_counted(upload))
        st.download_button(
            "Download the original file",
            lambda: raw.content(stores(), upload_id),
            file_name=upload["file_name"],
            mime="application/octet-stream",
            icon=":material/download:",
            key=f"original {upload_id}",
            on_click="ignore",
            type="tertiary",
        )
        if upload["rows_refused"]:
            _refused(upload)
        if upload["status"] in STANDING:
            st.button(
                "Read it again",
                key=f"read again {upload_id}",
                icon=":material/replay:",
                type="tertiary",
                help="Opens its preview, where columns, dates and numbers can be corrected. Stored again, it takes the place of this upload.",
                on_click=_read_again,
                args=(upload_id,),
            )


def _counted(upload: Mapping[str, Any]) -> str:
    """Every row of the file, in a sentence."""
    said = (
        f"{formats.number(upload['rows_accepted'])} accepted + {formats.number(upload['rows_refused'])} refused + "
        f"{formats.counted(upload['rows_totals'], 'total')} = {formats.counted(upload['rows_read'], 'row')} in the file."
    )
    if upload["rows_removed"]:
        said += f" {formats.counted(upload['rows_removed'], 'row')} on record that it lacked were removed."
    if formats.known(upload["undone_at"]):
        said += f" Undone by {formats.plain(upload['undone_by'])} on {local_moment(upload['undone_at'])}."
    return said


def _refused(upload: Mapping[str, Any]) -> None:
    upload_id = upload["upload_id"]

    def lines() -> pa.Table:
        found = stores().warehouse.frame("refused", upload_id=upload_id)
        return pa.Table.from_pandas(found, REFUSED_SCHEMA, preserve_index=False)

    refused.save_button(
        upload["file_name"],
        upload["source"],
        upload["rows_refused"],
        lambda: raw.content(stores(), upload_id),
        lines,
        history.get_upload(stores(), upload_id)["said_mapping"].values(),
    )


def _undo(upload_id: str, file_name: str) -> None:
    try:
        history.undo(stores(), upload_id, settings().user)
        st.session_state["done"] = f"{formats.plain(file_name)} was undone."
    except TouchlineError as error:
        error_panel(error)


def _read_again(upload_id: str) -> None:
    """Put the kept bytes on the list of files, to be previewed like a dropped one."""
    try:
        files.take_out_of_history(history.get_upload(stores(), upload_id), raw.content(stores(), upload_id))
    except TouchlineError as error:
        error_panel(error)
