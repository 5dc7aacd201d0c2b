"""Slots: the places of a lake statement that are filled before it runs, and the SQL that each may be filled with.

Invariant: what fills a slot comes from the allow-lists here or from a model's own weights, never from a user.
"""

from dataclasses import dataclass
from typing import Literal

from pipelines.errors import WrongUsage

DIMENSIONS = ("channel", "campaign", "platform", "account", "creative", "post", "kind")
"""Columns a statement may be grouped by, beside the one that tells a touch's channel: the allow-list of @dimension."""

CHANNELS = {"channel": "last_channel", "origin": "last_origin"}
"""Columns that may tell a touch's channel -> the column that tells that of the journey's last touch: the allow-list of @channel and @last."""

Slice = Literal["whole", "bucket", "day", "day_pair"]

_OFFSET = "element_at(array[cast(:zone_offsets as bigint)], {place})"
_BREAKS_BEFORE = "cardinality(filter(array[cast(:zone_breaks as timestamp)], moment -> moment <= {instant}))"
_DAY = "cast(date_add('second', cast({offset} as bigint), {instant}) as date)"


def _slices(place: str) -> dict[Slice, str]:
    """place: SQL of which of the zone's offsets holds at an instant."""

    def day(instant: str) -> str:
        return _DAY.format(offset=_OFFSET.format(place=place.format(instant=instant)), instant=instant)

    touched = "date_add('millisecond', age_ms, reported_at)"
    return {
        "whole": "cast(null as varchar)",
        "bucket": "bucket",
        "day": day("reported_at"),
        "day_pair": f"concat(cast({day('reported_at')} as varchar), ' ', cast({day(touched)} as varchar))",
    }


SLICES = _slices(f"1 + {_BREAKS_BEFORE}")
"""What the rows of a statement may be summed by: the allow-list of @slice. A day is one of the reporting zone: zone_breaks are the instants at
which its offset changes, zone_offsets the offsets in seconds, one more than breaks. A day pair, of what is reported on the day of the touch, is
that day and the day of the conversion."""

_STEADY_SLICES = _slices("1")
"""The same where the offset does not change: to look for the one that holds takes longer than all else."""

USUAL_WINDOWS = {days: f"touches_{days}" for days in (1, 7, 14, 28, 30, 60, 90)}
"""Look-back windows that people choose most, in days -> the column that holds the touches of a journey within it."""

TOTALLED = ("time_decay", "hyperbolic_decay")
"""Rules by age of which each row of a journey tells what the weights of the journey's touches within a usual window sum to, with the rule's
default parameters."""

DAYS = "\x02"
"""What stands for a usual window's days in the names of the columns that tell of it, until a statement is run: so its text is written once for
all usual windows."""

AGED = tuple(range(2, 9))
"""Places from the last touch on: each row of a journey tells how much older the touches are that stand there (gap_2_ms, ...)."""

_COUNTED = " + ".join(
    f"case when gap_{place}_ms + last_age_ms <= cast(:lookback_ms as bigint) then 1 else 0 end" for place in AGED
)

_OF_WINDOW = {
    "touches": f"coalesce(l.touches, 1 + {_COUNTED})",
    # Rows that were made before they told gaps, which are not marked either, have no credit, instead of a wrong one.
    "within": "age_ms <= cast(:lookback_ms as bigint) and marked is not null",
    "first": "coalesce(older_age_ms > cast(:lookback_ms as bigint), true)",
}
_TOUCHES = f'"touches_{DAYS}"'
_OF_USUAL_WINDOW = {
    "touches": _TOUCHES,
    "within": f"position_from_last <= {_TOUCHES}",
    "first": f"position_from_last = {_TOUCHES}",
}
"""Slots on the window: touches stand in order of their age, so that where a journey's touches within it are known, no age need be read."""

TRANSITIONS = {1: "transition", 2: "transition_2", 3: "transition_3"}
"""Order of a Markov chain -> the column of the journeys that tells a touch and so many that follow, each a channel."""

BETWEEN = "\x1e"
"""What statements join names by that stand for one another's company or order: a name may hold the unit separator (an origin does)."""

END = "\x1d"
"""What begins that which stands there where a journey ends: no name begins so."""
CONVERSION, REFUND, NULL = "conversion", "refund", "null"
"""How a journey ends. After it, and the unit separator, stands the currency of the conversion or refund."""

