"""What only a person can say about a file: what it is, which way round its dates are, how its numbers and times are meant."""

from decimal import Decimal
from zoneinfo import available_timezones

import streamlit as st

from app import formats
from app.resources import settings
from app.upload.files import Listed
from app.upload.reading import Reading
from pipelines.ingest.prepared import Doubt
from pipelines.sources import SOURCES

_ORDERS = {"": "As the file tells", "day": "Day first (31/12/2026)", "month": "Month first (12/31/2026)"}
_MARKS = {"": "As the file tells", "point": "Point (1,234.56)", "comma": "Comma (1.234,56)"}
_FIRST = {"day": "Day first", "month": "Month first"}


def ask_source(line: Listed, reading: Reading) -> None:
    """Ask what the file is: the sources it may be first, if any fit."""
    guess = reading.guess
    if guess and guess.candidates:
        either = formats.listed([source.title for source in guess.candidates], most=8)
        either = " or ".join(either.rsplit(" and ", 1))
        st.warning(
            f"**{formats.plain(line.file.name)} may be {either}.** {formats.plain(guess.doubt)}", icon=":material/help:"
        )
    else:
        st.warning(
            "**Its columns are not known to Touchline.** Say what is in it, then which column is which.",
            icon=":material/help:",
        )
    titles = {source.name: source.title for source in (guess.candidates if guess else ()) or SOURCES.values()}
    key = f"{line.file.key} is"
    st.pills(
        "What is in the file?",
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        on_change=lambda: line.say(source=st.session_state[key] or ""),
    )


def ask_doubt(line: Listed, doubt: Doubt) -> None:
    """Ask how the dates or the amounts are meant: both readings of one cell, in words."""
    key = f"{line.file.key} {doubt.kind} of {doubt.column}"
    column = formats.plain(doubt.column)
    if doubt.kind == "date_order":
        question, of_them = f"Which way round are the dates in {column}?", "Every one of them can be read both ways"
        captions = [_FIRST[order] for order in doubt.readings]
        readings = {order: f"{doubt.example} is {_long(reading)}" for order, reading in doubt.readings.items()}
    else:
        sign = "comma" if "," in doubt.example else "point"
        question, of_them = (
            f"Are the amounts in {column} thousands?",
            f"Nothing in the file tells what their {sign} means",
        )
        captions = [
            f"The {sign} stands before decimals" if mark == sign else f"The {sign} separates thousands"
            for mark in doubt.readings
        ]
        readings = {mark: f"{doubt.example} is {Decimal(reading):,.2f}" for mark, reading in doubt.readings.items()}
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":material/help: **{question}** {of_them}, so the file cannot be stored before you say it.")
        st.radio(
            question,
            list(readings),
            index=None,
            format_func=lambda answer: formats.plain(readings[answer]),
            captions=captions,
            horizontal=True,
            key=key,
            label_visibility="collapsed",
            on_change=lambda: line.say(**{doubt.kind: st.session_state[key]}),
        )


def read_differently(line: Listed, reading: Reading) -> None:
    """A button that opens what can be said about the file where Touchline read it wrongly."""
    assert reading.source is not None
    with st.popover("Read it differently", icon=":material/tune:", type="tertiary"):
        _choice(
            line, "source", "What is in the file?", {name: s.title for name, s in SOURCES.items()}, reading.source.name
        )
        st.caption(reading.source.help)
        kinds = {field.type for field in reading.source.fields}
        if kinds & {"date", "instant"}:
            _choice(line, "date_order", "Dates", _ORDERS, line.answers.date_order)
        _choice(line, "decimal", "Decimal mark", _MARKS, line.answers.decimal)
        if "instant" in kinds:
            own = settings().reporting_time_zone
            zones = {"": own, **{zone: zone for zone in sorted(available_timezones() - {own})}}
            _choice(
                line,
                "zone",
                "Times that name no zone are in",
                zones,
                "" if line.answers.zone == own else line.answers.zone,
            )


def _choice(line: Listed, answer: str, label: str, options: dict[str, str], present: str) -> None:
    key = f"{line.file.key} {answer}"

    def said() -> None:
        changes = {answer: st.session_state[key]}
        if answer == "source":  # columns were pointed at as fields of another source
            changes |= {"mapping": {}, "fixed": {}}
        line.say(**changes)

    names = list(options)
    st.selectbox(label, names, names.index(present), format_func=options.__getitem__, key=key, on_change=said)


def _long(reading: str) -> str:
    """A day or moment in ISO form, as people write it."""
    day, _, clock = reading.replace("T", " ").partition(" ")
    return f"{formats.long_day(day)}{f', {clock[:5]}' if clock else ''}"
