"""Journeys made up from a seed: the same rows for the lake, for the engine's peers, and at any size.

Invariants: a number of journeys, a share and a seed give the same rows on every machine; every person has one journey, of 1 to 8 touchpoints
(2.74 on average) within 30 days, and the paths handed to the peers are exactly the journeys that the lake's rows make.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.stores.catalog import arrow_schema

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

DAY_MS = 86_400_000
FIRST_DAY = date(2025, 7, 1)
DAYS = 180
SPAN_DAYS = 30
LONGEST = 8
TOUCHES_A_JOURNEY = 2.74
CURRENCY = "EUR"

CHANNELS = (
    "Paid Search",
    "Organic Search",
    "Paid Social",
    "Organic Social",
    "Email",
    "Display",
    "Video",
    "Affiliates",
    "Referral",
    "direct",
)
_SHARES = np.array([0.20, 0.15, 0.14, 0.10, 0.09, 0.10, 0.06, 0.04, 0.04, 0.08])
_LIFTS = np.array([1.5, 1.2, 0.9, 0.7, 1.6, 0.4, 0.5, 1.3, 1.1, 1.4])
"""How ready a person is to convert after each channel, against the others."""

_STAY = 0.25
"""How often a touch repeats the channel before it, or else comes from the next one of the list, half as often."""

_SHORTER = 0.68
"""Each length is this many times as frequent as the one before: 2.74 touchpoints a journey."""

_CAMPAIGNS = 5
_SOURCES = ("google", "google", "meta", "meta", "newsletter", "dv360", "youtube", "awin", "blog", "(direct)")
_MEDIA = ("cpc", "organic", "paid social", "social", "email", "display", "video", "affiliate", "referral", "(none)")
_PLATFORMS = ("Google", "Google", "Meta", "Meta", None, "DV360", "YouTube", "Awin", None, None)
_KINDS = ("click", "visit", "click", "visit", "click", "impression", "impression", "click", "visit", "visit")

_MILESTONES = (None, "lead", "opportunity")
_MILESTONED = 10
"""One journey of so many has milestones."""

_SCRAMBLE = 0x9E3779B97F4A7C15 & ((1 << 44) - 1)
"""An odd number: its multiples modulo 2^44 number persons and rows in no order that a join could profit from."""


@dataclass(frozen=True)
class Journeys:
    """Journeys in the order of their days. Of each its end (ms since 1970), revenue (ten-thousandths, 0 without conversion) and first touch;
    of each touch, oldest first, its channel (a place in CHANNELS) and its moment."""

    numbers: Integers
    ends_ms: Integers
    converts: npt.NDArray[np.bool_]
    revenue: Integers
    starts: Integers
    channels: npt.NDArray[np.int8]
    touched_ms: Integers

    @cached_property
    def touchpoints(self) -> pa.Table:
        """The rows of the lake's table `touchpoints`, in the order in which they happened."""
        order = np.argsort(self.touched_ms, kind="stable")
        channels = self.channels[order].astype(np.int64)
        numbers = np.repeat(self.numbers, np.diff(self.starts))[order]
        rows = len(order)
        campaigns = channels * _CAMPAIGNS + numbers % _CAMPAIGNS
        touch = {
            "touchpoint_id": _ids("t", (self.numbers[0] * (LONGEST + 1) + order) if rows else order),
            **_moments(self.touched_ms[order]),
            "person": _ids("p", numbers),
            "source": _picked(_SOURCES, channels),
            "medium": _picked(_MEDIA, channels),
            "channel": _picked(CHANNELS, channels),
            "campaign": _picked([f"{name} {n + 1}" for name in CHANNELS for n in range(_CAMPAIGNS)], campaigns),
            "platform": _picked(_PLATFORMS, channels),
            "account": _picked([name and f"{name} main" for name in _PLATFORMS], channels),
            "kind": _picked(_KINDS, channels),
            "milestone": _picked(_MILESTONES, self._milestones[order]),
            "consent": pa.repeat(True, rows),
        }
        return _table("touchpoints", touch, rows)

    @cached_property
    def _milestones(self) -> Integers:
        """Which touch reached what, as places in _MILESTONES: of some journeys the second touch and the third."""
        position = np.arange(self.starts[-1]) - np.repeat(self.starts[:-1], np.diff(self.starts))
        some = np.repeat(self.numbers % _MILESTONED == 0, np.diff(self.starts))
        return np.where(some & (position < len(_MILESTONES)), position, 0)

    @cached_property
    def conversions(self) -> pa.Table:
        """The rows of the lake's table `conversions`, in the order in which they happened."""
        order = np.flatnonzero(self.converts)
        order = order[np.argsort(self.ends_ms[order], kind="stable")]
        rows = len(order)
        conversion = {
            "conversion_id": _ids("c", self.numbers[order]),
            **_moments(self.ends_ms[order]),
            "person": _ids("p", self.numbers[order]),
            "type": pa.repeat("purchase", rows),
            "revenue": _money(self.revenue[order]),
            "currency": pa.repeat(CURRENCY, rows),
        }
        return _table("conversions", conversion, rows)

    @cached_property
    def paths(self) -> pa.Table:
        """One row a journey, as the peers want them: path, total_conversions, total_conversion_value, total_null."""
        steps = pa.LargeListArray.from_arrays(pa.array(self.starts), _picked(CHANNELS, self.channels))
        return pa.table(
            {
                "path": pc.binary_join(steps, " > ").cast(pa.string()),
                "total_conversions": self.converts.astype(np.int64),
                "total_conversion_value": self.revenue / 10_000,
                "total_null": (~self.converts).astype(np.int64),
            }
        )


