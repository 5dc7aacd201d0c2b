"""Which column is which field: shown as it is, changed where it is wrong, and asked for where a needed one is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from app import formats, queries, tables
from app.upload.files import Listed
from app.upload.reading import Reading
from pipelines.errors import TouchlineError
from pipelines.ingest import MappingNeeded, Prepared
from pipelines.sources import Field

NOT_THERE = "Not in the file"
FIXED = "The same value for all rows"

_KINDS_OF_NAMES = ("channel", "campaign", "account", "platform", "currency")


def _known_names(field: Field) -> list[str]:
    """The names that there are already, to choose from; none where that cannot be told now: one can be typed."""
    try:
        return queries.choices().of(field.name) if field.name in _KINDS_OF_NAMES else []
    except TouchlineError:
        return []


def title_of(field: Field) -> str:
    """What a field is called on the page."""
    return formats.sentence_case(field.name.replace("_", " "))


def ask_for_missing(line: Listed, reading: Reading, needed: MappingNeeded) -> None:
    """What no column was found for, asked first; the rest folded away."""
    source = reading.source
    assert source is not None
    st.warning(
        f"**{formats.plain(needed.message)}** Say which column it is, or give one value for all rows.",
        icon=":material/help:",
    )
    editor = _Editor(line, reading, tuple(needed.raw.header), needed.mapping, reading.fixed)
    missing = [source.field(name) for name in needed.missing]
    editor.show(missing)
    others = [field for field in source.fields if field not in missing]
    with st.expander(f"The other fields: {len(needed.mapping)} of {formats.counted(len(others), 'field')} found"):
        editor.show(others)
    st.caption("The first rows of the file, as they are written in it")
    st.dataframe(needed.raw.table.slice(0, 5).to_pandas(), hide_index=True, alt="The first rows as they are written")


def show_columns(line: Listed, reading: Reading, prepared: Prepared) -> None:
    """How every field was read, with an example before and after, and a way to change it."""
    _conversions(prepared)
    for note in prepared.notes:
        if note not in prepared.reconciliation:  # said above, beside the counts
            st.caption(f":material/info: {formats.plain(note)}")
    with st.expander("Change the columns", icon=":material/edit:"):
        fields = sorted(prepared.source.fields, key=lambda field: not field.required)
        st.caption("Fields marked * are needed.")
        _Editor(line, reading, prepared.header, prepared.mapping, {**prepared.fixed, **line.answers.fixed}).show(fields)


def _conversions(prepared: Prepared) -> None:
    rows = pd.DataFrame(
        [
            {
                "field": title_of(prepared.source.field(found.field)),
                "column": found.column,
                "written": found.written,
                "stored": found.stored,
                "how": found.how,
            }
            for found in prepared.conversions
        ],
        columns=["field", "column", "written", "stored", "how"],
    )
    titles = {
        "field": tables.text("Field"),
        "column": tables.text("Column in the file"),
        "written": tables.text("Written there"),
        "stored": tables.text("Stored as"),
        "how": tables.text("How it was read", width="large"),
    }
    st.dataframe(
        rows,
        hide_index=True,
        column_config=titles,
        height="content",
        placeholder=formats.DASH,
        alt="How each field is read",
    )


@dataclass(frozen=True)
class _Editor:
    """Selectors of the columns of a file's fields, as they are read now."""

    line: Listed
    reading: Reading
    header: tuple[str, ...]
    mapping: Mapping[str, str]
    fixed: Mapping[str, str]

    def show(self, fields: Sequence[Field]) -> None:
        with st.grid(3, min_column_width=220):
            for field in fields:
                with st.container(gap="xsmall"):
                    self._column(field)

    def _column(self, field: Field) -> None:
        """The column of a field: those that suggest themselves first."""
        key = f"{self.line.file.key} column {field.name}"
        why = {found.column: found.why for found in self.reading.suggestions.get(field.name, ())}
        options = [*why, *(column for column in self.header if column not in why), FIXED, NOT_THERE]
        column = self.mapping.get(field.name)
        present: str | None = column if column in self.header else FIXED if field.name in self.fixed else NOT_THERE
        if present == NOT_THERE and field.required:  # asked for: by a column that suggests itself, else by a value
            present = None if why else FIXED
        st.selectbox(
            f"{title_of(field)}{' *' if field.required else ''}",
            options,
            None if present is None else options.index(present),
            placeholder=f"Perhaps {options[0]}?" if why else "Choose its column",
            format_func=lambda option: f"{option} ({why[option]})" if option in why else option,
            key=key,
            help=field.help,
            on_change=lambda: self._say(field.name, st.session_state[key]),
        )
        if present == FIXED:
            self._value(field)

    def _say(self, field: str, picked: str) -> None:
        answers = self.line.answers
        mapping = {name: column for name, column in answers.mapping.items() if name != field}
        fixed = {name: value for name, value in answers.fixed.items() if name != field}
        if picked == FIXED:
            fixed[field] = ""
        else:
            mapping[field] = None if picked == NOT_THERE else picked
        self.line.say(mapping=mapping, fixed=fixed)

    def _value(self, field: Field) -> None:
        """One value for all rows: picked from the names that are known already, or typed."""
        key = f"{self.line.file.key} fixed {field.name}"
        label, value = f"Value of {field.name} for all rows", self.fixed.get(field.name, "")

        def said() -> None:
            self.line.say(fixed={**self.line.answers.fixed, field.name: st.session_state[key] or ""})

        names = _known_names(field)
        if not names:
            st.text_input(
                label, value, key=key, placeholder="Value for all rows", label_visibility="collapsed", on_change=said
            )
            return
        known = list(dict.fromkeys([*([value] if value else []), *names]))
        st.selectbox(
            label,
            known,
            index=known.index(value) if value else None,
            key=key,
            placeholder="Choose or type it",
            accept_new_options=True,
            label_visibility="collapsed",
            on_change=said,
        )
