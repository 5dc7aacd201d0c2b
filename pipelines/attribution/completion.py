"""Right-censoring: how much of its credit a recent day has seen, when credit is reported by the day of the touchpoint.

Invariants: completion is between 0 and 1, never falls with the age of the day, and is 1 for a day whose whole look-back window has passed;
observed = completion x expected wherever completion is known to be above 0.

Source: the chain ladder of claims reserving: Mack, "Distribution-free calculation of the standard error of chain ladder reserve estimates",
ASTIN Bulletin 23 (1993). A day's credit grows with the lag to its conversions; the growth from lag k to k + 1 is read off all days that have
seen lag k + 1 whole (their credit to k + 1 by their credit to k), and what is yet to come is the product of the growths yet to come.
"""

from math import ceil

import numpy as np
import pandas as pd

from pipelines.attribution.model import Numbers

DAY = pd.Timedelta(days=1)


def completion(credit: pd.DataFrame, last_day: str, window_days: float) -> pd.DataFrame:
    """One row a touch day from the first with credit to last_day: touch_day, observed, completion, expected, known.

    credit: `touch_day` (YYYY-MM-DD), `lag_days` (calendar days from touch to conversion: the difference of their days), `credit` (a sum,
    not below zero). last_day: the last day whose conversions are complete; credit of later conversions is left out. window_days: the
    look-back window, so no lag is longer than it.
    completion: the expected part of a day's final credit that is observed so far. expected: the final credit; null where nothing could
    be seen yet (completion 0). known: false where the days since are shorter than the window and no day has lived through the rest of it: the
    lags that nobody saw yet count as if nothing came of them, so completion is too high there.
    """
    days = pd.to_datetime(credit["touch_day"], format="%Y-%m-%d")
    end, longest = pd.Timestamp(last_day), ceil(window_days)
    lags = np.minimum(credit["lag_days"].to_numpy(dtype=np.int64), longest)
    counted = ((days + pd.to_timedelta(lags, unit="D")) <= end).to_numpy()
    columns = ["touch_day", "observed", "completion", "expected", "known"]
    if not counted.any():
        return pd.DataFrame(columns=columns)
    first = days[counted].min()
    rows = (end - first).days + 1
    triangle = np.zeros((rows, longest + 1))
    place = (days[counted] - first).dt.days.to_numpy()
    np.add.at(triangle, (place, lags[counted]), credit["credit"].to_numpy(dtype=np.float64)[counted])
    ages = np.arange(rows - 1, -1, -1)
    observed, seen = triangle.sum(axis=1), completion_by_age(triangle)[np.minimum(ages, longest)]
    expected = np.divide(observed, seen, out=np.full(rows, np.nan), where=seen > 0)
    names = pd.date_range(first, end, freq=DAY).strftime("%Y-%m-%d")
    known = (ages >= longest) | (ages[0] >= longest)
    return pd.DataFrame(dict(zip(columns, (names, observed, seen, expected, known), strict=True)))


def completion_by_age(triangle: Numbers) -> Numbers:
    """The part of its final credit that a day of each age has seen, age 0 to the longest lag: (lags).

    triangle: (days, lags), credit by touch day, oldest first, and lag; the last row is the last complete day, so row -1 has seen lag 0 only.
    """
    days, lags = triangle.shape
    reached = triangle.cumsum(axis=1)
    completion = np.ones(lags)
    for age in range(lags - 2, -1, -1):
        whole = reached[: max(days - age - 1, 0)]
        before, after = whole[:, age].sum(), whole[:, age + 1].sum()
        completion[age] = completion[age + 1] * (before / after if after > 0 else 1.0)
    return completion
