"""Days and moments as people and tools write them.

Invariant: whether a column writes the day or the month first is decided once for the whole column. Dates are calendar days and never
shifted; moments become UTC, cut to milliseconds, and one without a zone is in the zone it is read with.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import Cells, Problem, count, examples, extract, matches
from pipelines.ingest.numbers import UNKNOWN

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_DAY = 86_400_000
_EARLIEST_YEAR = 1990
_MONTHS = pa.array(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)? ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?"
)
_AFTER = rf"(?:(?:,? |T){_TIME})?"
_WEEKDAY = r"(?:[A-Za-z]{3,9},? )?"
_YEAR_FIRST = rf"(?P<year>\d{{4}})[-/.](?P<second_part>\d{{1,2}})[-/.](?P<third_part>\d{{1,2}}){_AFTER}"
_YEAR_LAST = rf"(?P<first_part>\d{{1,2}})[-/. ](?P<second_part>\d{{1,2}})[-/. ](?P<year>\d{{4}}|\d{{2}}){_AFTER}"
_COMPACT = r"(?P<year>\d{4})(?P<second_part>\d{2})(?P<third_part>\d{2})"
_DAY_NAME = rf"{_WEEKDAY}(?P<day>\d{{1,2}})[ -](?P<name>[A-Za-z]{{3,9}})\.?,?[ -](?P<year>\d{{4}}){_AFTER}"
_NAME_DAY = rf"{_WEEKDAY}(?P<name>[A-Za-z]{{3,9}})\.? (?P<day>\d{{1,2}}),? (?P<year>\d{{4}}){_AFTER}"
_NAME_DAY_YEAR_LAST = (
    r"[A-Za-z]{3} (?P<name>[A-Za-z]{3}) (?P<day>\d{1,2}) (?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2})"
    r" (?P<zone>[+-]\d{4}) (?P<year>\d{4})"
)
_SHAPES = (_YEAR_FIRST, _YEAR_LAST, _COMPACT, _DAY_NAME, _NAME_DAY, _NAME_DAY_YEAR_LAST)
_EPOCH = r"(?P<whole>\d{10}|\d{13}|\d{16})(?:\.\d+)?"


@dataclass
class _Moments:
    """Parts of every distinct text. `milliseconds`: within the day; `offset`: minutes east of UTC where `zoned`; `found`: has a shape."""

    year: Ints
    month: Ints
    day: Ints
    milliseconds: Ints
    offset: Ints
    zoned: Mask
    found: Mask
    timely: Mask  # the time of day exists


def read_days(text: pa.Array, name: str, now: datetime) -> Cells:
    """Read distinct texts as date32. Problems: no date, no day of the calendar, before 1990, later than tomorrow."""
    moments, notes, warnings = _moments(text, name)
    days, real = _days(moments)
    today = np.datetime64(now.date(), "D")
    latest = int((today + np.timedelta64(1, "D")).astype(np.int64))
    problems, good = _problems(text, moments.found, real & moments.timely, days < _first_day(), days > latest)
    values = pa.array(days.astype(np.int32), mask=~good).cast(pa.date32())
    return Cells(values, problems, notes, warnings)


def read_instants(text: pa.Array, name: str, zone: str, now: datetime) -> Cells:
    """Read distinct texts as UTC timestamp('ms').

    A time without a zone is in `zone`: one that the clock skips in spring is taken as the moment of the change, one that it shows twice
    in autumn as the first of the two (said). Problems as for days, later than tomorrow counted from `now`.
    """
    moments, notes, warnings = _moments(text, name)
    days, real = _days(moments)
    local = days * _DAY + moments.milliseconds
    utc, clock_warnings = _to_utc(local, moments, real, zone, name)
    epoch, is_epoch = _epochs(text)
    utc = np.where(is_epoch, epoch, utc)
    latest = int((now + timedelta(days=1)).timestamp() * 1000)
    fits = (real & moments.timely) | is_epoch
    problems, good = _problems(text, moments.found | is_epoch, fits, utc < _first_day() * _DAY, utc > latest)
    values = pa.array(utc, mask=~good).cast(pa.timestamp("ms"))
    return Cells(values, problems, notes, (*warnings, *clock_warnings))


def _moments(text: pa.Array, name: str) -> tuple[_Moments, tuple[str, ...], tuple[str, ...]]:
    size = len(text)
    year, month, day, milliseconds, offset = (np.zeros(size, np.int64) for _ in range(5))
    zoned, found, timely = np.zeros(size, bool), np.zeros(size, bool), np.ones(size, bool)
    moments = _Moments(year, month, day, milliseconds, offset, zoned, found, timely)
    notes: list[str] = []
    warnings: list[str] = []
    for shape in _SHAPES:
        if moments.found.all():
            break
        parts = extract(text, shape)
        here = np.asarray(pc.is_valid(parts)) & ~moments.found
        if not here.any():
            continue
        moments.found |= here
        written_year = _part(parts, "year")
        if shape == _YEAR_LAST:
            short = here & (written_year < 100)
            if short.any():
                notes.append(
                    f"'{name}' has years of two digits such as {examples(text, pa.array(short), 1)}; read as 20xx."
                )
            written_year = np.where(short, written_year + 2000, written_year)
            written_day, written_month = _order(text, parts, here, name, notes, warnings)
        elif shape in (_YEAR_FIRST, _COMPACT):
            written_month, written_day = _part(parts, "second_part"), _part(parts, "third_part")
        else:
            written_month, written_day = _month_named(parts), _part(parts, "day")
        year[here], month[here], day[here] = written_year[here], written_month[here], written_day[here]
        _read_time(moments, parts, here)
    return moments, tuple(notes), tuple(warnings)


def _order(
    text: pa.Array, parts: pa.StructArray, here: Mask, name: str, notes: list[str], warnings: list[str]
) -> tuple[Ints, Ints]:
    """Day and month of texts that end in the year, in the order that any part above twelve gives away."""
    first, second = _part(parts, "first_part"), _part(parts, "second_part")
    day_first, month_first = here & (first > 12) & (second <= 12), here & (second > 12) & (first <= 12)
    dotted = here & np.asarray(matches(text, r"\d{1,2}\.\d{1,2}\.\d{2,4}.*"))
    if day_first.any() and month_first.any():
        is_day_first = bool(day_first.sum() >= month_first.sum())
        kept, other = (day_first, month_first) if is_day_first else (month_first, day_first)
        said = "day" if is_day_first else "month"
        warnings.append(
            f"'{name}' mixes day-first and month-first dates; read {said}-first because of {examples(text, pa.array(kept), 1)}, "
            f"which {examples(text, pa.array(other), 1)} does not fit. Dates that fit both may be wrong: please check."
        )
    elif month_first.any():
        is_day_first = False
        notes.append(f"'{name}' is read month-first because of {examples(text, pa.array(month_first), 1)}.")
    elif day_first.any():
        is_day_first = True
        notes.append(f"'{name}' is read day-first because of {examples(text, pa.array(day_first), 1)}.")
    elif dotted.any():
        is_day_first = True
        notes.append(
            f"'{name}' is read day-first, as dates with points such as {examples(text, pa.array(dotted), 1)} are."
        )
    else:
        is_day_first = True
        warnings.append(
            f"Nothing in '{name}' tells whether {examples(text, pa.array(here), 1)} has the day or the month first; read day-first. "
            "Please check."
        )
    return (first, second) if is_day_first else (second, first)


def _read_time(moments: _Moments, parts: pa.StructArray, here: Mask) -> None:
    names = {field.name for field in parts.type}
    if "hour" not in names:
        return
    hour, minute, second = (_part(parts, name) for name in ("hour", "minute", "second"))
    thousandths = np.zeros_like(hour)
    timely = (hour < 24) & (minute < 60) & (second < 60)
    if "fraction" in names:
        padded = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.struct_field(parts, "fraction"), 3, "0"), 0, 3)
        thousandths = _ints(padded)
        half = pc.utf8_slice_codeunits(pc.utf8_lower(pc.struct_field(parts, "half")), 0, 1)
        morning, evening = (np.asarray(pc.fill_null(pc.equal(half, letter), False)) for letter in ("a", "p"))
        timely &= ~(morning | evening) | ((hour >= 1) & (hour <= 12))
        hour = np.where(morning | evening, hour % 12 + 12 * evening, hour)
    zone = pc.fill_null(pc.struct_field(parts, "zone"), "")
    sign = np.where(np.asarray(pc.starts_with(zone, "-")), -1, 1)
    shift = pc.replace_substring_regex(zone, r"[^0-9]", "")
    hours, minutes = (_ints(pc.utf8_slice_codeunits(shift, a, b)) for a, b in ((0, 2), (2, 4)))
    moments.milliseconds[here] = (((hour * 60 + minute) * 60 + second) * 1000 + thousandths)[here]
    moments.offset[here] = (sign * (hours * 60 + minutes))[here]
    moments.zoned[here] = np.asarray(pc.not_equal(zone, ""))[here]
    moments.timely[here] = (timely & (hours <= 14) & (minutes < 60))[here]


def _part(parts: pa.StructArray, name: str) -> Ints:
    return _ints(pc.struct_field(parts, name))


def _ints(digits: pa.Array) -> Ints:
    """Digits as integers; blank and null are 0."""
    filled = pc.fill_null(pc.if_else(pc.equal(digits, ""), "0", digits), "0")
    return np.asarray(pc.cast(filled, pa.int64()))


def _month_named(parts: pa.StructArray) -> Ints:
    """1..12 by the first three letters of an English month; 0 for other words."""
    start = pc.utf8_slice_codeunits(pc.utf8_lower(pc.struct_field(parts, "name")), 0, 3)
    return np.asarray(pc.fill_null(pc.index_in(start, value_set=_MONTHS), -1)).astype(np.int64) + 1


def _days(moments: _Moments) -> tuple[Ints, Mask]:
    """Days since 1970, and whether the calendar has that day."""
    possible = (moments.month >= 1) & (moments.month <= 12) & (moments.day >= 1) & (moments.day <= 31)
    months = np.where(possible, (moments.year - 1970) * 12 + moments.month - 1, 0)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days = first + np.where(possible, moments.day - 1, 0)
    return days, moments.found & possible & (days < following)


def _first_day() -> int:
    return int(np.datetime64(f"{_EARLIEST_YEAR}-01-01", "D").astype(np.int64))


def _to_utc(local: Ints, moments: _Moments, real: Mask, zone: str, name: str) -> tuple[Ints, tuple[str, ...]]:
    shifted = local - moments.offset * 60_000
    naive = real & ~moments.zoned
    if zone == "UTC" or not naive.any():
        return shifted, ()
    times = pa.array(np.where(naive, local, 0)).cast(pa.timestamp("ms"))
    early, late = (
        np.asarray(
            pc.assume_timezone(times, zone, ambiguous=which, nonexistent=which)
            .cast(pa.timestamp("ms", "UTC"))
            .cast(pa.int64())
        )
        for which in ("earliest", "latest")
    )
    # Where the clock skips an hour, `earliest` is the last millisecond before the change and `latest` the change itself.
    skipped = naive & (late - early == 1)
    twice = naive & (late - early > 1)
    warnings = []
    if skipped.any():
        warnings.append(f"'{name}' has times that the clock of {zone} skips; taken as the moment of the change.")
    if twice.any():
        warnings.append(f"'{name}' has times that the clock of {zone} shows twice; taken as the first of the two.")
    return np.where(naive, np.where(skipped, late, early), shifted), tuple(warnings)


def _epochs(text: pa.Array) -> tuple[Ints, Mask]:
    """Seconds (10 digits), milliseconds (13) or microseconds (16) since 1970, as milliseconds."""
    if not count(matches(text, _EPOCH)):
        return np.zeros(len(text), np.int64), np.zeros(len(text), bool)
    whole = pc.struct_field(extract(text, _EPOCH), "whole")
    fraction = pc.struct_field(extract(text, r"\d{10}(?:\.(?P<fraction>\d+))?"), "fraction")
    thousandths = _ints(pc.utf8_slice_codeunits(pc.utf8_rpad(fraction, 3, "0"), 0, 3))
    digits, length = _ints(whole), np.asarray(pc.fill_null(pc.utf8_length(whole), 0))
    milliseconds = np.select(
        [length == 10, length == 13, length == 16], [digits * 1000 + thousandths, digits, digits // 1000], 0
    )
    return milliseconds, length > 0


def _problems(text: pa.Array, found: Mask, real: Mask, early: Mask, late: Mask) -> tuple[tuple[Problem, ...], Mask]:
    """What is wrong with each text that is known, and which texts are good."""
    known = np.asarray(pc.and_(pc.is_valid(text), pc.invert(matches(text, UNKNOWN, ignore_case=True))))
    strange, unreal = known & ~found, known & found & ~real
    fits = known & found & real
    problems = (
        Problem(pa.array(strange), "This is not a date that Touchline can read; write it like 2025-02-16."),
        Problem(
            pa.array(unreal), "The calendar and the clock have no such date or time, read like the rest of the column."
        ),
        Problem(pa.array(fits & early), f"The date lies before {_EARLIEST_YEAR}."),
        Problem(pa.array(fits & late), "The date lies in the future."),
    )
    return problems, fits & ~early & ~late
