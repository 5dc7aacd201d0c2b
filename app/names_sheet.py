"""Rules and aliases as tables that people edit: tried on the data while they write, stored in one step.

Invariant: nothing is stored before Save, and nothing that was written in this session goes before Save or Discard, whatever others store
meanwhile. What stands in a table is read by the very function that reads an upload of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from app import formats, names_moves, queries, tables
from app.components import error_panel
from app.resources import settings, stores
from pipelines.errors import TouchlineError
from pipelines.name_changes import Draft, applied, changes, overtaken, read_draft, read_file, store, without
from pipelines.name_trial import Trial, try_names
from pipelines.sources import SOURCES
from pipelines.usual_rules import usual_rules

FEWEST_ROWS, MOST_ROWS = 6, 11
"""Heights of the table in rows, its header and the row to write into counted."""


@dataclass(frozen=True)
class Sheet:
    """A table of the page. `kind`: of its rules, '' for a table of all kinds. `columns`: field -> (title, width). `said` stands above it,
    `empty` below it while it has no row."""

    source: str
    question: str
    kind: str
    said: str
    columns: Mapping[str, tuple[str, int]]
    empty: str

    @property
    def key(self) -> str:
        return f"{self.source} {self.kind}".strip()


@dataclass(frozen=True)
class Begun:
    """What a table was begun with. `held`: the rows that held then, to which what is written is a change; `rows`: those the editor started
    from, more than these where some were brought in; `number`: counts the beginnings of this table."""

    held: pd.DataFrame
    rows: pd.DataFrame
    number: int


CHANNEL_RULES = "Channel rules"
SHEETS = {
    CHANNEL_RULES: Sheet(
        "rules",
        "naming_rules",
        "channel",
        "Which channel is meant, by where a visit came from. A blank cell asks for nothing, * stands for any text. The most exact rule decides: "
        "most conditions, then fewest *.",
        {
            "source": ("Source", 150),
            "medium": ("Medium", 150),
            "platform": ("Platform", 150),
            "name": ("Channel as stored", 190),
            "means": ("Means the channel", 220),
        },
        "There are no rules yet. Write one into the table, or start with the usual ones: only those that find something come in.",
    ),
    "Campaign rules": Sheet(
        "rules",
        "naming_rules",
        "campaign",
        "Which campaign is meant: by its name as a tool writes it (* stands for any text); of mentions that name none, by a hashtag or keyword "
        "in their text, between two days if you like, or by the own post. The most exact rule decides.",
        {
            "name": ("Name as stored", 150),
            "hashtag": ("Hashtag", 130),
            "keyword": ("Keyword", 130),
            "post": ("Post (address or id)", 180),
            "first_day": ("From", 95),
            "last_day": ("To", 95),
            "means": ("Means the campaign", 190),
        },
        "There are no rules yet. Write one into the table: a hashtag and the campaign that it means are enough.",
    ),
    "Aliases": Sheet(
        "aliases",
        "aliases",
        "",
        "Which name means which other one, exactly as written but for case. Rules are asked first; an alias is looked up on what they say.",
        {"kind": ("Kind", 110), "from": ("Name", 300), "to": ("Means", 300)},
        "There are no aliases yet. Write one into the table, or assign a name under Unmatched.",
    ),
}


def show_sheet(sheet: Sheet) -> None:
    """The table, what it would change, and the step that stores it."""
    begun = _begun(sheet)
    st.caption(sheet.said)
    rows = _edited(sheet, begun)
    try:
        draft = read_draft(sheet.source, rows)
        changed, held = changes(draft, begun.held), _held(sheet)
        trial = _tried(sheet, applied(sheet.source, held, changed)) if len(changed) or len(held) else None
    except TouchlineError as error:
        error_panel(error)
        return
    _steps(sheet, begun, rows, draft, changed, trial)
    if lost := overtaken(sheet.source, changed, begun.held, held):
        st.warning(
            f"Somebody else changed {formats.counted(lost, 'row')} of yours meanwhile: Save puts what you wrote in their place, Discard shows "
            "theirs.",
            icon=":material/warning:",
        )
    for row in draft.refused.to_dict("records"):
        title = sheet.columns.get(row["column"], (row["column"], 0))[0]
        st.error(f"Row {row['row']}, {formats.plain(title)}: {formats.plain(row['reason'])}", icon=":material/error:")
    if trial is None:
        st.info(sheet.empty, icon=":material/lightbulb:")
    else:
        _show_trial(sheet, trial, bool(len(changed)))


def lead_to_usual_rules(unmatched: pd.DataFrame, key: str) -> None:
    """Where channels are unmatched and no channel rule is there yet: that the usual ones may join them, and the step to their table.
    key: of the selector that shows a table."""
    if "channel" not in set(unmatched["kind"]) or len(_held(SHEETS[CHANNEL_RULES])):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("The usual channel rules may join unmatched channels in one go.", width="content")
        st.button(
            "See the channel rules",
            icon=":material/auto_awesome:",
            on_click=lambda: st.session_state.update({key: CHANNEL_RULES}),
        )


def _held(sheet: Sheet) -> pd.DataFrame:
    rows = queries.answer(sheet.question).rows
    if sheet.kind:
        rows = rows[rows["kind"] == sheet.kind]
    return rows.reset_index(drop=True).astype(str)


def _begun(sheet: Sheet) -> Begun:
    """How the table was begun: anew where other rows hold by now and nothing is written that is not saved."""
    held = _held(sheet)
    begun: Begun | None = st.session_state.get(f"begun {sheet.key}")
    written: pd.DataFrame | None = st.session_state.get(f"written {sheet.key}")
    if begun is None or (written is None and begun.rows is begun.held and not begun.held.equals(held)):
        _begin(sheet, held, held)
    elif written is not None and _editor(sheet, begun) not in st.session_state:
        # The editor forgets its rows while another table or page is looked at.
        _begin(sheet, begun.held, written)
    started: Begun = st.session_state[f"begun {sheet.key}"]
    return started


def _begin(sheet: Sheet, held: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Start the editor anew from these rows, as a change to what held."""
    before: Begun | None = st.session_state.get(f"begun {sheet.key}")
    st.session_state[f"begun {sheet.key}"] = Begun(held, rows, before.number + 1 if before else 0)
    st.session_state.pop(f"written {sheet.key}", None)


