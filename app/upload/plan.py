"""What storing a file would do: counted, reconciled with the file's own totals, and with what is stored of the same days.

Invariant: accepted + refused + totals = rows in the file, and it is said.
"""

from collections.abc import Iterator

import pandas as pd
import streamlit as st

from app import formats, tables
from app.components import Kpi, kpi_row
from app.resources import local_moment
from app.upload import files, refused, storing
from app.upload.files import Listed
from app.upload.follow import awaited
from pipelines.ingest import Prepared
from pipelines.ingest.plan import Plan


def show_plan(line: Listed, prepared: Prepared, plan: Plan) -> None:
    """The counts, the sentences, what to look at, and the button."""
    st.markdown("**What will happen**")
    effects = [
        Kpi("New rows", formats.number(plan.new)),
        Kpi("Replaced", formats.number(plan.replaced), help="Rows on record whose values this file changes."),
        Kpi("Unchanged", formats.number(plan.unchanged), help="Rows on record already, with the same values."),
    ]
    if plan.awaits:
        effects = [
            Kpi(
                "Rows for the lake",
                formats.number(plan.new),
                help="A later row of the same id replaces an earlier one.",
            )
        ]
    cards = [
        *effects,
        Kpi(
            "Refused",
            formats.number(prepared.refused.num_rows),
            help="Rows that cannot be stored; each has its reason.",
        ),
    ]
    kpi_row(cards)
    st.markdown("  \n".join(_sentences(prepared, plan)))
    if warnings := list(map(formats.plain, prepared.warnings)):
        st.warning(
            "\n".join(f"- {text}" for text in warnings) if len(warnings) > 1 else warnings[0], icon=":material/warning:"
        )
    if plan.already is not None and plan.changes_nothing:
        loaded = f"{formats.plain(plan.already['uploaded_by'])} on {local_moment(plan.already['committed_at'])}"
        st.info(f"Already loaded by {loaded}: storing it again changes nothing.", icon=":material/done_all:")
    if len(plan.missing):
        _missing(line, plan)
    if not plan.changes_nothing or line.answers.remove_missing:
        _remember(line)
        _button(line, prepared)


def _sentences(prepared: Prepared, plan: Plan) -> Iterator[str]:
    yield _rows(prepared)
    if prepared.reconciliation:
        yield f":material/check: {formats.plain(' '.join(prepared.reconciliation))}"
    if plan.replaced_days:
        days = formats.listed([formats.day(day) for day in plan.replaced_days], most=5)
        yield f":material/sync_alt: Of what is on record, {formats.counted(plan.replaced, 'row')} of {days} would be replaced."
    if plan.awaits:
        yield f":material/schedule: {awaited('The file lands in the lake at once; its rows show on the pages after the next run')}"
    if scope := _scope(prepared):
        yield f":small[:gray[{scope}]]"


def _rows(prepared: Prepared) -> str:
    """Every row of the file accounted for, in a sentence."""
    accepted = prepared.accepted + prepared.merged
    parts = [
        f"**{formats.number(accepted)} accepted**",
        f"{formats.number(prepared.refused.num_rows)} refused",
        formats.counted(prepared.totals_dropped, "total") if prepared.totals_dropped else "0 totals",
    ]
    said = f"{' + '.join(parts)} = {formats.counted(prepared.rows_read, 'row')} in the file."
    if prepared.merged:
        each, all_ = (
            ("is added up with an equal one", "are added up with equal ones")
            if prepared.source.repeats == "sum"
            else ("is equal to an earlier one", "are equal to earlier ones")
        )
        said += f" {formats.number(prepared.merged)} of the accepted {each if prepared.merged == 1 else all_}."
    return said


def _scope(prepared: Prepared) -> str:
    """The days and names that the accepted rows speak of."""
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
    return " · ".join(parts)


def _missing(line: Listed, plan: Plan) -> None:
    """Rows on record that the file lacks: listed, and removed only on a tick."""
    count = formats.counted(len(plan.missing), "row")
    with st.expander(f"{count} on record for the same days are not in this file", icon=":material/playlist_remove:"):
        titles = {name: formats.sentence_case(name.replace("_", " ")) for name in plan.missing.columns}
        st.dataframe(
            plan.missing.dropna(axis="columns", how="all").rename(columns=titles),
            hide_index=True,
            height="content" if len(plan.missing) <= 6 else 7 * 35 + 2,
            placeholder=formats.DASH,
            alt="Rows on record that the file lacks",
        )
    key = f"{line.file.key} remove"
    st.checkbox(
        f"Remove the {count} that this file lacks",
        line.answers.remove_missing,
        key=key,
        help="Tick it where they are gone for good, such as a campaign that was renamed. Otherwise they stay.",
        on_change=lambda: line.say(remove_missing=st.session_state[key]),
    )


def _remember(line: Listed) -> None:
    """Where a person had to say how the file is read: offer to read files with these columns so from now on."""
    if not line.answers.said_something:
        return
    key = f"{line.file.key} remember"
    st.checkbox(
        "Remember this for files with these columns",
        line.answers.remember,
        key=key,
        on_change=lambda: line.say(remember=st.session_state[key]),
    )


def _button(line: Listed, prepared: Prepared) -> None:
    reason = (
        "Answer the question above first."
        if prepared.doubts
        else "No row of this file can be stored."
        if not prepared.accepted
        else ""
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        pressed = st.button(
            f"Store {formats.counted(prepared.accepted, 'row')}",
            type="primary" if len(files.listed()) == 1 else "secondary",
            icon=":material/upload:",
            disabled=bool(reason),
            key=f"{line.file.key} store",
        )
        if reason:
            st.caption(f":material/help: {reason}", width="content")
    if pressed:
        storing.store([line])


def show_refused(line: Listed, prepared: Prepared) -> None:
    """Every refused row with its reason, and the rows themselves as a CSV file."""
    rows: pd.DataFrame = prepared.refused.to_pandas()
    columns = {
        "row": tables.count("Row", width=70),
        "column": tables.text("Column"),
        "value": tables.text("Value"),
        "reason": tables.text("Reason", width="large"),
    }
    tables.grid(rows, columns, f"refused rows of {prepared.file_name}", most=8)
    refused.save_button(
        prepared.file_name,
        prepared.source.name,
        rows["row"].nunique(),
        lambda: line.file.content,
        lambda: prepared.refused,
        prepared.said_mapping.values(),
    )
