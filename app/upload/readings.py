"""The session's readings: one for each listed file, under what was said about it.

Invariant: what is on screen is what was known when this run of the page began; the watch draws it anew as soon as more is known.
"""

import time

import streamlit as st

from app import formats, queries
from app.resources import stores
from app.upload import files
from app.upload.files import Listed
from app.upload.reading import Reading

SECONDS_FOR_HEAD, SECONDS_FOR_ALL = 2.0, 0.7
"""How long the page waits for the first rows of the open file, and for all of a small one, before it shows what there is."""


def begin() -> None:
    """Begin what is new or was answered, forget what left the list, and compare again where the data moved."""
    lines, kept, version = files.listed(), _kept(), queries.version()
    for key in [key for key in kept if key not in lines or lines[key].upload_id]:
        kept.pop(key).give_up()
    for key, line in lines.items():
        if line.upload_id:
            continue
        reading = kept.get(key)
        if reading is None or reading.answers != line.answers:
            if reading:
                reading.give_up()
            kept[key] = Reading(line.file, line.answers, stores(), version)
        elif version:
            reading.compare_again(version)


def go_on() -> None:
    """To be called before files are drawn: `begin`, and wait a moment for the open file, once."""
    begin()
    line = files.chosen()
    reading = _kept().get(line.file.key) if line else None
    if reading and not reading.waited_for:
        reading.waited_for = True
        with st.spinner("Reading the file …"):
            reading.looked.wait(SECONDS_FOR_HEAD)
            if reading.head is None:
                reading.done.wait(SECONDS_FOR_ALL)
    st.session_state["reading shown"] = _known()


def reading_of(line: Listed) -> Reading:
    """What is known of a file that is not being stored."""
    return _kept()[line.file.key]


def again(key: str) -> None:
    """Read a file once more, where something outside kept it from being read."""
    if reading := _kept().pop(key, None):
        reading.give_up()


def watch() -> None:
    """While files are being read, say how far it is, and draw the page anew whenever there is more to show."""
    finished_meanwhile = _known() != st.session_state["reading shown"]  # after its line was drawn
    if finished_meanwhile or any(reading.unfinished for reading in _kept().values()):
        _watch()


@st.fragment(run_every="0.5s")
def _watch() -> None:
    if _known() != st.session_state["reading shown"]:
        st.rerun()
    readings = list(_kept().values())
    done = sum(not reading.unfinished for reading in readings)
    busy = [reading for reading in readings if reading.unfinished and reading.began]
    if not busy:
        return
    now = busy[0]
    size = formats.size(len(now.file.content))
    seconds = int(time.monotonic() - now.began)
    of_all = f"{done} of {len(readings)} files read. " if len(readings) > 1 else ""
    st.progress(
        (done + now.fraction) / len(readings),
        f"{of_all}{now.step} of {formats.plain(formats.short(now.file.name, 40))} ({size}) … {seconds} s",
    )


def _kept() -> dict[str, Reading]:
    readings: dict[str, Reading] = st.session_state.setdefault("readings", {})
    return readings


def _known() -> list[tuple[str, bool, bool, str]]:
    """How far each reading is, as far as the page shows it."""
    return [(key, r.looked.is_set(), r.done.is_set(), r.compared_at) for key, r in _kept().items()]