def _editor(sheet: Sheet, begun: Begun) -> str:
    return f"edit {sheet.key} {begun.number}"


def _edited(sheet: Sheet, begun: Begun) -> pd.DataFrame:
    # No column is required: the editor would keep a half-written row to itself, and nothing would say what is missing.
    configured = {
        name: st.column_config.SelectboxColumn(title, width=width, options=_choices(name))
        if name == "kind"
        else st.column_config.TextColumn(title, width=width)
        for name, (title, width) in sheet.columns.items()
    }
    edited: pd.DataFrame = st.data_editor(
        begun.rows[list(sheet.columns)],
        key=_editor(sheet, begun),
        num_rows="dynamic",
        hide_index=True,
        column_config=configured,
        height=tables.ROW * min(max(len(begun.rows) + 3, FEWEST_ROWS), MOST_ROWS) + 3,
        placeholder="",
    )
    rows = (edited.assign(kind=sheet.kind) if sheet.kind else edited).fillna("").reset_index(drop=True)
    if any(st.session_state[_editor(sheet, begun)].values()):
        st.session_state[f"written {sheet.key}"] = rows
    else:
        st.session_state.pop(f"written {sheet.key}", None)
    return rows


def _latest(sheet: Sheet, rows: pd.DataFrame) -> pd.DataFrame:
    """What stands in the table. A button that is pressed while the page still works on the newest cell knows the `rows` before it."""
    written: pd.DataFrame = st.session_state.get(f"written {sheet.key}", rows)
    return written


def _choices(name: str) -> list[str]:
    return list(SOURCES["aliases"].field(name).choices)


def _tried(sheet: Sheet, rows: pd.DataFrame) -> Trial:
    with st.spinner("Trying it on the data …"):
        reading = stores().read()
        if sheet.source == "aliases":
            return try_names(reading, aliases=rows.rename(columns={"from": "from_name", "to": "to_name"}))
        others = queries.answer(sheet.question).rows
        return try_names(reading, pd.concat([rows, others[others["kind"] != sheet.kind]], ignore_index=True))


