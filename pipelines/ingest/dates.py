"""Days and moments as people and tools write them.

Invariant: a column is read day first or month first as a whole, in the order it is given. Dates are calendar dates and never shifted;
moments become UTC, cut to milliseconds, and one without a zone is in the zone it is read with.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.calendar_words import is_weekday, month_number
from pipelines.ingest.cells import Cells, Problem, examples, extract, is_unknown, matches
from pipelines.ingest.clocks import CLOCK, Ints, Mask, Times, integers, thousandths, to_utc
from pipelines.ingest.date_order import MARK, Order, order_evidence

_DAY = 86_400_000
_EARLIEST = int(np.datetime64("1990-01-01", "D").astype(np.int64))
_AFTER = rf"(?:(?:,? |T| - |,? (?:at|um|à|a las|alle|às|om) ){CLOCK})?"
_WEEKDAY = r"(?:(?P<weekday>\pL{2,10})(?:-feira)?\.?,? )?"
_NAME = r"(?P<name>\pL{3,10})\.?"
_NAMED_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|[.º°])?"
_NAMED_YEAR = r"(?P<year>\d{4}|\d{2})"
_YEAR_LAST = rf"(?P<first_part>\d{{1,2}})(?P<mark>{MARK})(?P<second_part>\d{{1,2}}){MARK}{_NAMED_YEAR}{_AFTER}"
# How tools write: every part at its place, which is fast to cut.
_PLACES = {
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})?)?": {
        "year": (0, 4),
        "month": (5, 7),
        "day": (8, 10),
        "hour": (11, 13),
        "minute": (14, 16),
        "second": (17, 19),
        "zone": (19, 25),
    },
    r"\d{2}[-/.]\d{2}[-/.]\d{4}(?: \d{2}:\d{2}(?::\d{2})?)?": {
        "first_part": (0, 2),
        "mark": (2, 3),
        "second_part": (3, 5),
        "year": (6, 10),
        "hour": (11, 13),
        "minute": (14, 16),
        "second": (17, 19),
    },
}
_SHAPES = (
    rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_AFTER}",
    _YEAR_LAST,
    rf"(?P<year>(?:19|20)\d{{2}})(?P<month>\d{{2}})(?P<day>\d{{2}})(?: {CLOCK})?",
    r"(?P<year>20\d{2})(?P<month>\d{2})(?P<day>\d{2})T?(?P<hour>\d{2})(?:(?P<minute>\d{2})(?P<second>\d{2})?)?(?P<zone>Z|[+-]\d{4})?",
    rf"{_WEEKDAY}{_NAMED_DAY}(?:[-/ ]| de ){_NAME},?(?:[-/ ]| del? ){_NAMED_YEAR}{_AFTER}",
    rf"{_WEEKDAY}{_NAME}[- ]{_NAMED_DAY},?[- ]{_NAMED_YEAR}{_AFTER}",
    rf"(?P<year>\d{{4}})[- ]{_NAME}[- ](?P<day>\d{{1,2}}){_AFTER}",
    rf"(?P<weekday>\pL{{3}}) {_NAME} (?P<day>\d{{1,2}}) {CLOCK} (?P<year>\d{{4}})",
    rf"{_WEEKDAY}{_YEAR_LAST}",
)
_SERIAL = r"(?P<days>\d{5})(?:[.,](?P<fraction>\d{1,17}))?"
_SERIAL_ZERO, _SERIALS = 25_569, (32_874, 73_050)  # 1970-01-01; 1990 to 2099
_RECENT_YEARS = 10
_FINE_DIGITS = 8  # of a fraction of a day: finer than a millisecond
_EPOCH = r"(?P<whole>1\d{9}|1\d{12}|1\d{15}|1\d{18})(?:\.(?P<fraction>\d+))?"

_TOO_EARLY, _TOO_LATE = "The date lies before 1990.", "The date lies in the future."
_STRANGE_ZONE = "The time zone is none that is known by this word alone; write it like +01:00."


@dataclass
class _Moments:
    """Parts of every distinct text: days since 1970 and the time of that day. `found`: has a shape; `real`: the calendar has that day."""

    known: Mask
    days: Ints
    times: Times
    found: Mask
    real: Mask
    short: Mask  # the year has two digits
    unclear: Mask  # and may stand at the other end
    ordered: bool = False  # the order of day and month bears on one of them
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: pa.Array) -> Self:
        """Moments of which nothing is read yet."""
        size = len(text)
        found, real, short, unclear = np.zeros((4, size), bool)
        known, days = ~np.asarray(is_unknown(text)), np.zeros(size, np.int64)
        return cls(known, days, Times.of_midnight(size), found, real, short, unclear)


def read_days(text: pa.Array, name: str, now: datetime, order: Order) -> Cells:
    """Read distinct texts as date32. Problems: no date, no day of the calendar, before 1990, later than tomorrow."""
    moments = _moments(text, name, now, order)
    latest = int(np.datetime64(now.date(), "D").astype(np.int64)) + 1
    problems, good = _problems(moments, (moments.days < _EARLIEST, _TOO_EARLY), (moments.days > latest, _TOO_LATE))
    timed = good & (moments.times.milliseconds != 0)
    if timed.any():
        moments.notes.append(
            f"'{name}' has times of day ({examples(text, pa.array(timed), 1)}); the day is kept as written."
        )
    values = pa.array(np.where(good, moments.days, 0).astype(np.int32), mask=~good).cast(pa.date32())
    return Cells(values, problems, tuple(moments.notes), tuple(moments.warnings))


def read_instants(text: pa.Array, name: str, zone: str, now: datetime, order: Order) -> Cells:
    """Read distinct texts as UTC timestamp('ms').

    A time without a zone is in `zone`: one that the clock skips in spring is taken as the moment of the change, one that it shows twice
    in autumn as the first of the two (said). Problems as for days, later than tomorrow counted from `now`.
    """
    moments = _moments(text, name, now, order)
    usable = moments.found & moments.real & moments.times.real
    local = np.where(usable, moments.days * _DAY + moments.times.milliseconds, 0)
    utc, clock_warnings = to_utc(local, moments.times, usable, zone, name)
    epoch, is_epoch = _epochs(text)
    utc = np.where(is_epoch, epoch, utc)
    moments.found |= is_epoch
    moments.real |= is_epoch
    moments.times.real |= is_epoch
    latest = int((now + timedelta(days=1)).timestamp() * 1000)
    problems, good = _problems(
        moments, (moments.times.strange, _STRANGE_ZONE), (utc < _EARLIEST * _DAY, _TOO_EARLY), (utc > latest, _TOO_LATE)
    )
    values = pa.array(utc, mask=~good).cast(pa.timestamp("ms"))
    return Cells(values, problems, tuple(moments.notes), (*moments.warnings, *clock_warnings))


def join_clock(days: pa.Array, clocks: pa.Array) -> pa.Array:
    """The texts of a moment from its day and its time of day, row by row; without a time the day alone, without a day null."""
    midnight = r"[ T]0{1,2}:00(?::00(?:\.0+)?)?$"  # spreadsheets give days a time and times a day
    days = pc.replace_substring_regex(pc.utf8_trim_whitespace(days), midnight, "")
    clocks = pc.replace_substring_regex(pc.utf8_trim_whitespace(clocks), r"^(?:1899-12-3[01]|1900-01-0[01])[ T]", "")
    joined = pc.utf8_trim_whitespace(pc.binary_join_element_wise(days, pc.fill_null(clocks, ""), " "))
    return pc.if_else(pc.equal(days, ""), pa.scalar(None, pa.string()), joined)


def _moments(text: pa.Array, name: str, now: datetime, order: Order) -> _Moments:
    size = len(text)
    moments = _Moments.of(text)
    if _read_serials(text, moments, name):
        return moments
    left = np.flatnonzero(moments.known)
    for shape in (*_PLACES, *_SHAPES):
        if not len(left):
            break
        fits, parts = _parts(text if len(left) == size else pc.take(text, pa.array(left)), shape)
        if fits.any():
            _read_shape(moments, left[fits], parts, now, order)
        left = left[~fits]
    if moments.short.any():
        example = examples(text, pa.array(moments.short), 1)
        moments.notes.append(f"'{name}' has years of two digits such as {example}; read as 20xx.")
    if moments.ordered:
        _say_order(text, moments, name, order)
    return moments


def _parts(text: pa.Array, shape: str) -> tuple[Mask, pa.StructArray]:
    """Which texts have the shape, and the parts of those that do."""
    if shape not in _PLACES:
        parts = extract(text, shape)
        fits = np.asarray(pc.is_valid(parts)) & _weekdays_hold(parts)
        return fits, parts.filter(pa.array(fits))
    has_shape = matches(text, shape)
    places = _PLACES[shape]
    text = pc.filter(text, has_shape)
    cut = [pc.utf8_slice_codeunits(text, start, stop) for start, stop in places.values()]
    return np.asarray(has_shape), pa.StructArray.from_arrays(cut, list(places))


def _read_shape(moments: _Moments, here: Ints, parts: pa.StructArray, now: datetime, order: Order) -> None:
    names = {part.name for part in parts.type}
    year = integers(parts, "year")
    if "mark" in names:
        moments.ordered = True
        first, second = integers(parts, "first_part"), integers(parts, "second_part")
        month, day = (second, first) if order == "day" else (first, second)
    else:
        month = _named_months(parts) if "name" in names else integers(parts, "month")
        day = integers(parts, "day")
    short = np.asarray(pc.equal(pc.utf8_length(pc.struct_field(parts, "year")), 2))
    moments.short[here] = short
    if "mark" in names:
        moments.unclear[here] = short & _may_lead(first, year, short, parts, now)
    days, real = _calendar_days(np.where(short, year + 2000, year), month, day)
    moments.days[here], moments.real[here], moments.found[here] = days, real, True
    if "hour" in names:
        moments.times.put(here, parts)


def _may_lead(leading: Ints, year: Ints, short: Mask, parts: pa.StructArray, now: datetime) -> Mask:
    """Whether dates such as '26-01-07' may begin with their year of two digits, although it is read from their end.

    Not where a date of the column cannot begin with it. Otherwise the end is the year by custom, unless the dates have fewer starts than ends,
    or dashes stand between and the start would be the later year.
    """
    possible = (leading <= now.year % 100) & (year >= 1) & (year <= 31)
    starts, ends = len(np.unique(leading[short])), len(np.unique(year[short]))
    if (short & ~possible).any():
        return np.zeros(len(leading), bool)
    dashed = np.asarray(matches(pc.struct_field(parts, "mark"), "-"))
    recent = leading >= now.year % 100 - _RECENT_YEARS
    return (starts < ends) & recent | dashed & (leading > year)


def _read_serials(text: pa.Array, moments: _Moments, name: str) -> bool:
    """Read a column of the numbers by which spreadsheets count days (1 is 1900-01-01), if it is one."""
    known = moments.known
    if not known.any() or not np.asarray(matches(text, _SERIAL))[known].all():
        return False
    parts = extract(text, _SERIAL)
    days = integers(parts, "days")
    if (known & ((days < _SERIALS[0]) | (days > _SERIALS[1]))).any():
        return False
    digits = pc.struct_field(parts, "fraction")
    fraction = np.asarray(pc.cast(pc.binary_join_element_wise("0", pc.fill_null(digits, ""), "."), pa.float64()))
    # Few digits are a spreadsheet's short way to show a whole second.
    unit = np.where(np.asarray(pc.utf8_length(digits).fill_null(0)) < _FINE_DIGITS, 1000, 1)
    moments.times.milliseconds[:] = np.round(fraction * _DAY / unit).astype(np.int64) * unit
    moments.days[:], moments.found[:], moments.real[:] = days - _SERIAL_ZERO, known, known
    example = examples(text, pa.array(known), 1)
    moments.notes.append(
        f"'{name}' holds the numbers by which spreadsheets count days, such as {example}; read as dates."
    )
    return True


def _say_order(text: pa.Array, moments: _Moments, name: str, order: Order) -> None:
    """Note the order that the dates are read in, and by which of them it is known; warn where they contradict each other."""
    own = order_evidence(text)
    proof, against = own.day_example, own.month_example
    if order == "month":
        proof, against = against, proof
    if against:
        because = (
            f" because of '{proof}', which '{against}' does not fit" if proof else f", which '{against}' does not fit"
        )
        moments.warnings.append(
            f"'{name}' mixes day-first and month-first dates; read {order}-first{because}. "
            "Dates that fit both may be wrong: please check."
        )
    elif proof:
        moments.notes.append(f"'{name}' is read {order}-first because of '{proof}'.")
    elif own.dotted and order == "day":
        moments.notes.append(f"'{name}' is read day-first, as dates with points such as '{own.dotted_example}' are.")
    elif own.undecided:
        moments.notes.append(f"'{name}' is read {order}-first ('{own.undecided_example}').")


def _weekdays_hold(parts: pa.StructArray) -> Mask:
    """Whether what stands before a date is a weekday, or nothing."""
    if parts.type.get_field_index("weekday") < 0:
        return np.ones(len(parts), bool)
    words = pc.fill_null(pc.struct_field(parts, "weekday"), "").dictionary_encode()
    holds = np.array([not word or is_weekday(word) for word in words.dictionary.to_pylist()], bool)
    return holds[np.asarray(words.indices)]


def _named_months(parts: pa.StructArray) -> Ints:
    words = pc.struct_field(parts, "name").dictionary_encode()
    return np.array([month_number(word) for word in words.dictionary.to_pylist()], np.int64)[np.asarray(words.indices)]


def _calendar_days(year: Ints, month: Ints, day: Ints) -> tuple[Ints, Mask]:
    """Days since 1970, and whether the calendar has that day."""
    possible = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = np.where(possible, (year - 1970) * 12 + month - 1, 0)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days = first + np.where(possible, day - 1, 0)
    return days, possible & (days < following)


def _epochs(text: pa.Array) -> tuple[Ints, Mask]:
    """Seconds (10 digits), milliseconds (13), microseconds (16) or nanoseconds (19) since 1970, as milliseconds."""
    is_epoch = np.asarray(matches(text, _EPOCH))
    milliseconds = np.zeros(len(text), np.int64)
    if is_epoch.any():
        parts = extract(text.filter(pa.array(is_epoch)), _EPOCH)
        whole, length = integers(parts, "whole"), np.asarray(pc.utf8_length(pc.struct_field(parts, "whole")))
        per = np.where(length == 16, 1000, np.where(length == 19, 1_000_000, 1))
        milliseconds[is_epoch] = np.where(length == 10, whole * 1000 + thousandths(parts), whole // per)
    return milliseconds, is_epoch


def _problems(moments: _Moments, *more: tuple[Mask, str]) -> tuple[tuple[Problem, ...], Mask]:
    """What is wrong with each text that is known, the first reason that holds, and which texts are good."""
    left = moments.known.copy()
    problems = []
    for wrong, reason in (
        (~moments.found, "This is not a date that Touchline can read; write it like 2025-02-16."),
        (
            ~(moments.real & moments.times.real),
            "The calendar and the clock have no such date or time, read like the rest of the column.",
        ),
        (moments.unclear, "Nothing tells which end of the date is the year; write it like 2025-02-16."),
        *more,
    ):
        problems.append(Problem(pa.array(left & wrong), reason))
        left &= ~wrong
    return tuple(problems), left
