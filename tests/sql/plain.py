"""What journeys, credit and reasons are, in plain Python over raw events: no SQL, no table, nothing shared with the engine but the weights'
NumPy spelling. The engine is held against it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np

from pipelines.attribution import DAY_MS, MODELS, Journey, model_parameters
from tests.sql.events import DIRECT, Conversion, Touch, millis

Sums = dict[tuple[str | None, ...], float]
"""The keys of a row and the name of a sum -> that sum."""


def journey(touches: Iterable[Touch], conversion: Conversion, lookback_ms: float) -> list[Touch]:
    """The touches that a conversion's credit may go to, oldest first."""
    near = [
        touch
        for touch in touches
        if touch.person is not None
        and touch.person == conversion.person
        and touch.consent is not False
        and 0 <= millis(touch.at, conversion.at) <= lookback_ms
    ]
    return sorted(near, key=lambda touch: (touch.at, touch.id))


def credit(
    touches: Sequence[Touch],
    conversions: Iterable[Conversion],
    model: str,
    parameters: Mapping[str, float],
    lookback_ms: float,
    left_out: Sequence[str],
) -> Sums:
    """By day, channel and currency: attributed_conversions and attributed_revenue."""
    sums: Sums = defaultdict(float)
    chosen, reference = model_parameters(model, parameters), MODELS[model].reference
    assert reference is not None
    for conversion in conversions:
        counted = [touch for touch in journey(touches, conversion, lookback_ms) if touch.channel not in left_out]
        if not counted:
            continue
        ages = np.array([millis(touch.at, conversion.at) / DAY_MS for touch in counted])
        direct = np.array([touch.channel in DIRECT for touch in counted])
        weights = reference(Journey(ages, direct), chosen)
        for touch, share in zip(counted, weights / weights.sum(), strict=True):
            key = (conversion.at.date().isoformat(), touch.channel, conversion.currency)
            sums[*key, "attributed_conversions"] += float(share) * conversion.counts
            sums[*key, "attributed_revenue"] += float(share) * float(conversion.revenue or 0)
    return sums


def outcomes(
    touches: Sequence[Touch], conversions: Iterable[Conversion], lookback_ms: float, left_out: Sequence[str]
) -> Sums:
    """By day, type, currency and reason: conversions and revenue."""
    sums: Sums = defaultdict(float)
    for conversion in conversions:
        told = reason(touches, conversion, lookback_ms, left_out)
        key = (conversion.at.date().isoformat(), conversion.type, conversion.currency, told)
        sums[*key, "conversions"] += conversion.counts
        sums[*key, "revenue"] += float(conversion.revenue or 0)
    return sums


def reason(touches: Sequence[Touch], conversion: Conversion, lookback_ms: float, left_out: Sequence[str]) -> str | None:
    """Why a conversion is unattributed; None where it is not."""
    near = journey(touches, conversion, lookback_ms)
    if any(touch.channel not in left_out for touch in near):
        return None
    if conversion.person is None:
        return "unknown_person"
    own = [touch for touch in touches if touch.person == conversion.person]
    if not own:
        return "no_touchpoint"
    inside = [touch for touch in own if 0 <= millis(touch.at, conversion.at) <= lookback_ms]
    if all(touch.consent is False for touch in own) or (inside and not near):
        return "no_consent"
    return "excluded_channel" if near else "outside_window"


def journeys(
    touches: Sequence[Touch], conversions: Sequence[Conversion], longest_ms: float
) -> dict[str, list[tuple[Touch, datetime]]]:
    """Journey id -> its touches, the last one first, each with the journey's anchor."""
    found = {
        conversion.id: [(touch, conversion.at) for touch in reversed(journey(touches, conversion, longest_ms))]
        for conversion in conversions
    }
    for person in {touch.person for touch in touches if touch.person is not None and touch.consent is not False}:
        converted = [conversion.at for conversion in conversions if conversion.person == person and conversion.counts]
        rest = [
            touch
            for touch in touches
            if touch.person == person and touch.consent is not False and all(touch.at > moment for moment in converted)
        ]
        anchor = max((touch.at for touch in rest), default=None)
        rest = [touch for touch in rest if anchor and millis(touch.at, anchor) <= longest_ms]
        rest.sort(key=lambda touch: (touch.at, touch.id), reverse=True)
        found[f"none:{person}"] = [(touch, anchor) for touch in rest if anchor]
    return {key: rows for key, rows in found.items() if rows}