def _steps(
    sheet: Sheet, begun: Begun, rows: pd.DataFrame, draft: Draft, changed: pd.DataFrame, trial: Trial | None
) -> None:
    """Save and discard; for rules also the usual ones and files."""
    st.caption(
        "Write into the last row to add one. Mark rows at their left edge to delete them. Nothing is stored before you save."
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button(
            f"Save {formats.counted(len(changed), 'change')}" if len(changed) else "Save",
            type="primary",
            icon=":material/save:",
            disabled=not len(changed) or bool(len(draft.refused)),
            on_click=_save,
            args=(sheet, begun, rows, changed, trial),
            key=f"save {sheet.key}",
        )
        st.button(
            "Discard",
            disabled=begun.rows is begun.held and f"written {sheet.key}" not in st.session_state,
            on_click=_begin,
            args=(sheet, begun.held, begun.held),
            key=f"discard {sheet.key}",
        )
        if sheet.kind == "channel":
            st.button(
                "Start with the usual channel rules",
                icon=":material/auto_awesome:",
                on_click=_bring_usual,
                args=(sheet, begun, rows),
            )
        with st.popover("Import CSV", icon=":material/upload_file:"):
            st.file_uploader(
                f"A CSV file with the columns {', '.join(SOURCES[sheet.source].field_names)}. It comes into the table; nothing is saved.",
                type=["csv", "tsv", "txt", "xlsx"],
                key=f"file {sheet.key}",
                on_change=_import,
                args=(sheet, begun, rows),
            )
        if len(begun.held):
            tables.download(begun.held, sheet.key)


def _save(sheet: Sheet, begun: Begun, rows: pd.DataFrame, changed: pd.DataFrame, trial: Trial) -> None:
    try:
        store(stores(), sheet.source, changed, f"{sheet.key.replace(' ', '-')}.csv", settings().user)
        latest = _latest(sheet, rows)
        if latest.equals(rows):
            _begin(sheet, begun.held, begun.held)
        else:
            _begin(sheet, applied(sheet.source, begun.held, changed), latest)
        names_moves.keep_saved(f"{formats.counted(len(changed), 'change')} saved.", trial.moved)
    except TouchlineError as error:
        error_panel(error)


def _bring_usual(sheet: Sheet, begun: Begun, rows: pd.DataFrame) -> None:
    """Put those of the usual rules that decide about something into the table, beside its rows."""
    try:
        usual = usual_rules()
        others = queries.answer(sheet.question).rows
        tried = try_names(stores().read(), pd.concat([others, usual], ignore_index=True)).rules
        deciding = tried[(tried["kind"] == sheet.kind) & (tried[["touchpoints", "spend"]].sum(axis=1) > 0)]
        latest = _latest(sheet, rows)
        new = without(sheet.source, deciding.reindex(columns=latest.columns).astype(object).fillna(""), latest)
        _begin(sheet, begun.held, pd.concat([latest, new], ignore_index=True))
        st.session_state["done"] = (
            f"{len(new)} of {len(usual)} usual rules find something in your data. Nothing is saved yet."
        )
    except TouchlineError as error:
        error_panel(error)


def _import(sheet: Sheet, begun: Begun, rows: pd.DataFrame) -> None:
    """Put the rows of a file into the table, in the place of those with the same conditions."""
    file = st.session_state[f"file {sheet.key}"]
    if file is None:
        return
    try:
        read = read_file(sheet.source, file.getvalue(), file.name)
        brought = read.accepted[read.accepted["kind"] == sheet.kind] if sheet.kind else read.accepted
        others = without(sheet.source, _latest(sheet, rows), brought)
        _begin(sheet, begun.held, pd.concat([others, brought.reindex(columns=others.columns)], ignore_index=True))
        refused = (
            f" {formats.counted(len(read.refused), 'row')} refused: {read.refused['reason'].iloc[0]}"
            if len(read.refused)
            else ""
        )
        st.session_state["done"] = (
            f"{formats.counted(len(brought), 'row')} of {formats.plain(file.name)} in the table.{formats.plain(refused)}"
        )
    except TouchlineError as error:
        error_panel(error)


def _show_trial(sheet: Sheet, trial: Trial, changed: bool) -> None:
    left, right = st.columns([1, 1], gap="medium") if sheet.kind else (None, st.container())
    if left is not None:
        with left:
            st.subheader("What each rule decides about", anchor=False)
            _matches(sheet, trial)
    with right:
        st.subheader("What moves", anchor=False)
        if changed:
            names_moves.show_moves(trial.moved)
        else:
            st.caption("Change the table: the numbers that would move show here before anything is saved.")


def _matches(sheet: Sheet, trial: Trial) -> None:
    rows = trial.rules[trial.rules["kind"] == sheet.kind]
    if rows.empty:
        st.caption("No rule is left.")
        return
    rows = rows.assign(rule=[_told(row, sheet) for row in rows.to_dict("records")])
    measures = {
        "touchpoints": tables.count("Touchpoints"),
        "spend": tables.money("Spend", settings().reporting_currency, 0, help=tables.AT_NEWEST_RATE),
        "reach": tables.count("Summed reach"),
        "mentions": tables.count("Mentions"),
    }
    columns = {"rule": tables.text("Rule", pinned=True, width=230)}
    columns |= {name: column for name, column in measures.items() if rows[name].any()}
    columns["examples"] = tables.text("For example", width=320)
    tables.table(rows, columns, f"what {sheet.kind} rules decide about", most=8)
    idle = int((rows[list(measures)].sum(axis=1) == 0).sum())
    if idle:
        st.caption(
            f":material/info: {formats.counted(idle, 'rule')} without a row: nothing matches, or a more exact rule comes first."
        )


def _told(row: dict[str, str], sheet: Sheet) -> str:
    """A rule in a line: "google · *cp* → Paid Search"."""
    asked = [row[name] for name in sheet.columns if name != "means" and row[name]]
    return f"{' · '.join(asked)} → {row['means']}"