def make(journeys: int, share: float, *, days: range = range(DAYS), seed: int = 1, first_number: int = 0) -> Journeys:
    """So many journeys, spread evenly over these days after FIRST_DAY, of which this share converts.

    first_number: the number of the first one; parts of a larger set are told apart by it.
    """
    chance = np.random.default_rng([seed, days.start, first_number])
    lengths = _lengths(chance, journeys)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    channels = _channels(chance, lengths, starts)
    ages_ms = _ages_ms(chance, lengths, starts)
    converts = _converts(chance, channels[starts[1:] - 1], share)
    # Without a conversion a journey ends with its last touch.
    ages_ms = ages_ms - np.repeat(np.where(converts, 0, ages_ms[starts[1:] - 1]), lengths)
    day = days.start + np.arange(journeys) * len(days) // journeys
    ends_ms = _epoch_ms() + day * DAY_MS + chance.integers(0, DAY_MS, journeys)
    revenue = np.where(converts, 100 * np.rint(100 * chance.lognormal(4, 0.8, journeys)).astype(np.int64), 0)
    touched_ms = np.repeat(ends_ms, lengths) - ages_ms
    return Journeys(
        first_number + np.arange(journeys), ends_ms, converts, revenue, starts.astype(np.int64), channels, touched_ms
    )


