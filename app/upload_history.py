"""What was uploaded: uploads under way, the history with its undo, and the names that found no match."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from app import formats, queries, tables
from app.components import error_panel
from app.resources import local_moment, settings, stores
from pipelines import journeys
from pipelines.errors import TouchlineError
from pipelines.ingest import history
from pipelines.ingest.load import assign_alias
from pipelines.sources import SOURCES

LATEST = 6
MOST_NAMES = 6
SECONDS_TO_SETTLE = 60
"""How long after a commit its aftermath (the demo's rows leaving the lake, journeys) is waited for."""
SECONDS_TO_DOUBT = 30
"""How long an upload may be under way before we look whether its worker is alive."""


def follow() -> None:
    """While uploads are under way, look every second how they go; say how the one of this session ended, once all pages agree on it."""
    uploads = queries.answer("uploads").rows
    if _unsettled(uploads):
        _watch()
    elif "following" in st.session_state and queries.moved_on():
        st.rerun()  # it ended between the banner above and here
    else:
        _ended()


def forget_ended() -> None:
    """The message of an upload that ended has been read: another page was opened."""
    if "told" in st.session_state:
        st.session_state.pop("following", None)
        del st.session_state["told"]


@st.fragment(run_every="1s")
def _watch() -> None:
    uploads = queries.answer("uploads").rows
    if not _unsettled(uploads):
        # The whole page, so that the shell reads the data version anew: banner, history and names change together.
        st.rerun()
    pending = _pending(uploads)
    for name in pending["file_name"]:
        st.info(f"Storing {formats.plain(name)} … You may close this page: it goes on.", icon="spinner")
    if pending.empty:
        st.info("Stored. Bringing all pages up to date …", icon="spinner")
    elif _age(pending["started_at"].min()) > SECONDS_TO_DOUBT:
        _doubt()


def _pending(uploads: pd.DataFrame) -> pd.DataFrame:
    return uploads[uploads["status"] == "pending"]


def _unsettled(uploads: pd.DataFrame) -> bool:
    """Whether an upload is under way, or one has just been stored and what follows from it is not done yet."""
    if len(_pending(uploads)):
        return True
    committed = uploads[uploads["committed_at"].notna()]
    recent = committed[[_age(instant) < SECONDS_TO_SETTLE for instant in committed["committed_at"]]]
    if recent.empty:
        return False
    standing_demo = committed["demo"] & committed["undone_at"].isna()
    if recent["clears_demo"].any() and standing_demo.any():
        return True
    try:
        return not journeys.up_to_date(stores().read())
    except TouchlineError:
        return False  # the pages say by themselves that a store does not answer


def _age(instant: datetime) -> float:
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return (datetime.now(UTC) - aware).total_seconds()


def _doubt() -> None:
    """Finish or forget what a dead worker left; a living one is not disturbed. Not more often than a dead one is worth."""
    now = datetime.now(UTC)
    looked = st.session_state.get("looked for dead workers")
    if looked is None or (now - looked).total_seconds() > SECONDS_TO_DOUBT:
        st.session_state["looked for dead workers"] = now
        try:
            history.recover(stores())
        except TouchlineError as error:
            error_panel(error)


def _ended() -> None:
    """How the upload that this session began has ended, until another one begins or another page is opened."""
    upload_id = st.session_state.get("following")
    if upload_id is None:
        return
    st.session_state["told"] = upload_id
    upload = history.get_upload(stores(), upload_id)
    if upload["undone_at"] is not None:
        return
    if upload["status"] == "failed":
        st.error(
            f"**{formats.plain(upload['file_name'])} was not stored.** {formats.plain(upload['error'])}",
            icon=":material/error:",
        )
        return
    cleared = " The demo data was cleared." if upload["clears_demo"] else ""
    st.success(
        f"**{formats.plain(upload['file_name'])} is stored:** {_counts(upload)}.{cleared}",
        icon=":material/check_circle:",
    )


def _counts(upload: dict[str, Any]) -> str:
    """What became of the rows: "120 new · 3 refused"; what there is none of goes unsaid."""
    kinds = {kind: upload[f"rows_{kind}"] for kind in ("new", "replaced", "unchanged", "refused")}
    return " · ".join(f"{formats.number(count)} {kind}" for kind, count in kinds.items() if count) or "no rows"


def show_history() -> None:
    """The latest uploads with an undo each, and all of them in a table."""
    uploads = queries.answer("uploads").rows
    zone = settings().reporting_time_zone
    st.subheader("History", anchor=False)
    if uploads.empty:
        st.caption("Nothing was uploaded yet.")
        return
    st.caption(f"Times are in {zone}.")
    with st.container(border=True, gap="xsmall"):
        for upload in uploads.head(LATEST).to_dict("records"):
            _upload(upload)
    with st.expander(f"All uploads ({formats.number(len(uploads))})"):
        moment: dict[str, Any] = {"format": "D MMM YYYY, HH:mm", "timezone": zone}
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


def _upload(upload: dict[str, Any]) -> None:
    undone = formats.known(upload["undone_at"])
    badge = {
        "pending": ":blue-badge[under way]",
        "failed": ":red-badge[not stored]",
    }.get(upload["status"], ":gray-badge[undone]" if undone else ":green-badge[stored]")
    demo = " :orange-badge[demo]" if upload["demo"] else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(
            f"**{formats.plain(formats.short(upload['file_name'], 40))}** {badge}{demo}  \n"
            f":small[:gray[{SOURCES[upload['source']].title} · {_counts(upload)} · "
            f"{formats.plain(upload['uploaded_by'])}, {local_moment(upload['started_at'])}]]",
            width="stretch",
        )
        if upload["status"] == "committed" and not undone:
            with st.popover("Undo", type="tertiary", icon=":material/undo:", width="content"):
                st.markdown("Takes the rows of this file out of all pages. What it had replaced holds again.")
                st.button(
                    "Undo this upload",
                    key=f"undo {upload['upload_id']}",
                    on_click=_undo,
                    args=(upload["upload_id"], upload["file_name"]),
                )


def _undo(upload_id: str, file_name: str) -> None:
    try:
        history.undo(stores(), upload_id, settings().user)
        st.session_state["done"] = f"{formats.plain(file_name)} was undone."
    except TouchlineError as error:
        error_panel(error)


def show_unmatched() -> None:
    """Names that no other source knows, the weightiest first, each with an alias to assign; of many, any can be picked."""
    names = queries.answer("unmatched_names").rows
    if names.empty:
        return
    st.subheader("Names that match nothing", anchor=False)
    st.caption("They are counted, but not joined. Say which name they mean, and all pages join them.")
    records = names.to_dict("records")
    for name in records[:MOST_NAMES]:
        _name(name)
    if further := records[MOST_NAMES:]:
        with st.expander(f"{formats.counted(len(further), 'further name')}"):
            labels = {
                f"{formats.sentence_case(name['kind'])} {name['name']} ({name['found_in']})": name for name in further
            }
            picked = st.selectbox("Name", list(labels), index=None, key="further name", placeholder="Choose a name")
            if picked:
                _name(labels[picked])
            columns = {
                "kind": tables.text("Kind"),
                "name": tables.text("Name"),
                "found_in": tables.text("Found in"),
                "missing_from": tables.text("Unknown to"),
                "weight": tables.count("Weight"),
                "weight_unit": tables.text("Weight is"),
                "suggestion": tables.text("Looks like"),
            }
            tables.table(pd.DataFrame(further), columns, "names without a match")


def _name(name: dict[str, Any]) -> None:
    suggestion = name["suggestion"] if formats.known(name["suggestion"]) else None
    known = [other for other in queries.choices().of(name["kind"]) if other not in (name["name"], suggestion)]
    weight = (
        formats.money(name["weight"], settings().reporting_currency, 0)
        if name["weight_unit"] == "spend"
        else formats.counted(name["weight"], "row")
    )
    key = f"{name['kind']} {name['name']} {name['found_in']}"
    with st.container(border=True, gap="xsmall"):
        asked = f" · Did you mean **{formats.plain(suggestion)}**?" if suggestion else ""
        st.markdown(
            f"{formats.sentence_case(name['kind'])} **{formats.plain(name['name'])}**{asked}  \n:small[:gray[{weight} in "
            f"{formats.plain(name['found_in'].replace('_', ' '))}, unknown to {formats.plain(name['missing_from'].replace('_', ' '))}]]"
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            # Nothing is chosen beforehand: an alias changes every page, so that it takes a choice and a click.
            means = st.selectbox(
                f"{name['name']} means",
                [suggestion, *known] if suggestion else known,
                index=None,
                key=f"alias {key}",
                placeholder="It means …",
                accept_new_options=True,
                label_visibility="collapsed",
            )
            st.button(
                "Assign",
                key=f"assign {key}",
                disabled=not means,
                on_click=_assign,
                args=(name["kind"], name["name"], means),
            )


def _assign(kind: str, name: str, means: str) -> None:
    try:
        assign_alias(stores(), kind, name, means, settings().user)
        st.session_state["done"] = f"{formats.plain(name)} now means {formats.plain(means)}."
    except TouchlineError as error:
        error_panel(error)
