"""What pages are built from: cards, charts, tables, empty states, and what is said when something fails.

Invariant: text from outside (names, file contents, error values) is shown as typed, never as Markdown or HTML.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import formats, navigation, queries
from app.charts import Theme, stable_colours
from app.charts.theme import NAMELESS_COLOUR
from app.filters import Filters
from app.resources import stores
from app.shown import nameless
from pipelines.attribution import MODELS
from pipelines.errors import TouchlineError
from pipelines.questions import QUESTIONS, Answer
from pipelines.sources import SOURCES

log = logging.getLogger(__name__)

_PLOTLY = {"displayModeBar": False, "responsive": True, "scrollZoom": False}


@dataclass(frozen=True)
class Kpi:
    """A card: a title, a value as text, its change as text (None: nothing to compare with), and whether more is better."""

    title: str
    value: str
    change: str | None = None
    better: Literal["more", "less", "neither"] = "more"
    help: str | None = None


def theme() -> Theme:
    """The charts' theme that matches the page: light or dark."""
    return Theme(dark=st.context.theme.type == "dark")


def filters() -> Filters:
    """What the filter bar chose on this run."""
    chosen: Filters = st.session_state["filters"]
    return chosen


def kpi_row(cards: Sequence[Kpi], columns: int = 4, narrowest: int = 150) -> None:
    """Cards side by side that fold to fewer a row, two on a phone."""
    colour: dict[str, Literal["normal", "inverse", "off"]] = {"more": "normal", "less": "inverse", "neither": "off"}
    with st.grid(columns, min_column_width=narrowest, gap="xsmall"):
        for card in cards:
            st.metric(
                card.title,
                card.value,
                card.change,
                delta_color=colour[card.better],
                help=card.help,
                border=True,
                height="stretch",
            )


def finding(sentence: str | None, chosen: Filters, compared: bool = True) -> None:
    """What the page found, in a sentence, with the period it is about and (where it compares) the one it is compared with.

    sentence: Markdown in which every name from the data was made plain; None where there is nothing to say.
    """
    against = chosen.comparison if compared else None
    before = f" vs {formats.period(against.start, against.end)}" if against else ""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"):
        if sentence:
            st.markdown(f":material/lightbulb: {sentence}", width="content")
        if compared and chosen.uncompared:
            before = f" · {chosen.uncompared}"
        st.caption(f"{chosen.described()}{before}", width="content")


def chart(figure: go.Figure, key: str, alt: str) -> None:
    """A chart that cannot be picked from. `alt` says in a sentence what it shows."""
    st.plotly_chart(figure, theme=None, config=_PLOTLY, key=key, alt=alt)


def pickable_chart(figure: go.Figure, key: str, alt: str) -> str | None:
    """A chart whose points can be picked; the name (customdata) of the point that is picked, None for none."""
    event = st.plotly_chart(
        figure, theme=None, config=_PLOTLY, key=key, alt=alt, on_select="rerun", selection_mode="points"
    )
    picked = event.selection.points
    return str(picked[0]["customdata"][0]) if picked and picked[0].get("customdata") else None


def stop_if_empty(answer: Answer, what: str) -> None:
    """Where the answer has no rows, say why and what to do instead of drawing an empty chart, and end the page.

    what: what the page would have shown, for the sentence ("quadrants", "credit").
    """
    mark_stale(answer)
    if len(answer.rows):
        return
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        if answer.missing:
            titles = formats.listed([SOURCES[name].title.lower() for name in answer.missing], most=8)
            st.subheader(f"No {what} yet", anchor=False, text_alignment="center")
            lands = stores().lake.lands_uploads and any(SOURCES[name].store == "lake" for name in answer.missing)
            fills = "with the next run of the lake's jobs" if lands else "by itself"
            st.markdown(f"This page needs {titles}. Bring a CSV file and it fills {fills}.", text_alignment="center")
            upload_link("Upload data")
        else:
            st.subheader(f"No {what} in this period", anchor=False, text_alignment="center")
            st.markdown(
                f"Nothing is on record for {filters().described()} with these filters. "
                "Choose another period or conversion type above.",
                text_alignment="center",
            )
    st.stop()


