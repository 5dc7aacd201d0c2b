"""Models side by side, made ready for the Compare page: who is shown, how dots look, and what the page says about them.

Invariant: nobody is called the winner who is not distinguishable from the next.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import components, formats, queries, tables
from app.charts import windows_heat
from app.formats import number, plain
from app.shown import named, nameless
from pipelines.attribution import MODELS
from pipelines.questions.compare import reconciles
from pipelines.questions.intervals import BOUNDS

TITLES = {key: model.title for key, model in MODELS.items()}
LAST_TOUCH = "last_touch"


def kinds(chosen: str) -> dict[str, str]:
    """Model -> how its dot looks: that of the chosen model, of last touch, of a data-driven model or of another rule."""
    told = {key: "rule" if model.kind == "rule" else "data" for key, model in MODELS.items()}
    return {**told, LAST_TOUCH: "last", chosen: "chosen"}


def drawn(rows: pd.DataFrame, by: str, order: pd.Series, chosen: str) -> pd.DataFrame:
    """Rows of the names in this order, under the models whose credit can be held against each other (and the chosen one)."""
    place = {name: at for at, name in enumerate(order)}
    kept = rows[rows[by].isin(order) & (rows["additive"] | (rows["model"] == chosen))]
    return kept.sort_values(by, key=lambda names: names.map(place), kind="stable")


def side_by_side(rows: pd.DataFrame, by: str, value: str, chosen: str, shown: str) -> pd.DataFrame:
    """A row a name and a column a model, the chosen one first and then last touch.

    shown: "Numbers", "Against last touch" or "Ranks", which says by how many places a name stands higher or lower.
    """
    cells = {
        "Numbers": rows[value],
        "Against last touch": rows["difference_to_last_touch"],
        "Ranks": rows.apply(_rank, axis=1),
    }
    order = list(dict.fromkeys([chosen, LAST_TOUCH, *MODELS]))
    first = rows.loc[rows["model"] == chosen].sort_values(value, ascending=False)[by]
    wide = rows.assign(cell=cells[shown]).pivot(index=by, columns="model", values="cell")
    return wide.reindex(index=list(first), columns=order).reset_index()


def _rank(row: pd.Series) -> str:
    change = int(row["rank_change"])
    return f"{row['rank']}" + (f" ▲{change}" if change > 0 else f" ▼{-change}" if change < 0 else "")


def columns_of(wide: pd.DataFrame, by: str, shown: str, money: str | None) -> dict[str, Any]:
    """The columns of that table. money: the currency where the numbers are money."""
    columns = {by: tables.text(by.capitalize(), pinned=True, width=112 if by == "channel" else 150)}
    for model in wide.columns.drop(by):
        title = TITLES[model] + ("" if MODELS[model].additive else " *")
        said = {"help": MODELS[model].summary, "width": max(92, tables.width_of(title))}
        if shown == "Ranks":
            columns[model] = tables.text(title, **said)
        elif money:
            columns[model] = tables.money(title, money, 0, **said)
        else:
            columns[model] = tables.count(title, 1, **said)
    return columns


def in_words(sure: pd.DataFrame, value: str, money: str | None, currency: str) -> pd.DataFrame:
    """Rows of credit_intervals with `between` and `cpa_between`, their intervals in words; null where there are none."""

    def counted(end: float) -> str:
        return formats.money(end, money, 0) if money else number(end)

    def priced(end: float) -> str:
        return formats.money(end, currency)

    return sure.assign(
        between=[_between(ends, counted) for ends in sure[[*BOUNDS[value]]].itertuples(index=False)],
        cpa_between=[_between(ends, priced) for ends in sure[[*BOUNDS["cpa"]]].itertuples(index=False)],
    )


def _between(ends: Sequence[float], written: Callable[[float], str]) -> str | None:
    return " – ".join(map(written, ends)) if formats.known(ends[0]) else None


def finding(
    rows: pd.DataFrame, sure: pd.DataFrame, by: str, value: str, chosen: str, money: str | None = None
) -> str | None:
    """Who leads under the chosen model as far as that can be told, and about whom the models disagree most.

    rows: of model_comparison; sure: of credit_intervals; both with a name in every row. money: the currency of the values, if they are amounts.
    """
    rows, sure = (found[found[by] != nameless(by)] for found in (rows, sure))
    if sure.empty or not sure[value].max() > 0:
        return None
    return f"{_leader(sure, by, TITLES[chosen])} {_disagreement(rows, by, value, money)}".strip()


def _leader(sure: pd.DataFrame, by: str, model: str) -> str:
    first = [plain(name) for name in sure.loc[sure["tier"].fillna(0) == 1, by]]
    if not first:
        return f"**{plain(sure[by].iloc[0])}** earns most under {plain(model)}; how sure that is cannot be told."
    if len(first) == 1:
        return f"**{first[0]}** leads under {plain(model)}, clear of chance."
    return f"Nobody leads alone under {plain(model)}: {formats.listed([f'**{name}**' for name in first])} are not distinguishable."


def _disagreement(rows: pd.DataFrame, by: str, value: str, money: str | None) -> str:
    held = rows[rows["additive"]]
    spread = held.groupby(by)[value].agg(lambda own: own.max() - own.min())
    if not spread.max() >= 1:
        return "All models say much the same."
    own = held[held[by] == spread.idxmax()].sort_values(value, kind="stable")
    least, most = (
        f"{formats.money(row[value], money, 0) if money else number(row[value])} ({plain(TITLES[row['model']])})"
        for row in (own.iloc[0], own.iloc[-1])
    )
    return f"The models disagree most about **{plain(own[by].iloc[0])}**: from {least} to {most}."


def reconciled(facts: Mapping[str, Any]) -> str:
    """That credit and what is unattributed are all conversions, under how many models; or under which ones they are not."""
    if facts["reconciled"] is None:
        return (
            "Credit on the day of the touchpoint is not that of the period's conversions: it is not held against them."
        )
    parts = [facts[name] for name in ("attributed_conversions", "unattributed_conversions", "conversions")]
    told = f"{number(parts[0])} + {number(parts[1])} = {number(parts[2])}"
    if facts["reconciled"]:
        return f"Credit + unattributed = conversions: {told} ✓ under all {len(facts['off'])} models whose credit may be summed."
    off = [TITLES[model] for model, difference in facts["off"].items() if not reconciles(parts[2], difference)]
    return f"Credit + unattributed = conversions does not hold under {formats.listed(off)} ({told}): please report it."


@st.fragment
def show_windows(names: list[str], by: str, value: str, asked: Mapping[str, Any], chosen: str) -> None:
    """What the window changes for one name: choosing another one draws nothing else anew."""
    name = components.dropdown(by.capitalize(), names, key="windows_of")
    found = queries.answer("model_windows", **asked, name=name)
    rows = named(found.rows, by)
    st.caption(
        f"{formats.sentence_case(value.replace('_', ' '))} of {plain(name)} by model and look-back window. "
        "Without ordered Shapley, which is Shapley by name, the hybrid, which is made of two others, and models that may not be summed."
    )
    figure = windows_heat(rows, value, chosen, TITLES, components.theme())
    components.chart(figure, "windows", f"What {name} earns by model and look-back window")


@st.fragment
def show_parity(asked: Mapping[str, Any]) -> None:
    """The check on demand: the same credit from a second implementation."""
    if not st.button(
        "Check parity now", icon=":material/rule:", help="Works credit out a second time, outside of the lake."
    ):
        return
    with st.spinner("Working credit out a second time …"):
        found = queries.answer("parity", **asked)
    facts, rows = found.facts, found.rows
    whole = f" of {number(facts['of'])}" if formats.known(facts["of"]) else ""
    said = f"on {number(facts['compared'])}{whole} attributed conversions"
    if facts["disagree"]:
        st.error(
            f"Parity: {formats.counted(facts['disagree'], 'model disagrees', 'models disagree')} {said}. Please report it."
        )
    else:
        st.success(
            f"Parity: {formats.counted(facts['agree'], 'model agrees', 'models agree')} to {_small(facts['tolerance'])} {said}."
        )
    columns = {
        "title": tables.text("Model"),
        "says": tables.text("Parity"),
        "difference": tables.text("Largest difference"),
        "relative": tables.text("Relative"),
        "sums": tables.text("Credit + unattributed = conversions"),
        "note": tables.text("Note"),
    }
    told = rows.assign(
        title=rows["model"].map(TITLES),
        says=[_mark(agrees) for agrees in rows["agrees"]],
        difference=rows["difference"].map(_small),
        relative=rows["relative_difference"].map(_small),
        sums=[_mark(holds) for holds in rows["reconciles"]],
    )
    tables.grid(told, columns, "Parity of each model", most=20)


def _small(value: float) -> str | None:
    """A number near nothing: 1e-9, 0."""
    return f"{value:.0e}".replace("e-0", "e-").replace("0e+00", "0") if formats.known(value) else None


def _mark(holds: Any) -> str | None:
    return None if pd.isna(holds) else "✓" if holds else "✗"
