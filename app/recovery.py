"""What would bring credit back, in sentences and tables: another window, identifiers that meet, and the conversions themselves.

Invariant: an e-mail address is never shown in full.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import components, findings, formats, queries, resources, tables
from app.charts import days_outside_chart, window_curve_chart
from app.filters import Filters
from pipelines.default_view import WINDOWS
from pipelines.questions import ask

SHOWN, IN_FILE = 200, 50_000
ALL_REASONS = "All reasons"

_KINDS = {
    "email": "e-mail addresses",
    "uuid": "UUIDs",
    "ga_client": "Google Analytics client ids",
    "digits": "numbers of {length} digits",
    "sha256": "hashes of 64 hex digits (SHA-256)",
    "sha1": "hashes of 40 hex digits (SHA-1)",
    "md5": "hashes of 32 hex digits (MD5)",
    "lettered": "“{lead}” and digits, {length} characters",
    "other": "other texts of {length} characters",
}
"""What an identifier looks like -> the same in words."""


def windows(curve: pd.DataFrame, facts: Mapping[str, Any], window: float) -> None:
    """The curve over windows and how many days the chosen one misses by. curve, facts: of the question window_curve."""
    st.markdown(f"**Would another look-back window help?** {window_finding(curve, facts, window)}")
    gained = curve.set_index("window_days")["attributed"].diff()
    gained = gained[gained.index > window]
    if len(gained):
        # The first longer window adds to what the chosen one has, which may end within a day.
        gained.iloc[0] = curve.loc[curve["window_days"] == gained.index[0], "attributed"].iloc[0] - facts["attributed"]
    left, right = st.columns(2, gap="medium")
    with left:
        alt = "Attributed conversions by look-back window"
        components.chart(window_curve_chart(curve, window, components.theme()), "window curve", alt)
    with right:
        if gained.sum() > 0:
            alt = "Conversions by how many days outside the window they are"
            components.chart(days_outside_chart(gained, window, components.theme()), "days outside", alt)
        else:
            st.caption("No longer window that is stored would attribute more.")
    tables.download(curve, "attributed by look-back window")


def window_finding(curve: pd.DataFrame, facts: Mapping[str, Any], window: float) -> str:
    """What a window of half the length or less and the two longest ones would change, and what no window reaches."""
    by_window = curve.set_index("window_days")["attributed"]
    now = facts["attributed"]
    others = [days for days in WINDOWS if days in by_window.index and days != window]
    shorter = [days for days in others if days <= window / 2][-1:]
    longer = [days for days in others if days > window]
    said = [f"{formats.days(days)} would attribute {_more_or_fewer(by_window[days] - now)}" for days in shorter]
    said += [f"{formats.days(days)} {_more_or_fewer(by_window[days] - now)}" for days in longer[-2:]]
    sentence = f"{formats.sentence_case(', '.join(said))}." if said else ""
    lost = [
        f"{formats.counted(facts[name], 'conversion')} {why}"
        for name, why in (
            ("beyond_longest", "lie further back than journeys are stored"),
            ("after_conversion", "met their first touchpoint only afterwards"),
        )
        if facts[name]
    ]
    return f"{sentence} {' and '.join(lost)}{'.' if lost else ''}".strip()


def people(rows: pd.DataFrame, facts: Mapping[str, Any], currency: str) -> None:
    """Whose conversions have no touchpoint at all, and what identifiers look like on both sides. Of the question unmatched_people."""
    st.markdown(f"**Why were they never seen?** {shapes_finding(facts['shapes'])}")
    st.caption(
        f"{formats.counted(facts['people'], 'person', 'people')} converted without any touchpoint"
        + (f"; the {len(rows)} with most conversions:" if facts["people"] > len(rows) else ":")
    )
    columns = {
        "person": tables.text("Identifier", pinned=True),
        "conversions": tables.count("Conversions"),
        "revenue": tables.money("Revenue", currency, 0),
        "first_day": tables.text("First on"),
        "last_day": tables.text("Last on"),
    }
    tables.grid(rows.assign(person=rows["person"].map(masked)), columns, "people without touchpoints", most=6)


def shapes_finding(shapes: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """What identifiers look like on both sides, and what follows. shapes: side -> its most frequent shapes."""
    ours, theirs = (shapes.get(side, ()) for side in ("unmatched", "touchpoints"))
    if not ours:
        return ""
    if not theirs:
        return f"Their conversions carry {_in_words(ours)}; no touchpoint of these days carries an identifier."
    sentence = f"Their conversions carry {_in_words(ours)}; touchpoints carry {_in_words(theirs)}."
    if {(shape["kind"], shape["lead"]) for shape in ours} & {(shape["kind"], shape["lead"]) for shape in theirs}:
        return f"{sentence} Both sides write identifiers alike: these people may not have been tracked at all."
    return f"{sentence} The two never meet: send the same identifier from site, shop and ad tools."


def masked(identifier: str) -> str:
    """An identifier as it may be shown: of an e-mail address only its beginning and its domain."""
    name, sign, domain = identifier.partition("@")
    return f"{name[:1]}…@{domain}" if sign else identifier


def conversions(filters: Filters, reasons: Sequence[str]) -> None:
    """The conversions without credit themselves, of one reason or all, as a table and a file."""
    st.markdown("**Which conversions are they?**")
    titles = {findings.REASONS[reason][0]: reason for reason in reasons}
    reason = titles.get(components.dropdown("Reason", [ALL_REASONS, *titles], key="listed_reason"))
    asked = {**filters.credit(), "reason": reason}
    found = queries.answer("unattributed_conversions", **asked, limit=SHOWN)
    columns = {
        "conversion_id": tables.text("Conversion", pinned=True),
        "day": tables.text("Day"),
        "type": tables.text("Type"),
        "revenue": tables.count("Revenue", 2),
        "currency": tables.text("Currency"),
        "reason": tables.text("Reason"),
        "nearest_age_days": tables.count("Nearest touch, days before", 1),
        "days_outside": tables.count("Days outside the window", 1),
    }
    rows = found.rows.assign(reason=found.rows["reason"].map({key: title for title, key in titles.items()}))
    tables.grid(rows, columns, "conversions without credit", most=8)
    total, stores = found.facts["found"], resources.stores()
    refunds = found.facts["refunds"]
    said = (
        [f"{formats.counted(total - refunds, 'conversion')} and {formats.counted(refunds, 'refund')}."]
        if refunds
        else []
    )
    if total > len(rows):
        whole = "all of them" if total <= IN_FILE else f"the newest {formats.number(IN_FILE)}"
        said.append(
            f"The newest {formats.number(len(rows))} of {formats.number(total)} are shown; the file holds {whole}."
        )
    if said:
        st.caption(" ".join(said))
    tables.download(
        lambda: ask(stores, "unattributed_conversions", {**asked, "limit": IN_FILE}).rows, "conversions without credit"
    )


def _in_words(shapes: Sequence[Mapping[str, Any]]) -> str:
    return formats.listed([_shape(shape) for shape in shapes if shape["share"] >= 0.02], most=3)


def _shape(shape: Mapping[str, Any]) -> str:
    short, long = shape["shortest"], shape["longest"]
    length = f"{short}" if short == long else f"{short} to {long}"
    words = formats.plain(_KINDS[shape["kind"]].format(length=length, lead=shape["lead"]))
    example = "" if shape["kind"] == "email" else f" (`{formats.short(shape['example'], 20)}`)"
    return f"**{words}**{example}"


def _more_or_fewer(difference: float) -> str:
    if not difference:
        return "as many"
    return f"**{formats.number(abs(difference))} {'more' if difference > 0 else 'fewer'}**"
