"""Storing what was previewed: one file or all that are ready.

Invariant: once the button is pressed every file is written down as an upload before the page goes on, so that closing it loses none.
"""

from collections.abc import Sequence

import streamlit as st

from app import queries
from app.resources import settings, stores
from app.upload import files
from app.upload.files import Listed
from app.upload.follow import begin_to_follow
from app.upload.readings import reading_of
from pipelines.errors import TouchlineError
from pipelines.ingest.load import start_commit


def store(lines: Sequence[Listed]) -> None:
    """Begin to store these files, one after the other, and draw the page anew; a file that cannot be begun says why in its line."""
    begun = []
    with st.spinner("Keeping the files …"):
        for line in lines:
            reading = reading_of(line)
            prepared = reading.prepared
            assert prepared is not None
            try:
                line.upload_id = start_commit(
                    stores(),
                    prepared,
                    line.file.content,
                    settings().user,
                    keep_demo=bool(st.session_state.get("keep demo")),
                    remove_missing=line.answers.remove_missing,
                    remember=line.answers.remember,
                    replaces=line.file.rereads["upload_id"] if line.file.rereads else None,
                )
            except TouchlineError as problem:
                line.problem = problem
                continue
            line.title = reading.title
            line.release()
            begun.append(line.upload_id)
    begin_to_follow(begun)
    files.choose("")
    st.rerun()


def keep_demo() -> None:
    """While the demo data is in: say that own data clear it, and offer to keep it."""
    if queries.answer("options").facts["demo_stands"]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(":material/science: Storing your own file clears the demo data.", width="content")
            st.checkbox("Keep the demo data beside it", key="keep demo")
