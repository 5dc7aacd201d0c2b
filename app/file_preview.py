"""From a dropped file to a commit: which source it is, which column is which field, what would happen, and the button.

Invariant: nothing is stored before the button is pressed, and every refused row is on screen before that.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import formats, queries, tables
from app.components import Kpi, error_panel, kpi_row
from app.resources import local_moment, settings, stores
from app.source_guess import guess_source
from pipelines.errors import TouchlineError
from pipelines.ingest import MappingNeeded, Prepared, prepare
from pipelines.ingest.load import Plan, preview, start_commit
from pipelines.sources import SOURCES, Field, Source

FIND_OUT = "Find out from the file"
NOT_THERE = "Not in the file"
FIXED = "The same value for all rows"

_SHOWN = 20


@dataclass(frozen=True)
class Dropped:
    """A file as it was dropped on the page, and what it is said to be."""

    source: Source
    name: str
    content: bytes
    digest: str


def dropped(choice: str | None, file: UploadedFile | None) -> Dropped | None:
    """The dropped file with its source: the one that was chosen, else the one that its columns tell, else the one picked when asked.

    None before there is a file and a source. Raises FileRefused where the file cannot be read, or fits no source.
    """
    if file is None:
        return None
    content = file.getvalue()
    digest = hashlib.sha256(content).hexdigest()[:16]
    source = SOURCES.get(choice or "") or _found_out(content, file.name, digest)
    return Dropped(source, file.name, content, digest) if source else None


def _found_out(content: bytes, name: str, digest: str) -> Source | None:
    guess = guess_source(content, name)
    if guess.source:
        return guess.source
    titles = {source.title: source for source in guess.candidates}
    either = " or ".join(titles)
    st.warning(f"**{formats.plain(name)} may be {either}.** {formats.plain(guess.doubt)}", icon=":material/help:")
    picked = st.segmented_control("What is it?", list(titles), key=f"{digest} is")
    return titles[picked] if picked else None


def show_preview(file: Dropped) -> None:
    """Everything between dropping a file and storing it."""
    st.markdown(f"**{formats.plain(file.name)}** is read as **{file.source.title}**.")
    mapping, fixed, zone = _chosen(file)
    try:
        prepared = _prepared(file, mapping, fixed, zone)
    except MappingNeeded as needed:
        st.warning(f"**{formats.plain(needed.message)}**\n\n{formats.plain(needed.remedy)}", icon=":material/warning:")
        _columns(file, needed.raw.header, needed.mapping, set(needed.missing), expanded=True)
        return
    except TouchlineError as error:
        error_panel(error)
        return
    _columns(file, prepared.header, prepared.mapping, set(), expanded=False)
    _findings(prepared)
    plan = preview(stores(), prepared)
    _plan(file, prepared, plan)


def _key(file: Dropped, *parts: str) -> str:
    """Widget keys of one file read as one source: another file begins afresh."""
    return " ".join((file.digest, file.source.name, *parts))


def _chosen(file: Dropped) -> tuple[dict[str, str | None], dict[str, str], str]:
    """What the widgets of `_columns` hold, which are drawn further down: mapping, fixed values, time zone."""
    mapping: dict[str, str | None] = {}
    fixed: dict[str, str] = {}
    recognised = st.session_state.get(_key(file, "recognised"), {})
    for field in file.source.field_names:
        column = st.session_state.get(_key(file, "column", field))
        if column == recognised.get(field, NOT_THERE):
            continue
        if column in (NOT_THERE, FIXED):
            mapping[field] = None
        elif column is not None:
            mapping[field] = column
        if column == FIXED and (value := st.session_state.get(_key(file, "fixed", field))):
            del mapping[field]
            fixed[field] = value
    return mapping, fixed, st.session_state.get(_key(file, "zone")) or settings().reporting_time_zone


def _prepared(file: Dropped, mapping: Mapping[str, str | None], fixed: Mapping[str, str], zone: str) -> Prepared:
    """The file made ready to be stored; kept for the session's last file, so that a click does not read it again."""
    asked = (_key(file), repr((mapping, fixed)), zone)
    kept = st.session_state.get("prepared")
    if kept and kept[0] == asked:
        return kept[1]
    with st.spinner("Reading the file …"):
        made = prepare(
            file.source, file.content, file.name, mapping, fixed, zone=zone, currency=settings().reporting_currency
        )
    st.session_state["prepared"] = (asked, made)
    return made


def _columns(
    file: Dropped, header: tuple[str, ...], mapping: Mapping[str, str], missing: set[str], *, expanded: bool
) -> None:
    """One selector a field: its column, none, or one value for all rows. What is missing comes first."""
    st.session_state.setdefault(_key(file, "recognised"), dict(mapping))
    used = f"{len(mapping)} of {formats.counted(len(header), 'column')} recognised"
    with st.expander(f"Columns: {used}", expanded=expanded, icon=":material/table_chart:"):
        st.caption("Fields marked * are needed. Change a field's column where it was not recognised.")
        fields = sorted(file.source.fields, key=lambda field: (field.name not in missing, not field.required))
        with st.grid(3, min_column_width=220):
            for field in fields:
                with st.container(gap="xsmall"):
                    _column(file, field, header, mapping.get(field.name))
        if any(field.type == "instant" for field in file.source.fields):
            zones = [settings().reporting_time_zone, *sorted(available_timezones() - {settings().reporting_time_zone})]
            st.selectbox("Times that name no zone are in", zones, key=_key(file, "zone"), width=260)


