"""Which rows a page shows, and how the rest stays in sight: as one row, so that totals stay whole.

Invariant: display never changes credit. The sums over the rows that come out equal those over the rows that went in, where they may be summed.
"""

from collections.abc import Sequence

import pandas as pd

from pipelines.metrics import ratios, with_results

SUMS = ("attributed_conversions", "attributed_revenue", "other", "share", "spend")


def rest_of(by: str) -> str:
    """The name of the row that stands for all others: "Other channels"."""
    return f"Other {by}s"


def nameless(by: str) -> str:
    """The name of the row that has none: "No campaign"."""
    return f"No {by}"


def named(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Rows with a name in every cell of `by`: what has none says so."""
    return rows.assign(**{by: rows[by].astype(object).where(rows[by].notna(), nameless(by))})


def picked(rows: pd.DataFrame, by: str, names: Sequence[str], summed: bool = True) -> pd.DataFrame:
    """The rows of the picked names (none picked: all) and one row for the rest, ratios computed anew for it.

    summed: false where numbers may not be summed, so that there is no row for the rest.
    """
    rows = named(rows, by)
    return _gathered(rows, by, set(names) if names else set(rows[by]), summed)


def largest(
    rows: pd.DataFrame, by: str, value: str, most: int, names: Sequence[str] = (), summed: bool = True
) -> pd.DataFrame:
    """Daily rows with only the `most` names of the largest total `value`, largest first, and the rest as one name.

    names: picked for display (none: all); what is not picked belongs to the rest. summed: as in `picked`.
    """
    rows = named(rows, by)
    totals = rows[rows[by].isin(names)] if names else rows
    order = list(totals.groupby(by)[value].sum().sort_values(ascending=False).index)
    # One name more than allowed is shown by its own name: a rest of one says less and takes the same room.
    kept = order if len(order) <= most + 1 else order[:most]
    inside = rows[by].isin(kept)
    shown = rows.assign(**{by: rows[by].where(inside, rest_of(by))}) if summed else rows[inside]
    daily = shown.groupby(["day", by], as_index=False)[[value]].sum()
    place = {name: i for i, name in enumerate([*kept, rest_of(by)])}
    return daily.sort_values(by=[by, "day"], key=lambda column: column.map(place) if column.name == by else column)


def heaviest(rows: pd.DataFrame, by: str, value: str, most: int, summed: bool = True) -> pd.DataFrame:
    """The `most` rows of the largest `value`, largest first, and one row for the rest. summed: as in `picked`."""
    ranked = rows.sort_values(value, ascending=False)
    return ranked if len(ranked) <= most + 1 else _gathered(ranked, by, set(ranked[by].head(most)), summed)


def beside(rows: pd.DataFrame, second: pd.DataFrame, by: str, value: str) -> pd.DataFrame:
    """Rows with `other` (the second model's `value`) and `change` (from the first to the second, a fraction) beside them.

    A name that only one model credits stays, with 0 from the other.
    """
    both = rows.merge(second[[by, value]].rename(columns={value: "other"}), on=by, how="outer")
    known = ["attributed_conversions", "attributed_revenue", "share", "other"]
    both[known] = both[known].astype(float).fillna(0.0)
    both["change"] = ratios(both["other"] - both[value], both[value])
    return both.sort_values(value, ascending=False, ignore_index=True)


def _gathered(rows: pd.DataFrame, by: str, keep: set[str], summed: bool) -> pd.DataFrame:
    inside = rows[by].isin(keep)
    if inside.all() or not summed:
        return rows[inside]
    columns = [column for column in SUMS if column in rows]
    # Numbers that nobody knows stay unknown: a sum of nothing is not zero.
    rest = rows.loc[~inside, columns].astype(float).sum(min_count=1).to_frame().T.assign(**{by: rest_of(by)})
    if "spend" in columns:
        rest = with_results(rest)
    return pd.concat([rows[inside], rest.reindex(columns=rows.columns)], ignore_index=True)