def make_in_parts(journeys: int, share: float, *, parts: int, seed: int = 1) -> Iterator[Journeys]:
    """The same in so many parts, each of the days after those of the one before, for sizes that do not fit into memory."""
    size = journeys // parts
    for part in range(parts):
        days = range(part * DAYS // parts, (part + 1) * DAYS // parts)
        yield make(size, share, days=days, seed=seed, first_number=part * size)


def aggregated(paths: pa.Table) -> pa.Table:
    """One row a distinct path, its journeys added up."""
    sums = ["total_conversions", "total_conversion_value", "total_null"]
    added = paths.group_by("path").aggregate([(name, "sum") for name in sums])
    return added.rename_columns([name.removesuffix("_sum") for name in added.column_names]).select(["path", *sums])


def day_text(day: int) -> str:
    """The `dt` of a day, counted from FIRST_DAY."""
    return (FIRST_DAY + timedelta(day)).isoformat()


def _epoch_ms() -> int:
    return (FIRST_DAY - date(1970, 1, 1)).days * DAY_MS


def _lengths(chance: np.random.Generator, journeys: int) -> Integers:
    weights = _SHORTER ** np.arange(LONGEST)
    return 1 + np.searchsorted(np.cumsum(weights / weights.sum())[:-1], chance.random(journeys)).astype(np.int64)


def _channels(chance: np.random.Generator, lengths: Integers, starts: Integers) -> npt.NDArray[np.int8]:
    """The channel of every touch: each depends on the one before it."""
    count = len(CHANNELS)
    neighbour = np.roll(np.eye(count), 1, axis=1)
    following = np.cumsum(_STAY * np.eye(count) + _STAY / 2 * neighbour + (1 - 1.5 * _STAY) * _SHARES, axis=1)
    channels = np.empty(starts[-1], np.int8)
    alive = np.flatnonzero(lengths)
    now = np.searchsorted(np.cumsum(_SHARES)[:-1], chance.random(len(alive)))
    channels[starts[alive]] = now
    for position in range(1, LONGEST):
        stays = lengths[alive] > position
        alive, now = alive[stays], now[stays]
        drawn = chance.random(len(alive))
        now = sum(drawn > following[now, place] for place in range(count - 1))
        channels[starts[alive] + position] = now
    return channels


def _ages_ms(chance: np.random.Generator, lengths: Integers, starts: Integers) -> Integers:
    """How long before its journey's end each touch happened, oldest first: more of them near the end."""
    # Sorted at once within all journeys: the whole part of a key is the journey, the rest falls with age.
    journey = np.repeat(np.arange(len(lengths)), lengths)
    nearness = np.sort(journey + chance.random(starts[-1])) - journey
    return np.rint((1 - nearness) ** 2 * (SPAN_DAYS * DAY_MS - 1)).astype(np.int64)


def _converts(chance: np.random.Generator, last_channels: npt.NDArray[np.int8], share: float) -> npt.NDArray[np.bool_]:
    reluctance = chance.random(len(last_channels)) / _LIFTS[last_channels]
    return np.asarray(reluctance <= np.quantile(reluctance, share))


def _table(name: str, columns: dict[str, pa.Array], rows: int) -> pa.Table:
    """Rows in a lake table's columns; what is not given is null."""
    book = {"upload_id": pa.repeat("bench", rows), "row_number": pa.array(np.arange(1, rows + 1))}
    schema = arrow_schema(name)
    given = {**columns, **book}
    arrays = [
        given[field.name].cast(field.type) if field.name in given else pa.nulls(rows, field.type) for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _ids(letter: str, numbers: Integers) -> pa.Array:
    """A letter and eleven hexadecimal digits each."""
    scrambled = numbers.astype(np.uint64) * np.uint64(_SCRAMBLE)
    text = np.empty((len(numbers), 12), np.uint8)
    text[:, 0] = ord(letter)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    for place in range(11):
        text[:, 1 + place] = digits[(scrambled >> np.uint64(40 - 4 * place)) & np.uint64(15)]
    ends = np.arange(0, 12 * len(numbers) + 1, 12, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(numbers), [None, pa.py_buffer(ends), pa.py_buffer(text)])


def _moments(instants_ms: Integers) -> dict[str, pa.Array]:
    """When it happened, and the day of that."""
    first = int(instants_ms.min() // DAY_MS) if len(instants_ms) else 0
    last = int(instants_ms.max() // DAY_MS) if len(instants_ms) else 0
    days = [(date(1970, 1, 1) + timedelta(day)).isoformat() for day in range(first, last + 1)]
    return {
        "occurred_at": pa.array(instants_ms * 1000).cast(pa.timestamp("us")),
        "dt": _picked(days, instants_ms // DAY_MS - first),
    }


def _picked(names: list[str | None] | list[str] | tuple[str | None, ...], places: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(places))


def _money(ten_thousandths: Integers) -> pa.Array:
    """Exact decimals: 16 bytes each, the lower eight first."""
    words = np.stack([ten_thousandths, np.where(ten_thousandths < 0, -1, 0)], axis=1)
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(words), [None, pa.py_buffer(np.ascontiguousarray(words))])
