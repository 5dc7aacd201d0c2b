"""The list of dropped files: one line each, which says what it is read as and where it stands, and opens its preview."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import formats, queries
from app.upload import files, readings, storing
from app.upload.files import Listed

WIDTHS = (5, 3, 1.5, 2, 0.4)
MOST = 8
"""Lines in sight; more of them scroll."""

_STATES: dict[str, tuple[str, str]] = {
    "reading": ("blue", ":material/hourglass_empty:"),
    "ready": ("green", ":material/check:"),
    "needs an answer": ("orange", ":material/help:"),
    "cannot be read": ("red", ":material/block:"),
    "already stored": ("gray", ":material/done_all:"),
    "storing": ("blue", ":material/upload:"),
    "stored": ("green", ":material/done_all:"),
    "awaits the next run": ("blue", ":material/schedule:"),
    "not stored": ("red", ":material/error:"),
    "undone": ("gray", ":material/undo:"),
}
"""State -> the colour and the icon of its badge."""


def show_files() -> None:
    """All files on the list, and the button that stores those that are ready."""
    lines = files.listed()
    stored = {row["upload_id"]: row for row in queries.answer("uploads").rows.to_dict("records")}
    states = {key: _state(line, stored) for key, line in lines.items()}
    with st.container(border=True, gap="xsmall"):
        with st.container(border=False, gap=None, height="content" if len(lines) <= MOST else MOST * 40):
            for key, line in lines.items():
                _line(line, states[key], stored)
        readings.watch()
        ready = [line for key, line in lines.items() if states[key] == "ready"]
        if len(lines) > 1:
            _for_all(ready, list(states.values()))
        if ready:
            storing.keep_demo()


def _line(line: Listed, state: str, stored: Mapping[str, Mapping[str, Any]]) -> None:
    key, name = line.file.key, formats.plain(formats.short(line.file.name, 60))
    opened = files.chosen() is line
    what, rows = _known(line, stored)
    columns = st.columns(WIDTHS, vertical_alignment="center", gap="small")
    if line.upload_id:
        columns[0].markdown(f":small[:gray[:material/description:] {name}]")
    else:
        columns[0].button(
            f"**{name}**" if opened else name,
            key=f"open {key}",
            type="tertiary",
            icon=":material/keyboard_arrow_down:" if opened else ":material/keyboard_arrow_right:",
            on_click=files.choose,
            args=("" if opened else key,),
        )
    columns[1].markdown(f":small[{what}]")
    columns[2].markdown(f":small[{rows}]", text_alignment="right")
    colour, icon = _STATES[state]
    columns[3].badge(state, color=colour, icon=icon)  # type: ignore[arg-type]
    columns[4].button(
        "",
        key=f"discard {key}",
        type="tertiary",
        icon=":material/close:",
        help="Take it off this list. What is stored stays stored.",
        on_click=files.discard,
        args=(key,),
    )


def _known(line: Listed, stored: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """What the file is read as, and its rows, as far as that is known."""
    if line.upload_id:
        upload = stored.get(line.upload_id)
        return formats.plain(line.title), formats.counted(upload["rows_read"], "row") if upload else ""
    reading = readings.reading_of(line)
    rows = formats.counted(reading.prepared.rows_read, "row") if reading.prepared else ""
    return formats.plain(reading.title) if reading.source else "", rows


def _state(line: Listed, stored: Mapping[str, Mapping[str, Any]]) -> str:
    if line.problem:
        return "not stored"
    if not line.upload_id:
        return readings.reading_of(line).state
    upload = stored.get(line.upload_id, {"status": "pending"})
    return {"pending": "storing", "committed": "stored", "landed": "awaits the next run", "failed": "not stored"}.get(
        str(upload["status"]), "undone"
    )


def _for_all(ready: list[Listed], states: list[str]) -> None:
    """What can be done with all files at once."""
    rest = [state for state in states if state in ("reading", "needs an answer", "cannot be read")]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label = f"Store all {len(ready)} that are ready" if len(ready) > 1 else "Store the one that is ready"
        if ready and st.button(label, type="primary", icon=":material/upload:", key="store all"):
            storing.store(ready)
        st.button("Clear the list", type="tertiary", on_click=files.discard_all)
        if rest:
            st.caption(f"{formats.counted(len(rest), 'file')} not ready yet", width="content")