def upload_link(label: str) -> None:
    """A link to the Upload page that keeps the address's filters out of the way: they come back from the session."""
    st.page_link(navigation.PAGES / navigation.UPLOAD, label=label, icon=":material/upload:")


def about_model(*answers: Answer) -> None:
    """What has to be known of the model to read the numbers, said where they begin: `notes` does not repeat it."""
    for sentence in dict.fromkeys(sentence for answer in answers for sentence in answer.facts.get("said", ())):
        st.caption(f":material/info: {formats.plain(sentence)}")


def notes(*answers: Answer, untouched: Sequence[str] = ()) -> None:
    """The foot of a page: what is missing, warnings, filters that do not reach the page, and where the numbers come from."""
    missing = dict.fromkeys(name for answer in answers for name in answer.missing)
    said = {sentence for answer in answers for sentence in answer.facts.get("said", ())}
    for warning in dict.fromkeys(warning for answer in answers for warning in answer.warnings):
        if warning not in said:
            st.caption(f":material/info: {formats.plain(warning)}")
    if missing:
        titles = formats.listed([SOURCES[name].title.lower() for name in missing], most=8)
        st.caption(f":material/info: What needs {titles} stays empty until such a file is uploaded.")
    if untouched:
        st.caption(f":material/filter_alt_off: These filters do not change this page: {', '.join(untouched)}.")
    if scanned := _scanned(answers):
        st.caption(f":material/cloud: {formats.plain(scanned)}")
    with st.popover("Where these numbers come from", type="tertiary", icon=":material/account_tree:"):
        for answer in answers:
            _pedigree(answer)


def _scanned(answers: Sequence[Answer]) -> str | None:
    """What was read in the cloud for a page, and when: answers that were computed before are shown again for nothing."""
    scans = [(answer.scan, answer.computed_at) for answer in answers if answer.scan]
    if not scans:
        return None
    count = sum(scan.scanned_bytes for scan, _ in scans)
    read = formats.size(count) if count else "nothing"
    price = sum(scan.dollars for scan, _ in scans)
    queries = formats.counted(sum(scan.queries for scan, _ in scans), "query", "queries")
    costs = f", for ${price:.4f}" if price else ""
    when = formats.ago(min(moment for _, moment in scans))
    return (
        f"{scans[0][0].engine} scanned {read} in {queries}{costs}, when the answers of this page were computed, {when}."
    )


def _pedigree(answer: Answer) -> None:
    """Where an answer comes from: in words what was asked, of which days, under which model, and how old it is; the parameters folded."""
    asked, question = answer.parameters, QUESTIONS[answer.question]
    parts = []
    if asked.get("start") and asked.get("end"):
        parts.append(formats.period(date.fromisoformat(asked["start"]), date.fromisoformat(asked["end"])))
    if "model" in asked:
        parts.append(f"{MODELS[asked['model']].title}, window {formats.days(asked['lookback_days'])}")
        parts += _options(asked)
    if question.sources:
        parts.append(f"from {formats.listed([SOURCES[name].title.lower() for name in question.sources], most=8)}")
    parts.append(f"computed {formats.ago(answer.computed_at)}, data version {formats.plain(answer.data_version)}")
    st.markdown(f"**{formats.plain(question.title)}**  \n{' · '.join(parts)}")
    with st.expander("Parameters"):
        st.json({"question": answer.question, **{k: v for k, v in asked.items() if v not in (None, [], "")}})


