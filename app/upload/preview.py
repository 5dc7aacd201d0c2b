"""The preview of one file: how it was read, what is asked, what would happen, and its first rows as they would be stored.

Invariant: nothing is stored before the button is pressed, and every refused row can be looked at before that.
"""

import pandas as pd
import streamlit as st

from app import formats
from app.components import error_panel
from app.resources import local_moment
from app.upload import columns, plan, readings
from app.upload.files import Listed
from app.upload.questions import ask_doubt, ask_source, read_differently
from app.upload.reading import Reading
from pipelines.ingest import Prepared

_SHOWN = 20
_DELIMITERS = {",": "comma-separated", ";": "semicolon-separated", "\t": "tab-separated", "|": "bar-separated"}


def show_preview(line: Listed) -> None:
    """Everything between dropping a file and storing it."""
    reading = readings.reading_of(line)
    with st.container(border=True):
        _head(line, reading)
        if line.problem:
            error_panel(line.problem)
        if reading.problem:
            _problem(line, reading)
        elif reading.asked:
            columns.ask_for_missing(line, reading, reading.asked)
        elif shown := reading.shown:
            _findings(line, reading, shown)


def _head(line: Listed, reading: Reading) -> None:
    """Which file it is, what it is read as and how, and a way to read it differently."""
    name = formats.plain(line.file.name)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="top", gap="small"):
        if reading.source is None:
            st.markdown(f"**{name}**", width="stretch")
        else:
            how = f"  \n:small[:gray[{_how(reading.shown)}]]" if reading.shown else ""
            st.markdown(f"**{name}** is read as **{formats.plain(reading.title)}**.{how}", width="stretch")
            read_differently(line, reading)
    if line.file.rereads:
        st.caption(
            ":material/replay: These are the bytes of an upload in the history. Stored again, it takes the place of that one."
        )
    if entry := reading.remembered:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(
                f":material/bookmark: Read as {formats.plain(entry.saved_by)} said on {local_moment(entry.saved_at)} "
                "for files with these columns.",
                width="content",
            )
            st.button(
                "Not for this file",
                key=f"{line.file.key} not as remembered",
                type="tertiary",
                on_click=lambda: line.say(use_remembered=False),
            )
    if reading.source is None and reading.done.is_set() and not reading.problem:
        ask_source(line, reading)


def _how(prepared: Prepared) -> str:
    """How the file was read, in one line."""
    parts = [
        formats.plain(prepared.container),
        "" if prepared.encoding == "xlsx" else prepared.encoding.removesuffix("-sig").upper(),
        _DELIMITERS.get(prepared.delimiter, prepared.delimiter and f"separated by {formats.plain(prepared.delimiter)}"),
        f"header in row {prepared.header_row}",
        formats.counted(len(prepared.header), "column"),
    ]
    return " · ".join(part for part in parts if part)


def _problem(line: Listed, reading: Reading) -> None:
    assert reading.problem is not None
    error_panel(reading.problem)
    st.button(
        "Try again",
        key=f"{line.file.key} again",
        icon=":material/refresh:",
        type="tertiary",
        on_click=readings.again,
        args=(line.file.key,),
    )


def _findings(line: Listed, reading: Reading, shown: Prepared) -> None:
    for doubt in reading.prepared.doubts if reading.prepared else ():
        ask_doubt(line, doubt)
    if reading.prepared and reading.plan:
        plan.show_plan(line, reading.prepared, reading.plan)
    elif reading.head:
        st.caption(
            f":material/hourglass_empty: These are its first {formats.counted(reading.head.rows_read, 'row')}. "
            "The whole file is being read; what it would change follows."
        )
    refused = reading.prepared.refused.num_rows if reading.prepared else 0
    names = ["First rows", "Columns", *([f"Refused rows ({formats.number(refused)})"] if refused else [])]
    tabs = st.tabs(names, key=f"{line.file.key} tabs", default=names[2] if refused and not shown.accepted else None)
    with tabs[0]:
        _first_rows(shown)
    with tabs[1]:
        columns.show_columns(line, reading, shown)
    if refused and reading.prepared:
        with tabs[2]:
            plan.show_refused(line, reading.prepared)


def _first_rows(prepared: Prepared) -> None:
    rows = _sample(prepared)
    if rows.empty:
        st.caption("No row of this file can be stored.")
        return
    st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= 8 else 9 * 35 + 2,
        placeholder=formats.DASH,
        alt="The first rows as they would be stored",
    )


def _sample(prepared: Prepared) -> pd.DataFrame:
    """The first rows under the names of the fields, without what only the stores need and without columns that are empty."""
    source = prepared.source
    rows = pd.DataFrame(prepared.sample(_SHOWN))
    made_up = {source.field(source.id_field).stored_as} if source.id_field else set()
    if source.id_field in prepared.mapping:
        made_up = set()
    titles = {
        field.stored_as: columns.title_of(field)
        for field in source.fields
        if field.stored_as in rows and field.stored_as not in made_up
    }
    return rows[list(titles)].dropna(axis="columns", how="all").rename(columns=titles)
