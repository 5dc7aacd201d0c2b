"""The names that found no match, each with one step to join it to another."""

from typing import Any

import streamlit as st

from app import components, formats, names_moves, queries, tables
from app.components import Kpi, error_panel
from app.resources import settings, stores
from pipelines.errors import TouchlineError
from pipelines.ingest.load import assign_alias
from pipelines.name_changes import assign_hashtag
from pipelines.name_trial import try_names
from pipelines.questions import Answer

MOST_NAMES = 8
TITLE = "Unmatched"
RANKS = {"By spend": "spend", "By reach": "reach", "By count": "count"}


def show_cards(answer: Answer) -> None:
    """How much of the data lies outside: spend without touchpoints, and mentions without a campaign."""
    facts, currency = answer.facts, settings().reporting_currency
    lost, mentions = facts["mentions_without_campaign"], facts["mentions"]
    share = formats.percent(lost / mentions) if mentions else formats.DASH
    components.kpi_row(
        [
            Kpi("Names without a match", formats.number(len(answer.rows))),
            Kpi(
                "Unknown channels",
                formats.compact_money(facts["spend_of_channels"], currency),
                help="Spend of all days on channels that no touchpoint names.",
            ),
            Kpi(
                "Unknown campaigns",
                formats.compact_money(facts["spend_of_campaigns"], currency),
                help="Spend of all days on campaigns that no touchpoint names.",
            ),
            Kpi(
                "Unplaced mentions",
                f"{formats.compact(lost)} · {share}",
                help="Mentions of all days that reach no campaign: by name, by own post or by a rule.",
            ),
        ]
    )


def show_unmatched() -> None:
    """Names that no other source knows, the weightiest first, each with a name to assign; of many, any can be picked."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(
            "They are counted, but not joined. Say which name they mean, and all pages join them, past days included.",
            width="content",
        )
        rank = components.selector("Rank by", tuple(RANKS), "rank")
    names = queries.answer("unmatched_names", rank=RANKS[rank]).rows
    if names.empty:
        st.success("Every name meets another one.", icon=":material/check_circle:")
        return
    records = names.to_dict("records")
    with st.container(border=True, gap="xsmall"):
        for name in records[:MOST_NAMES]:
            _name(name)
    if further := records[MOST_NAMES:]:
        _further(further)
    columns = {
        "kind": tables.text("Kind"),
        "name": tables.text("Name"),
        "found_in": tables.text("Found in"),
        "missing_from": tables.text("Unknown to"),
        "spend": tables.money("Spend", settings().reporting_currency, 0, help=tables.AT_NEWEST_RATE),
        "reach": tables.count("Summed reach"),
        "count": tables.count("Count"),
        "suggestion": tables.text("Looks like"),
    }
    with st.expander(f"All names without a match ({formats.number(len(names))})"):
        tables.table(names, columns, "names without a match")


def _further(names: list[dict[str, Any]]) -> None:
    labels = {f"{formats.sentence_case(name['kind'])} {name['name']} ({name['found_in']})": name for name in names}
    picked = st.selectbox(
        "Another name",
        list(labels),
        index=None,
        key="further name",
        placeholder=f"{formats.counted(len(names), 'further name')} …",
    )
    if picked:
        _name(labels[picked])


def _name(name: dict[str, Any]) -> None:
    suggestion = name["suggestion"] if formats.known(name["suggestion"]) else None
    kind = "campaign" if name["kind"] == "hashtag" else name["kind"]
    known = [other for other in queries.choices().of(kind) if other not in (name["name"], suggestion)]
    key = f"{name['kind']} {name['name']} {name['found_in']}"
    told, choice, step = st.columns([5, 4, 1.1], vertical_alignment="center", gap="small")
    looks = f" · looks like **{formats.plain(suggestion)}**" if suggestion else ""
    told.markdown(
        f"{formats.sentence_case(name['kind'])} **{formats.plain(name['name'])}**{looks}  \n:small[:gray[{_weight(name)}]]"
    )
    # Nothing is chosen beforehand: it changes every page, so that it takes a choice and a click.
    means = choice.selectbox(
        f"{name['name']} means",
        [suggestion, *known] if suggestion else known,
        index=None,
        key=f"means {key}",
        placeholder="It means …",
        accept_new_options=True,
        label_visibility="collapsed",
    )
    step.button(
        "Assign",
        width="stretch",
        key=f"assign {key}",
        disabled=not means,
        on_click=_assign,
        args=(name["kind"], name["name"], means),
    )


def _weight(name: dict[str, Any]) -> str:
    source, missing = (formats.plain(name[end].replace("_", " ")) for end in ("found_in", "missing_from"))
    match name["weight_unit"]:
        case "spend":
            weight = f"{formats.money(name['weight'], settings().reporting_currency, 0)} of spend"
        case "reach":
            weight = f"{formats.compact(name['weight'])} summed reach in {source}"
        case unit:
            weight = formats.counted(name["weight"], unit.removesuffix("s"))
    if name["kind"] == "hashtag":
        return f"{weight} without a campaign have it, no rule knows it"
    return f"{weight}, unknown to {missing}"


def _assign(kind: str, name: str, means: str) -> None:
    try:
        before = stores().read()
        if kind == "hashtag":
            assign_hashtag(stores(), name, means, settings().user)
        else:
            assign_alias(stores(), kind, name, means, settings().user)
        after = stores().read()
        moved = try_names(before, after.warehouse("rules"), after.warehouse("aliases")).moved
        names_moves.keep_saved(f"{name} now means {means}.", moved)
    except TouchlineError as error:
        error_panel(error)