Members = Literal["members", "members_anew"]
"""The parts that say which touches count."""


@dataclass(frozen=True)
class _Mark:
    """Something that credit may ask of a whole journey (sql/lake/parts/marks.sql): the column that credit then reads, the one of the marks that
    it comes from, and the touches that have to be looked at."""

    asked: str
    column: str
    touches: str


_MARKED = "marked > 0 or marked is null"  # null in rows that were made before they told
_MARKS = {
    "lead": _Mark("lead_position", "lead_from_last", _MARKED),
    "opportunity": _Mark("opportunity_position", "opportunity_from_last", _MARKED),
    "last_non_direct": _Mark("last_non_direct_position", "last_non_direct_position", "last_is_direct"),
    "further_weight": _Mark("further_weight", "further_weight", f"position_from_last > {AGED[-1]}"),
}


def total_columns() -> tuple[str, ...]:
    """The columns of the journeys that tell those sums."""
    return tuple(_total_column(rule, days) for rule in TOTALLED for days in USUAL_WINDOWS)


def _total_column(rule: str, days: int | str) -> str:
    return f"{rule}_total_{days}"


@dataclass(frozen=True)
class Weighing:
    """A rule-based model in SQL: the credit of a touch, and its weight where credit follows from the ages of the journey's touches instead of
    from their places."""

    credit: str
    weight_by_age: str = ""


@dataclass(frozen=True)
class Slots:
    """What a statement's slots are filled with. models: key -> how it weighs; what @credit, @credit_by_place, @credit_by_age and @weight_by_age
    make is repeated for each that has it and called after its key, where that is not empty. window: the look-back window in days where it is a
    usual one (USUAL_WINDOWS): much is known about it then. order: that of the Markov chain that asks."""

    dimension: str | None = None
    channel: str = "channel"
    slice: Slice = "whole"
    members: Members = "members"
    models: tuple[tuple[str, Weighing], ...] = ()
    window: int | None = None
    order: int = 1

    def __post_init__(self) -> None:
        if self.order not in TRANSITIONS:
            raise WrongUsage(
                f"A chain of order {self.order} is not stored.", f"Use one of {', '.join(map(str, TRANSITIONS))}."
            )
        if self.channel not in CHANNELS:
            raise WrongUsage(f"'{self.channel}' does not tell channels.", f"Use one of {', '.join(CHANNELS)}.")
        if self.dimension is not None and self.dimension not in (*DIMENSIONS, *CHANNELS):
            raise WrongUsage(f"'{self.dimension}' is no dimension.", f"Use one of {', '.join(DIMENSIONS)}.")


NO_SLOTS = Slots()


def filling(slot: str, slots: Slots, steady: bool) -> str:
    """The SQL of a slot, in Athena's dialect. steady: whether the reporting zone's offset does not change in what is asked.

    Raises KeyError for a slot that these do not fill.
    """
    if slot == "channel":
        return slots.channel
    if slot == "dimension" and slots.dimension is not None:
        return slots.dimension
    if slot == "last":
        return CHANNELS[slots.channel]
    if slot == "slice":
        return (_STEADY_SLICES if steady else SLICES)[slots.slice]
    if slot in _OF_WINDOW:
        if slots.window is None or slots.members != "members":
            return _OF_WINDOW[slot]
        return _OF_USUAL_WINDOW[slot]
    if (rule := slot.removesuffix("_total")) in TOTALLED:
        return "cast(null as double)" if slots.window is None else f'"{_total_column(rule, DAYS)}"'
    if slot == "transition":
        return TRANSITIONS[slots.order]
    if slot in _MARKS:
        mark = _MARKS[slot]
        return mark.column if _asks(slots, mark) else "cast(null as bigint)"
    if slot == "marked":
        return " or ".join(sorted({mark.touches for mark in _MARKS.values() if _asks(slots, mark)})) or "false"
    raise KeyError(f"@{slot} has no value")


def by_place_alone(weighing: Weighing) -> bool:
    """Whether a touch's credit follows from where it stands among how many: to sum another such rule costs next to nothing."""
    return not weighing.weight_by_age and not any(mark.asked in weighing.credit for mark in _MARKS.values())


def _asks(slots: Slots, mark: _Mark) -> bool:
    return any(mark.asked in weighing.credit for _, weighing in slots.models)