def _column(file: Dropped, field: Field, header: tuple[str, ...], column: str | None) -> None:
    options = [NOT_THERE, FIXED, *header]
    chosen = st.selectbox(
        f"{formats.sentence_case(field.name.replace('_', ' '))}{' *' if field.required else ''}",
        options,
        index=options.index(column) if column in header else 0,
        key=_key(file, "column", field.name),
        help=field.help,
    )
    if chosen == FIXED:
        st.text_input(
            f"Value of {field.name} for all rows",
            key=_key(file, "fixed", field.name),
            placeholder="Value for all rows",
            label_visibility="collapsed",
        )


def _findings(prepared: Prepared) -> None:
    """How the file was read, what to look at, and its first rows as they would be stored."""
    delimiter = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}.get(prepared.delimiter, prepared.delimiter)
    encoding = prepared.encoding.removesuffix("-sig").upper()
    st.caption(
        f"{formats.counted(prepared.rows_read, 'row')} · {encoding} · {formats.plain(delimiter)}-separated · "
        f"header in row {prepared.header_row}"
    )
    for warning in prepared.warnings:
        st.warning(formats.plain(warning), icon=":material/warning:")
    for note in prepared.notes:
        st.caption(f":material/info: {formats.plain(note)}")
    st.dataframe(
        _sample(prepared),
        hide_index=True,
        height=220,
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
        field.stored_as: formats.sentence_case(field.name.replace("_", " "))
        for field in source.fields
        if field.stored_as in rows and field.stored_as not in made_up
    }
    return rows[list(titles)].dropna(axis="columns", how="all").rename(columns=titles)


def _plan(file: Dropped, prepared: Prepared, plan: Plan) -> None:
    """What a commit would do, what is refused, and the button that does it."""
    st.markdown("**What will happen**")
    refused = prepared.refused.num_rows
    kpi_row(
        [
            Kpi("New rows", formats.number(plan.new)),
            Kpi("Replaced", formats.number(plan.replaced), help="Rows on record whose values this file changes."),
            Kpi("Unchanged", formats.number(plan.unchanged), help="Rows on record already, with the same values."),
            Kpi("Refused", formats.number(refused), help="Rows that cannot be stored; the reasons are listed below."),
        ]
    )
    st.caption(_scope(prepared))
    if refused:
        _refused(prepared)
    if plan.already is not None and plan.changes_nothing:
        loaded = f"{formats.plain(plan.already['uploaded_by'])} on {local_moment(plan.already['committed_at'])}"
        st.info(f"This very file was stored by {loaded}: storing it again changes nothing.", icon=":material/done_all:")
        return
    remove = _remove_missing(file, plan)
    keep_demo = _keep_demo(file)
    label = f"Store {formats.counted(prepared.accepted, 'row')}"
    if st.button(label, type="primary", icon=":material/upload:", disabled=not prepared.accepted):
        try:
            upload_id = start_commit(
                stores(), prepared, file.content, settings().user, keep_demo=keep_demo, remove_missing=remove
            )
        except TouchlineError as error:
            error_panel(error)
            return
        st.session_state["following"] = upload_id
        st.session_state["prepared"] = None
        st.session_state["file round"] = st.session_state.get("file round", 0) + 1
        st.rerun()


def _scope(prepared: Prepared) -> str:
    parts = [formats.period(prepared.first_day, prepared.last_day)] if prepared.first_day else []
    rows = prepared.tables[prepared.source.table]
    for column in ("account", "platform", "channel", "campaign"):
        if column in rows.column_names and (count := len(rows[column].unique().drop_null())):
            parts.append(formats.counted(count, column))
    parts += [
        f"{formats.counted(found.num_rows, table.removesuffix('s'))} found in these rows"
        for table, found in prepared.tables.items()
        if table != prepared.source.table
    ]
    if prepared.merged:
        how = "added up with an equal one" if prepared.source.repeats == "sum" else "equal to an earlier one"
        parts.append(f"{formats.counted(prepared.merged, 'row')} {how}")
    if prepared.totals_dropped:
        parts.append(f"{formats.counted(prepared.totals_dropped, 'total row')} left out")
    return " · ".join(parts)


def _refused(prepared: Prepared) -> None:
    with st.expander(
        f"Refused rows ({formats.number(prepared.refused.num_rows)})", expanded=True, icon=":material/block:"
    ):
        columns = {
            "row": tables.count("Row", width=70),
            "column": tables.text("Column"),
            "value": tables.text("Value"),
            "reason": tables.text("Reason", width="large"),
        }
        tables.table(prepared.refused.to_pandas(), columns, "refused rows", most=8)


def _remove_missing(file: Dropped, plan: Plan) -> bool:
    if plan.missing.empty:
        return False
    count = formats.counted(len(plan.missing), "row")
    with st.expander(
        f"Not in this file any more: {count} on record for the same days", icon=":material/playlist_remove:"
    ):
        st.dataframe(plan.missing, hide_index=True, alt="Rows on record that the file lacks")
    return st.checkbox(f"Remove the {count} that this file lacks", key=_key(file, "remove"))


def _keep_demo(file: Dropped) -> bool:
    if not queries.answer("options").demo:
        return False
    st.caption(":material/science: Storing your own file clears the demo data.")
    return st.checkbox("Keep the demo data beside it", key=_key(file, "keep demo"))
