"""What the page Journeys says about paths in words and on its cards.

Invariant: as in `findings`, a sentence says only what the rows say, with every name from the data made plain.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from app.formats import DASH, counted, known, number, percent, plain, short
from pipelines.questions.journeys import LONGEST_PATH

ENOUGH = 30
"""Conversions of a path below which its rate is no finding."""


def touches(median: float | None) -> str:
    """A median of touches; the last length stands for longer ones as well."""
    return f"{LONGEST_PATH}+" if median == LONGEST_PATH else number(median)


def days(median: float | None) -> str:
    """A median of whole days."""
    if median is None:
        return DASH
    return "under 1" if median == 0 else number(median)


def finding(lengths: Mapping[str, Any], lags: Mapping[str, Any], paths: pd.DataFrame) -> str | None:
    """How quickly people convert, and the frequent path of which most do. lengths, lags: facts; paths: rows of `top_paths`."""
    if not known(lengths["median_touches"]) or not known(lags["median_days"]):
        return None
    touched = "one touch" if lengths["median_touches"] == 1 else f"{touches(lengths['median_touches'])} touches"
    lasted = "a day" if lags["median_days"] in (0, 1) else f"{days(lags['median_days'])} days"
    sentence = f"Half of the conversions come within **{touched}** and about **{lasted}**"
    frequent = paths[paths["conversions"] >= ENOUGH]
    if frequent.empty or not known(lengths["rate"]):
        return f"{sentence}."
    best = frequent.loc[frequent["rate"].idxmax()]
    return (
        f"{sentence}. Of the frequent paths, **{plain(short(best['path'], 60))}** converts best: {percent(best['rate'], 0)} of its journeys "
        f"against {percent(lengths['rate'], 0)} of all."
    )


def other_paths(facts: Mapping[str, Any], shown: int) -> str:
    """What the paths that are not shown amount to."""
    rest = facts["paths"] - shown
    if rest <= 0:
        return f"All {counted(shown, 'path')} of the period."
    return (
        f"{number(rest)} more paths brought {counted(facts['others']['conversions'], 'conversion')} of "
        f"{counted(facts['others']['journeys'], 'journey')}."
    )