def _options(asked: Mapping[str, Any]) -> list[str]:
    """What was asked of which touches and conversions count, where that is not as usual."""
    direct, impressions = asked.get("direct", "keep"), asked.get("impression_lookback_days")
    said = {
        f"direct: {direct}": direct != "keep",
        f"window of impressions {formats.days(impressions or 0)}": impressions is not None,
        "repeats collapsed": asked.get("collapse"),
        "restart after a conversion": asked.get("restart"),
        "first conversions only": asked.get("first_conversion"),
        "by touchpoint date": asked.get("by_touch_date"),
    }
    return [sentence for sentence, holds in said.items() if holds]


def selector(label: str, options: Sequence[str], key: str, labelled: bool = False) -> str:
    """A choice between a few things, all in sight, kept in the address under `key`; the first option is the default."""
    chosen: str = st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=key,
        bind="query-params",
        label_visibility="visible" if labelled else "collapsed",
        width="content",
    )
    return chosen


def dropdown(label: str, options: Sequence[str], key: str, default: str | None = None) -> str:
    """A choice among many things, kept in the address under `key`; the default is the first option unless named."""
    index = options.index(default) if default else 0
    chosen: str = st.selectbox(label, options, index=index, key=key, bind="query-params", width=200)
    return chosen


def threshold(label: str, key: str) -> float | None:
    """A number of the user's own to call values above it high, kept in the address; None, and so the median, until one is typed."""
    return st.number_input(
        label,
        min_value=0.0,
        value=None,
        step=100.0,
        format="%g",
        placeholder="the median",
        key=key,
        bind="query-params",
        width=220,
    )


def colours(by: str, rows: pd.DataFrame) -> dict[str, str]:
    """The colour of every known name of a dimension: the same on every page, whatever is visible."""
    known = queries.choices().of(by) or [str(name) for name in rows[by].dropna().unique()]
    return {nameless(by): NAMELESS_COLOUR, **stable_colours(known)}


def coverage(by: str, facts: Mapping[str, Any]) -> None:
    """How much of the join was met, in points and in cells, and the points that have only one side."""
    st.caption(
        f"Join coverage: {formats.number(facts['points_both'])} of {formats.counted(facts['points_all'], by)} and "
        f"{formats.number(facts['cells_both'])} of {formats.counted(facts['cells_all'], f'{by}-day')} have reach and mentions."
        + (
            f" {formats.counted(lost, 'mention')} of the period name no {by}."
            if (lost := facts["mentions_without_name"])
            else ""
        )
        + (
            f" A summed reach of {formats.compact(lost)} names no {by}."
            if (lost := facts["reach_without_name"])
            else ""
        ),
        help="How much of what was uploaded meets on the same names and days. What lacks a side cannot be placed in a quadrant.",
    )
    one_sided = [(facts["only_reach"], "mentions"), (facts["only_mentions"], "reach")]
    lacking = [f"**No {side}:** {', '.join(map(formats.plain, names))}" for names, side in one_sided if names]
    if lacking:
        count = sum(len(names) for names, _ in one_sided)
        with st.expander(f"{formats.counted(count, by)} with reach or mentions, but not both"):
            st.markdown("\n\n".join(lacking))


def mark_stale(answer: Answer) -> None:
    """A banner where the answer is the last good one because a store does not answer now."""
    if answer.stale:
        reason = f" {formats.plain(answer.warnings[0])}" if answer.warnings else ""
        st.warning(
            f"The data cannot be read now, so this is the last good result, from {formats.ago(answer.computed_at)}.{reason}",
            icon=":material/history:",
        )


def error_panel(error: TouchlineError) -> None:
    """What happened and what to do about it."""
    st.error(f"**{formats.plain(error.message)}**\n\n{formats.plain(error.remedy)}", icon=":material/error:")


@contextmanager
def calm() -> Iterator[None]:
    """Turn whatever goes wrong inside into a sentence: what the user can do for our own errors, an apology and a log entry for defects."""
    try:
        yield
    except TouchlineError as error:
        error_panel(error)
    except Exception:
        log.exception("a page failed")
        st.error(
            "**Something went wrong on our side.** Reload the page; if it stays, the log of the dashboard has the details.",
            icon=":material/error:",
        )
