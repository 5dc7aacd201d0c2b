"""How the credit of one conversion came about: which touches of its person counted, which did not and why, and what each model gave them.

Invariant: what counts here is what counts in sql/lake/parts, written a second time in plain Python, and so are the models' weights.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipelines.attribution.model import Journey
from pipelines.attribution.registry import MODELS
from pipelines.attribution.rules import DAY_MS

EXCLUSIONS: dict[str, str] = {
    "after_conversion": "After the conversion",
    "no_consent": "Recorded without consent",
    "outside_window": "Outside the look-back window",
    "impression_window": "Outside the window of impressions",
    "excluded_channel": "Channel left out of the model",
    "restart": "Before an earlier conversion, after which the journey begins anew",
    "direct_redistributed": "Direct, and the journey has other touches",
    "collapsed": "Followed by a touch of the same name, which counts for both",
}
"""Why a touch does not count -> the same in words, in the order in which it is looked for."""


def excluded(touches: pd.DataFrame, counting: Mapping[str, Any], restart_age_ms: int | None) -> list[str | None]:
    """For each touch why it does not count, None where it does.

    touches: the youngest first, of one moment the one of the greater id first; age_ms, consented, kind, name, raw (what the lake tells its
    channel by). counting: the parameters of the members. restart_age_ms: the age of the person's conversion before this one.
    """
    records = touches.to_dict("records")
    reasons = [_by_itself(touch, counting, restart_age_ms) for touch in records]
    direct = [touch["raw"] in counting["direct_channels"] for touch in records]
    named = any(reason is None and not is_direct for reason, is_direct in zip(reasons, direct, strict=True))
    if counting["redistribute_direct"] and named:
        reasons = [
            "direct_redistributed" if reason is None and is_direct else reason
            for reason, is_direct in zip(reasons, direct, strict=True)
        ]
    newer: object = None
    for place, touch in enumerate(records):
        if counting["collapse"] and reasons[place] is None:
            if newer == (touch["name"],):
                reasons[place] = "collapsed"
            newer = (touch["name"],)
    return reasons


def _by_itself(touch: Mapping[str, Any], counting: Mapping[str, Any], restart_age_ms: int | None) -> str | None:
    impression = touch["kind"] == "impression"
    age, window = touch["age_ms"], counting["impression_lookback_ms" if impression else "lookback_ms"]
    restarted = counting["restart"] and restart_age_ms is not None and age >= restart_age_ms
    separate = impression and counting["impression_lookback_ms"] != counting["lookback_ms"]
    holds = {
        "after_conversion": age < 0,
        "no_consent": not touch["consented"],
        "outside_window": age > window and not separate,
        "impression_window": age > window and separate,
        "excluded_channel": touch["raw"] in counting["left_out_channels"],
        "restart": restarted,
    }
    return next((reason for reason, does in holds.items() if does), None)


def reason(conversion: Mapping[str, Any], touches: pd.DataFrame, counting: Mapping[str, Any]) -> str | None:
    """Why a conversion is unattributed; None where a touch counts. touches: as for `excluded`, with `excluded`."""
    if touches["excluded"].isna().any():
        return None
    nearest, nearest_consented = conversion["nearest_age_ms"], conversion["nearest_consented_age_ms"]
    if pd.isna(conversion["person"]):
        return "unknown_person"
    if pd.isna(nearest):
        return "no_touchpoint"
    window = counting["lookback_ms"]
    near = touches[touches["consented"].astype(bool) & touches["age_ms"].between(0, window)]
    if pd.isna(nearest_consented) or (near.empty and 0 <= nearest <= window):
        return "no_consent"
    return "excluded_channel" if near["raw"].isin(counting["left_out_channels"]).any() else "outside_window"


def credited(
    touches: pd.DataFrame, parameters_of: Callable[[str], Mapping[str, float]], lookback_days: float
) -> pd.DataFrame:
    """weight_<model> and credit_<model> of each touch, for every model that one journey alone tells, null where a touch does not count.

    touches: as for `excluded`, with `excluded`, direct and milestone. Credit sums to 1 where a model is additive.
    """
    counted = touches[touches["excluded"].isna()].iloc[::-1]
    journey = Journey(
        counted["age_ms"].to_numpy(dtype=float) / DAY_MS,
        counted["direct"].to_numpy(dtype=bool),
        counted["milestone"].to_numpy(dtype=object),
        counted["name"].fillna("").to_numpy(dtype=object),
    )
    columns = {}
    for key, model in MODELS.items():
        if model.reference is None:
            continue
        weights = np.zeros(0)
        if len(counted):
            weights = model.reference(journey, {**parameters_of(key), "lookback_days": lookback_days})
        columns[f"weight_{key}"] = pd.Series(weights, counted.index)
        columns[f"credit_{key}"] = pd.Series(weights / weights.sum() if model.additive else weights, counted.index)
    return touches.assign(**{name: values.reindex(touches.index) for name, values in columns.items()})
