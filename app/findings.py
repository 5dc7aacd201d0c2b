"""What a page says first: its finding in a sentence, as Markdown with every name from the data made plain.

Invariant: a sentence says only what the rows say; where they say nothing worth a sentence, it is None.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from app import formats
from app.formats import known, money, number, percent, plain
from app.shown import nameless, rest_of

REASONS: dict[str, tuple[str, str]] = {
    "unknown_person": (
        "Person unknown",
        "Send an identifier with every conversion: the export has rows without one.",
    ),
    "no_touchpoint": (
        "Never seen before",
        "Check that site, shop and ad tools use the same identifier: these people have no touchpoint at all.",
    ),
    "no_consent": (
        "No consent",
        "Nothing to repair: the only touchpoints were recorded without consent and may not earn credit.",
    ),
    "excluded_channel": (
        "Left-out channel",
        "Take the channel back into the model in the filter bar: it holds the only touchpoints.",
    ),
    "outside_window": (
        "Outside the window",
        "Try a longer look-back window: these people were met before it begins, or only after the conversion.",
    ),
}
"""Why a conversion is unattributed: a title, and what to do about it."""


def overview_finding(rows: pd.DataFrame) -> str | None:
    """How conversions, spend and paid CPA moved. rows: of the overview question."""
    metrics = rows.set_index("metric").to_dict("index")
    conversions, cpa, spend = (metrics[name] for name in ("conversions", "paid_cpa", "spend"))
    if not known(conversions["change"]):
        return None
    sentence = f"Conversions {_moved(conversions['change'])} to **{number(conversions['value'])}**"
    if known(spend["change"]):
        sentence += f" while spend {_moved(spend['change'])}"
    if known(cpa["change"]):
        sentence += f"; paid CPA {_moved(cpa['change'])}"
    return f"{sentence}."


def quadrants_finding(rows: pd.DataFrame, by: str) -> str | None:
    """The point that needs a decision first: a PR problem, else what deserves budget, else how the points lie."""
    heaviest = rows.sort_values("reach", ascending=False, na_position="last")
    warned = heaviest[heaviest["pr_warning"].fillna(False).astype(bool)]
    if len(warned):
        first = warned.iloc[0]
        rest = len(warned) - 1
        others = f" {formats.counted(rest, 'more is', 'more are')} like it." if rest else ""
        share = percent(first["negative_share"], 0)
        return f"**{plain(first[by])}**: {share} of its rated mentions are negative. PR fix before budget.{others}"
    performers = heaviest[heaviest["quadrant"] == "High Performers"].sort_values(
        "cpa", na_position="last", kind="stable"
    )
    if len(performers):
        best = performers.iloc[0]
        # A price says something only beside another one.
        compared = int(performers["cpa"].notna().sum()) > 1
        praise = "is the High Performer with the lowest paid CPA" if compared else "is widely seen and talked about"
        return f"**{plain(best[by])}** {praise}. {plain(best['advice'])}"
    if rows["quadrant"].isna().all():
        return f"Too few {by}s have both reach and mentions to name quadrants: four are needed."
    return None


def credit_finding(
    rows: pd.DataFrame, by: str, value: str, model: str, other: str, whole: float | None = None
) -> str | None:
    """Who of the shown earns most, and whom a second model sees most differently. other: its title, empty for none.

    rows: with `other` and `change` where there is a second model; the one that stands for what is not shown only counts in the total.
    whole: what there was to take part in, where the model's credit may not be summed.
    """
    total = rows[value].sum() if whole is None else whole
    some = bool((rows[by] == rest_of(by)).any())
    rows = rows[~rows[by].isin([nameless(by), rest_of(by)])]
    if rows.empty or not total > 0:
        return None
    first = rows.sort_values(value, ascending=False).iloc[0]
    what = "attributed revenue" if value == "attributed_revenue" else "attributed conversions"
    part = f"{percent(first[value] / total, 0)} of all {what}"
    if whole is not None:
        sentence = f"**{plain(first[by])}** took part in most: {part}."
    elif some and len(rows) == 1:
        sentence = f"**{plain(first[by])}** earns {part} under {plain(model)}."
    else:
        whose = f"Of the shown {by}s, " if some else ""
        sentence = f"{whose}**{plain(first[by])}** earns most under {plain(model)}: {part}."
    if not other:
        return sentence
    moved = rows[rows["change"].abs() >= 0.05]
    if moved.empty:
        return f"{sentence} {plain(other)} says much the same."
    largest = moved.loc[(moved["other"] - moved[value]).abs().idxmax()]
    return f"{sentence} {plain(other)} gives **{plain(largest[by])}** {_more_or_less(largest['change'])}."


def spend_finding(
    rows: pd.DataFrame, by: str, totals: Mapping[str, Any], currency: str, summed: bool = True
) -> str | None:
    """Where a conversion costs least and where most, against paid CPA overall, or why no price can be told.

    summed: false where credit may not be summed, so that there is no price.
    """
    if not summed:
        return None
    if totals.get("spend") and not known(totals.get("paid_cpa")) and rows["attributed_conversions"].sum() > 0:
        return (
            f"Nothing that has spend earned a conversion, so no price can be told: the {by}s of spend may be called otherwise than those "
            "of the touchpoints. The Names page joins them."
        )
    priced = rows[rows["cpa"].notna() & (rows["attributed_conversions"] >= 1) & (rows[by] != rest_of(by))]
    priced = priced.sort_values("cpa")
    if len(priced) < 2 or not known(totals.get("paid_cpa")):
        return None
    least, most = priced.iloc[0], priced.iloc[-1]
    return (
        f"A conversion costs {money(totals['paid_cpa'], currency)} (paid CPA): least through **{plain(least[by])}** "
        f"({money(least['cpa'], currency)}), most through **{plain(most[by])}** ({money(most['cpa'], currency)})."
    )


def unattributed_finding(rows: pd.DataFrame, facts: Mapping[str, Any]) -> str | None:
    """How much is unattributed, and the reason behind most of it."""
    if not known(facts.get("share")) or rows.empty:
        return None
    first = rows.sort_values("conversions", ascending=False).iloc[0]
    title, _ = REASONS.get(first["reason"], (first["reason"], ""))
    part = percent(first["conversions"] / facts["unattributed_conversions"], 0)
    return (
        f"**{percent(facts['share'])}** of {number(facts['conversions'])} conversions earned nobody credit; "
        f"{part} of them for one reason: {title.lower()}."
    )


def completion_finding(facts: Mapping[str, Any], rule: str, model: str) -> str | None:
    """How much of the credit of recent days has come in. rule: the title of what it is read off; model: that of what is shown."""
    if not facts.get("incomplete_days") or not known(facts.get("came_in")):
        return None
    days = facts["incomplete_days"]
    which = "The last day is" if days == 1 else f"The last {number(days)} days are"
    sentence = (
        f"{which} incomplete: about {percent(facts['came_in'], 0)} of {'its' if days == 1 else 'their'} credit has come in; "
        "hatched: what is still expected"
    )
    if rule != model:
        sentence += f", as it comes in under {plain(rule)}, since {plain(model)} gives touches no weights of their own"
    unknown = facts.get("unknown_days")
    return f"{sentence}." + (
        " More may come than that: no day has lived through the whole window yet." if unknown else ""
    )


def _moved(fraction: float) -> str:
    if abs(fraction) < 0.005:
        return "stayed level"
    return f"{'rose' if fraction > 0 else 'fell'} {formats.percent(abs(fraction), 0)}"


def _more_or_less(fraction: float) -> str:
    return f"{percent(abs(fraction), 0)} {'more' if fraction > 0 else 'less'}"
