"""The files on the page: dropped, or taken out of the history to be read again, until they are taken off the list.

Invariant: what a person said about a file stays with it for as long as it is listed, whatever is on screen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pipelines.errors import TouchlineError


@dataclass(frozen=True)
class Dropped:
    """A file as it came. `key` is its own within the session; `rereads`: the status row of the upload whose bytes are read again."""

    key: str
    name: str
    content: bytes
    rereads: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Answers:
    """What a person said about a file. Answers that compare equal read the file in the same way.

    `source` is a name ('' where the file shall tell), `mapping` and `fixed` only what differs from what is recognised. `zone`, `date_order`
    and `decimal` are '' where nothing was said. `use_remembered`: read it as a file with these columns was read before.
    """

    source: str = ""
    mapping: Mapping[str, str | None] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    date_order: Literal["", "day", "month"] = ""
    decimal: Literal["", "point", "comma"] = ""
    use_remembered: bool = True
    remember: bool = field(default=False, compare=False)
    remove_missing: bool = field(default=False, compare=False)

    @property
    def said_something(self) -> bool:
        """Whether the file is read in another way than by itself."""
        return bool(self.source or self.mapping or self.fixed or self.zone or self.date_order or self.decimal)


@dataclass
class Listed:
    """A line of the list. Once it is being stored: its `upload_id` and the `title` that it was read as; `problem`: why that could not begin."""

    file: Dropped
    answers: Answers = field(default_factory=Answers)
    upload_id: str = ""
    title: str = ""
    problem: TouchlineError | None = None

    def say(self, **changes: Any) -> None:
        """Keep what a person said."""
        self.answers = replace(self.answers, **changes)
        self.problem = None

    def release(self) -> None:
        """Let go of the bytes: storing has begun and keeps its own."""
        self.file = replace(self.file, content=b"")


def listed() -> dict[str, Listed]:
    """Key -> line, in the order in which the files came."""
    files: dict[str, Listed] = st.session_state.setdefault("listed files", {})
    return files


def take_in(uploaded: Sequence[UploadedFile]) -> None:
    """Put dropped files on the list; those that are stored already leave it."""
    files = listed()
    for key in [key for key, line in files.items() if line.upload_id]:
        discard(key)
    if uploaded:
        choose(uploaded[0].file_id)
    for file in uploaded:
        # getvalue() hands out the very bytes that were received; getbuffer() would copy them.
        files[file.file_id] = Listed(Dropped(file.file_id, file.name, file.getvalue()))


def take_out_of_history(upload: Mapping[str, Any], content: bytes) -> None:
    """Put a stored upload's bytes on the list, to be read as then and to take its place once they are stored."""
    key = f"reread {upload['upload_id']}"
    options = upload["options"]
    answers = Answers(
        source=upload["source"],
        mapping=upload["said_mapping"],
        fixed=upload["said_fixed"],
        zone=options.get("zone", ""),
        date_order=options.get("date_order", ""),
        decimal=options.get("decimal", ""),
        use_remembered=False,
    )
    listed()[key] = Listed(Dropped(key, upload["file_name"], content, upload), answers)
    choose(key)


def discard(key: str) -> None:
    """Take a file off the list. What is stored of it stays stored."""
    listed().pop(key, None)


def discard_all() -> None:
    """Empty the list."""
    listed().clear()


def choose(key: str) -> None:
    """Open the preview of a file."""
    st.session_state["chosen file"] = key


def chosen() -> Listed | None:
    """The file whose preview is open; None where nobody chose one that is still listed."""
    return listed().get(st.session_state.get("chosen file", ""))
