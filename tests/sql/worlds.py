"""Data sets by chance, dense in what is hard: ties, window edges, refunds, the unknown, the unconsented, touches after the conversion, channels
that come again and again, impressions among clicks, milestones, touches that name no channel, several currencies."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tests.sql.events import Conversion, Touch, at

FIRST = at("2026-03-01", "00:00")
QUARTERS = 9 * 4
"""Quarter days that events may fall on: so many touches stand at the same moment, and so many ages equal a window."""

PEOPLE = ("ann", "bob", "cid", "dot", "eve")
CHANNELS = ("Search", "Search", "Social", "Mail", "direct", "(direct)", None)
REVENUES = (None, Decimal("0"), Decimal("10.5"), Decimal("99.9999"), Decimal("-10.5"), Decimal("-0.0001"))

_moments = st.builds(
    lambda quarter, ms: FIRST + timedelta(hours=6 * quarter, milliseconds=ms),
    st.integers(0, QUARTERS - 1),
    st.sampled_from([0, 0, 0, 1]),
)
_touches = st.lists(
    st.tuples(
        _moments,
        st.sampled_from([*PEOPLE, None]),
        st.sampled_from(CHANNELS),
        st.sampled_from([None, True, True, False]),
        st.sampled_from([None, "click", "impression"]),
        st.sampled_from([None, None, None, "lead", "opportunity"]),
    ),
    min_size=20,
    max_size=80,
)
_conversions = st.lists(
    st.tuples(
        _moments,
        st.sampled_from([*PEOPLE, *PEOPLE, "nobody saw me", None]),
        st.sampled_from(["purchase", "lead"]),
        st.sampled_from(REVENUES),
        st.sampled_from(["EUR", "USD", None]),
    ),
    min_size=10,
    max_size=40,
)


def _shuffled(number: int) -> int:
    """Another number below 10,007 for each: ids whose order says nothing about when a row was made."""
    return number * 7919 % 10_007


worlds: st.SearchStrategy[tuple[list[Touch], list[Conversion]]] = st.builds(
    lambda touches, conversions: (
        [Touch(f"t{_shuffled(number):05}", *touch) for number, touch in enumerate(touches)],
        [Conversion(f"c{_shuffled(number):05}", *conversion) for number, conversion in enumerate(conversions)],
    ),
    _touches,
    _conversions,
)
"""Touches and conversions of a few people in nine days."""
