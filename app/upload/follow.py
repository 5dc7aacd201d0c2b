"""Uploads under way, and how those of this session ended: said at the top of the page, also after it was reloaded.

Invariant: an upload is told from its row in the warehouse alone; the session only knows which ones it began.
"""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from app import formats, queries
from app.components import error_panel
from app.navigation import MENU
from app.resources import local_moment, settings, stores
from pipelines import journeys
from pipelines.errors import TouchlineError
from pipelines.ingest import history, lake_rows
from pipelines.questions import QUESTIONS

OUTCOMES = ("new", "replaced", "unchanged", "removed", "refused")
"""What becomes of rows, in the order in which it is told."""
SECONDS_TO_SETTLE = 60
"""How long after a commit its aftermath (the demo's rows leaving the lake, journeys) is waited for."""
SECONDS_TO_DOUBT = 30
"""How long an upload may be under way before we look whether its worker is alive."""


def begin_to_follow(upload_ids: list[str]) -> None:
    """Tell how these uploads end, and no longer how earlier ones did."""
    st.session_state["following"] = upload_ids
    st.session_state.pop("told", None)


def follow() -> None:
    """While uploads are under way, look every second how they go; say how those of this session ended, once all pages agree on it."""
    uploads = queries.answer("uploads").rows
    if _unsettled(uploads):
        own = _pending(uploads)[_pending(uploads)["uploaded_by"] == settings().user]
        if len(own) and "following" not in st.session_state:  # the page was reloaded meanwhile
            begin_to_follow(list(own["upload_id"]))
        _watch()
    elif "following" in st.session_state and queries.moved_on():
        st.rerun()  # it ended between the banner above and here
    else:
        _ended(uploads)


def forget_ended() -> None:
    """The message of uploads that ended has been read: another page was opened."""
    if "told" in st.session_state:
        st.session_state.pop("following", None)
        del st.session_state["told"]


def counts(upload: dict[str, Any]) -> str:
    """What became of the rows: "120 new · 3 refused"; what there is none of goes unsaid."""
    kinds = {kind: upload[f"rows_{kind}"] for kind in OUTCOMES}
    return " · ".join(f"{formats.number(count)} {kind}" for kind, count in kinds.items() if count) or "no rows"


@st.fragment(run_every="1s")
def _watch() -> None:
    uploads = queries.answer("uploads").rows
    if not _unsettled(uploads):
        # The whole page, so that the shell reads the data version anew: banner, history and names change together.
        st.rerun()
    pending = _pending(uploads)
    if pending.empty:
        st.info("Stored. Bringing all pages up to date …", icon="spinner")
        return
    own = uploads[uploads["upload_id"].isin(st.session_state.get("following", []))]
    names = formats.listed([formats.plain(formats.short(name, 40)) for name in pending["file_name"]])
    if len(own) > 1:
        ended = len(own) - len(_pending(own))
        st.progress(ended / len(own), f"Stored {ended} of {len(own)} files")
    st.info(f"Storing {names} … You may close this page: it goes on.", icon="spinner")
    if _age(pending["started_at"].min()) > SECONDS_TO_DOUBT:
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


def _ended(uploads: pd.DataFrame) -> None:
    """How the uploads that this session began have ended, until others begin or another page is opened."""
    following = st.session_state.get("following")
    if not following:
        return
    st.session_state["told"] = following
    own = uploads[uploads["upload_id"].isin(following) & uploads["undone_at"].isna()]
    for upload in own[own["status"] == "failed"].to_dict("records"):
        st.error(
            f"**{formats.plain(upload['file_name'])} was not stored.** {formats.plain(upload['error'])}",
            icon=":material/error:",
        )
    stored = own[own["status"].isin(["committed", "landed"])]
    if stored.empty:
        return
    cleared = f" {demo_cleared(uploads)}" if stored["clears_demo"].any() else ""
    summed = stored[[f"rows_{kind}" for kind in OUTCOMES]].sum().to_dict()
    landed = stored["status"] == "landed"
    what = (
        f"{formats.plain(stored['file_name'].iloc[0])} {'has landed' if landed.all() else 'is stored'}:"
        if len(stored) == 1
        else f"{formats.number(len(stored))} files {'have landed' if landed.all() else 'are stored'}:"
    )
    pages = _pages_that_show(set(stored.loc[~landed, "source"]))
    see = f" See it on {formats.listed(pages, most=8)}." if pages else ""
    st.success(f"**{what}** {counts(summed)}.{cleared}{see}", icon=":material/check_circle:")
    if landed.any():
        st.info(awaited("What landed shows on the pages after the next run"), icon=":material/schedule:")


def demo_cleared(uploads: pd.DataFrame) -> str:
    """What has become of demo data that was taken back: what a lake that jobs write has of it stays until they run."""
    leaving = uploads["demo"] & (uploads["status"] == "leaving")
    return awaited("The demo data goes with the next run") if leaving.any() else "The demo data was cleared."


def awaited(what: str) -> str:
    """What the next run of the lake's jobs brings, and when that is."""
    now = datetime.now(UTC)
    run = lake_rows.next_run(settings().runs_at, now)
    hours = (run - now).total_seconds() / 3600
    how_long = f"in about {formats.counted(round(hours), 'hour')}" if hours >= 1 else "within the hour"
    return f"{what}, planned for {local_moment(run)} ({how_long})."


def _pages_that_show(sources: set[str]) -> list[str]:
    """The pages whose numbers come from these sources."""
    return [entry.title for entry in MENU if entry.question and sources & {*QUESTIONS[entry.question].sources}]
