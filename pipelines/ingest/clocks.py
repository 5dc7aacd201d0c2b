"""Times of day and their zones.

Invariant: an offset comes from the text, or from a zone of which only one is meant by that word; else the time is in the zone it is read with.
"""

from dataclasses import dataclass, field
from typing import Self
from zoneinfo import available_timezones

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.calendar_words import OFFSETS

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?(?: Uhr| h)?"
    r" ?(?P<half>[AaPp]\.? ?[Mm]\.?)? ?(?P<zone>(?:UTC|GMT)?[-+−]\d{1,2}:?(?:\d{2})?|[A-Z]{1,5}|[A-Z][A-Za-z]+/[A-Za-z_/+-]+)?(?: \(.*\))?"
)
"""Pattern of a time of day; its groups are what `read_times` reads."""

_DAY = 86_400_000
_NAIVE, _OFFSET, _PLACE, _STRANGE = range(4)


@dataclass
class Times:
    """Times of day of distinct texts. `real`: the clock has that time. `kind`: without a zone, with an `offset` (minutes east of UTC), in a
    place (`places[place]`, such as Europe/Berlin), or in a zone that nobody can tell.
    """

    milliseconds: Ints
    real: Mask
    kind: Ints
    offset: Ints
    place: Ints
    places: list[str] = field(default_factory=list)

    @classmethod
    def of_midnight(cls, size: int) -> Self:
        """As many midnights without a zone."""
        zeros = np.zeros(size, np.int64)
        return cls(zeros.copy(), np.ones(size, bool), zeros.copy(), zeros.copy(), zeros.copy())

    @property
    def strange(self) -> Mask:
        """Which have a zone that nobody can tell."""
        return self.kind == _STRANGE

    def put(self, here: Ints, parts: pa.StructArray) -> None:
        """Read the groups of CLOCK, of which some may be missing, into the positions `here`. The day may end at 24:00."""
        hour, minute, second = (integers(parts, name) for name in ("hour", "minute", "second"))
        fraction = thousandths(parts)
        half = pc.utf8_lower(pc.utf8_slice_codeunits(_group(parts, "half"), 0, 1))
        morning, evening = (np.asarray(pc.equal(half, letter)) for letter in ("a", "p"))
        end = (hour == 24) & (minute == 0) & (second == 0) & (fraction == 0)
        real = ((hour < 24) | end) & (minute < 60) & (second < 60)
        real &= ~(morning | evening) | ((hour >= 1) & (hour <= 12))
        hour = np.where(morning | evening, hour % 12 + 12 * evening, hour)
        self.milliseconds[here] = ((hour * 60 + minute) * 60 + second) * 1000 + fraction
        self.real[here] = real
        zones = _group(parts, "zone").dictionary_encode()
        meanings = np.array([self._meaning(zone) for zone in zones.dictionary.to_pylist()], np.int64).reshape(-1, 3)
        self.kind[here], self.offset[here], self.place[here] = meanings[np.asarray(zones.indices)].T

    def _meaning(self, zone: str) -> tuple[int, int, int]:
        """Kind, offset and place of a zone as it is written."""
        if not zone:
            return _NAIVE, 0, 0
        if zone in OFFSETS:
            return _OFFSET, OFFSETS[zone], 0
        if "/" in zone:
            if zone not in available_timezones():
                return _STRANGE, 0, 0
            if zone not in self.places:
                self.places.append(zone)
            return _PLACE, 0, self.places.index(zone)
        sign, digits = zone.removeprefix("UTC").removeprefix("GMT")[:1], "".join(filter(str.isdigit, zone))
        if not digits:
            return _STRANGE, 0, 0
        hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
        known = hours <= 14 and minutes < 60
        return _OFFSET if known else _STRANGE, (-1 if sign in "-−" else 1) * (hours * 60 + minutes), 0


def to_utc(local: Ints, times: Times, usable: Mask, zone: str, name: str) -> tuple[Ints, tuple[str, ...]]:
    """Moments (milliseconds since 1970 by their own clock) in UTC; those without a zone are in `zone`."""
    utc = local - times.offset * 60_000
    warnings: list[str] = []
    naive = usable & (times.kind == _NAIVE)
    if naive.any() and (usable & ~naive).any():
        warnings.append(f"'{name}' has times with and without a zone; those without are read in {zone}.")
    where = [(naive, zone)] + [
        (usable & (times.kind == _PLACE) & (times.place == number), place) for number, place in enumerate(times.places)
    ]
    for here, place in where:
        if place != "UTC" and here.any():
            utc[here], said = _from_place(local[here], place, name)
            warnings += said
    return utc, tuple(warnings)


def _from_place(local: Ints, zone: str, name: str) -> tuple[Ints, list[str]]:
    times = pa.array(local).cast(pa.timestamp("ms"))
    early, late = (
        np.asarray(
            pc.assume_timezone(times, zone, ambiguous=which, nonexistent=which)
            .cast(pa.timestamp("ms", "UTC"))
            .cast(pa.int64())
        )
        for which in ("earliest", "latest")
    )
    # Where the clock skips an hour, `earliest` is the last millisecond before the change and `latest` the change itself.
    skipped = late - early == 1
    twice = late - early > 1
    warnings = []
    if skipped.any():
        warnings.append(f"'{name}' has times that the clock of {zone} skips; taken as the moment of the change.")
    if twice.any():
        warnings.append(f"'{name}' has times that the clock of {zone} shows twice; taken as the first of the two.")
    return np.where(skipped, late, early), warnings


def integers(parts: pa.StructArray, name: str) -> Ints:
    """A group of digits as numbers, 0 where it is missing."""
    return _ints(_group(parts, name))


def thousandths(parts: pa.StructArray) -> Ints:
    """The group `fraction` of a second, cut to milliseconds."""
    return _ints(pc.utf8_slice_codeunits(pc.utf8_rpad(_group(parts, "fraction"), 3, "0"), 0, 3))


def _group(parts: pa.StructArray, name: str) -> pa.Array:
    """A group of the pattern, '' where it is missing."""
    if parts.type.get_field_index(name) < 0:
        return pa.repeat(pa.scalar(""), len(parts))
    return pc.fill_null(pc.struct_field(parts, name), "")


def _ints(digits: pa.Array) -> Ints:
    return np.asarray(pc.cast(pc.if_else(pc.equal(digits, ""), "0", digits), pa.int64()))
