"""Markov attribution: what would be lost if a channel were not there, in an absorbing Markov chain, solved and not simulated.

Invariants: a journey begins at the start and ends in conversion or in nothing (null), so every state is left as often as it is entered, and
from every state that occurs an end can be reached: the chain has no closed class but its ends, and its equations have one solution. Shares
are at least 0 and sum to 1. Multiplying all journeys by a number changes no effect.

Source: Anderl, Becker, von Wangenheim, Schumann, "Mapping the customer journey", International Journal of Research in Marketing 33 (2016);
absorbing chains as in Kemeny and Snell, "Finite Markov Chains" (1960), chapter 3. A state of order n is the last n channels, fewer at the
journey's beginning; a channel that follows itself is a transition like any other. Removing a channel sends every transition into a state
that contains it to null.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import bicgstab, splu

from pipelines.attribution.model import Numbers
from pipelines.errors import CannotCarry

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_CHANNELS = 1_000
MOST_STATES = 20_000
"""Beyond these a chain is more a list of journeys than a model, and its equations take minutes."""
FEW_CONVERSIONS = 100
"""Conversions under which the shares are said to be thin: they are given all the same."""

CONVERSION, NULL = -1, -2
"""The ends, where a transition's target is a state's number."""

DENSE_STATES = 100
"""States up to which the equations are solved as a full matrix; beyond, most of its cells are zero."""
RESIDUAL = 1e-13


@dataclass(frozen=True)
class Removal:
    """What the removal of each channel does.

    channels: channel, removal_effect (1 - P(conversion without it) / P(conversion)), share (the effects divided by their sum), by name.
    base: the probability that a journey converts. conversions: converting journeys. states: those of the chain, without start and ends.
    caveat: a sentence where there are few conversions, else null.
    """

    channels: pd.DataFrame
    base: float
    conversions: float
    states: int
    caveat: str | None


@dataclass(frozen=True)
class _Grams:
    """Grams as numbers. touches: (grams, order + 1), channels as numbers from 1, 0 after the journey's end."""

    touches: Codes
    converted: Flags
    journeys: Numbers
    begun: Numbers


@dataclass(frozen=True)
class _Chain:
    """Journeys that move between the states, enter them from the start, convert from them and end in them (converting or not).

    contains: (states, channels), the channels that a state names.
    """

    moves: csr_array
    entries: Numbers
    conversions: Numbers
    ends: Numbers
    contains: Flags


def removal_effects(grams: pd.DataFrame, order: int) -> Removal:
    """The removal effect of every channel in a chain of order 1, 2 or 3.

    grams, a row for every kind of touch with what follows it: `touch_1` (its channel) to `touch_<order + 1>` (the channels that follow it, null
    after the journey's end), `converted` (whether it ends in a conversion; only read where it ends there), `journeys` (how many this stands for)
    and `begun` (how many of them begin with this touch).
    Raises CannotCarry without a converting journey, and for more channels or states than MOST_CHANNELS and MOST_STATES.
    """
    names = sorted({str(name) for name in grams["touch_1"].unique()})
    if len(names) > MOST_CHANNELS:
        raise _too_many(f"{len(names):,} names", MOST_CHANNELS)
    coded = _coded(grams, names, order)
    last = coded.touches[:, 1] == 0
    conversions = float(coded.journeys[last & coded.converted].sum())
    if conversions <= 0:
        raise CannotCarry("No journey of this period converts, so there is nothing to lose.", "Choose a longer period.")
    if order == 1:
        counts = _counts(coded, len(names), np.zeros(len(last), dtype=np.int64), 1)
        _check(counts[0, :, :-2].sum(axis=0), counts[0, 1:].sum(axis=1))
        effects, states = order1_effects(counts)[0], len(names)
    else:
        chain = _chain(coded, len(names), order)
        effects, states = _effects(chain, conversions), len(chain.ends)
    channels = pd.DataFrame({"channel": names, "removal_effect": effects, "share": effects / effects.sum()})
    return Removal(channels, conversions / float(coded.begun.sum()), conversions, states, _caveat(conversions))


def transition_counts(grams: pd.DataFrame, channels: Sequence[str], buckets: int) -> Numbers:
    """Transitions of order 1 by bucket of people: (buckets, channels + 1, channels + 2), as order1_effects reads them.

    grams as removal_effects reads them for order 1, with the bucket (from 0) as `slice`.
    """
    return _counts(_coded(grams, channels, 1), len(channels), grams["slice"].to_numpy(dtype=np.int64), buckets)


def order1_shares(counts: Numbers) -> Numbers:
    """The share of each channel, (replicates, channels); all zero in a replicate without conversions. counts as order1_effects reads them."""
    effects = order1_effects(counts)
    total = effects.sum(axis=1, keepdims=True)
    return np.divide(effects, total, out=np.zeros_like(effects), where=total > 0)


def order1_effects(counts: Numbers) -> Numbers:
    """Removal effects of many chains of order 1 at once, (replicates, channels); 0 where a replicate has no conversions.

    counts: (replicates, channels + 1, channels + 2): from the start and from each channel, to each channel, to conversion and to null.
    With the fundamental matrix N, a journey that begins at the start s meets c with probability N[s, c] / N[c, c], and converts from there
    with probability b[c]: without c, exactly these conversions are lost.
    """
    channels = counts.shape[2] - 2
    start, inside, converting = counts[:, 0, :channels], counts[:, 1:, :channels], counts[:, 1:, channels]
    left = counts[:, 1:].sum(axis=2)
    equations = -inside
    diagonal = np.arange(channels)
    equations[:, diagonal, diagonal] += np.where(left > 0, left, 1.0)
    inverse = np.linalg.inv(equations)
    converts = (inverse @ converting[:, :, None])[:, :, 0]
    met = (start[:, None, :] @ inverse)[:, 0] / inverse[:, diagonal, diagonal]
    conversions = (start * converts).sum(axis=1, keepdims=True)
    return np.divide(met * converts, conversions, out=np.zeros_like(met), where=conversions > 0)


def _coded(grams: pd.DataFrame, channels: Sequence[str], order: int) -> _Grams:
    """Grams as numbers. Raises ValueError for a channel that is none of these: its touches have no grams of their own."""
    known = pd.Index(channels)
    columns = [grams[f"touch_{place}"] for place in range(1, order + 2)]
    touches = np.stack([known.get_indexer(column) + 1 for column in columns], axis=1).astype(np.int64)
    if (touches > 0).sum() != sum(int(column.notna().sum()) for column in columns):
        raise ValueError("A journey goes on to a channel that no touch begins with: a gram is missing.")
    return _Grams(
        touches,
        grams["converted"].to_numpy(dtype=bool),
        grams["journeys"].to_numpy(dtype=np.float64),
        grams["begun"].to_numpy(dtype=np.float64),
    )


def _counts(grams: _Grams, channels: int, bucket: Codes, buckets: int) -> Numbers:
    """Transitions of order 1, laid out as order1_effects reads them."""
    origin, following = grams.touches[:, 0], grams.touches[:, 1]
    target = np.where(following > 0, following - 1, np.where(grams.converted, channels, channels + 1))
    rows = np.concatenate([bucket * (channels + 1) + origin, bucket * (channels + 1)])
    columns = np.concatenate([target, origin - 1])
    shape = (buckets, channels + 1, channels + 2)
    weights = np.concatenate([grams.journeys, grams.begun])
    return _sums(rows * shape[2] + columns, weights, buckets * shape[1] * shape[2]).reshape(shape)


def _chain(grams: _Grams, channels: int, order: int) -> _Chain:
    """The chain of an order above 1. Raises CannotCarry for more states than MOST_STATES."""
    begins = grams.begun > 0
    origin, target, weight = _moves(grams, channels, order)
    codes, row = np.unique(origin, return_inverse=True)
    size = len(codes)
    if size > MOST_STATES:
        raise _too_many(f"{size:,} states", MOST_STATES)
    inside, converting = target >= 0, target == CONVERSION
    chain = _Chain(
        csr_array((weight[inside], (row[inside], _places(codes, target[inside]))), shape=(size, size)),
        _sums(_places(codes, grams.touches[begins, 0]), grams.begun[begins], size),
        _sums(row[converting], weight[converting], size),
        _sums(row[~inside], weight[~inside], size),
        _contained(codes, channels, order),
    )
    _check(chain.entries + chain.moves.sum(axis=0), chain.ends + chain.moves.sum(axis=1))
    return chain


def _moves(grams: _Grams, channels: int, order: int) -> tuple[Codes, Codes, Numbers]:
    """Transitions but those from the start: origin, target, journeys. A state is its channels as the digits of a number."""
    base, touches = channels + 1, grams.touches
    ends = np.where(grams.converted, CONVERSION, NULL)
    digits = base ** np.arange(order - 1, -1, -1)
    steps = [
        (
            touches[:, :order] @ digits,
            touches[:, 1:] @ digits,
            touches[:, order],
            touches[:, order - 1] > 0,
            grams.journeys,
        )
    ]
    for length in range(1, order):
        shorter = base ** np.arange(length - 1, -1, -1)
        state = touches[:, :length] @ shorter
        following = touches[:, length]
        steps.append((state, state * base + following, following, touches[:, length - 1] > 0, grams.begun))
    moves = []
    for origin, target, following, counted, journeys in steps:
        kept = counted & (journeys > 0)
        moves.append((origin[kept], np.where(following > 0, target, ends)[kept], journeys[kept]))
    origins, targets, weights = zip(*moves, strict=True)
    return np.concatenate(origins), np.concatenate(targets), np.concatenate(weights)


def _contained(codes: Codes, channels: int, order: int) -> Flags:
    """Which channels a state names: (states, channels)."""
    named = codes[:, None] // (channels + 1) ** np.arange(order) % (channels + 1)
    contained = np.zeros((len(codes), channels + 1), dtype=bool)
    contained[np.arange(len(codes))[:, None], named] = True
    return contained[:, 1:]


def _places(codes: Codes, wanted: Codes) -> Codes:
    places = pd.Index(codes).get_indexer(pd.Index(wanted))
    if (places < 0).any():
        raise ValueError("A journey enters a state that no touch begins: a gram is missing.")
    return places.astype(np.int64)


def _check(entered: Numbers, left: Numbers) -> None:
    """Raise ValueError where grams are missing or `begun` is wrong: only of whole journeys is it true that an end is always reached."""
    if not np.allclose(entered, left, rtol=1e-9, atol=1e-6):
        raise ValueError("A state is not left as often as it is entered: the grams are not those of whole journeys.")


def _effects(chain: _Chain, conversions: float) -> Numbers:
    """The removal effect of each channel: the equations without its states, solved anew."""
    left = np.asarray(chain.moves.sum(axis=1)) + chain.ends
    self_moves = chain.moves.diagonal()
    scale = 1 / (left - self_moves)
    equations = csr_array(diags_array(scale) @ (diags_array(left) - chain.moves))
    converting = scale * chain.conversions
    lost = np.zeros(chain.contains.shape[1])
    for channel in np.flatnonzero(chain.contains.any(axis=0)):
        kept = np.flatnonzero(~chain.contains[:, channel])
        converts = _solve(equations[kept][:, kept], converting[kept])
        lost[channel] = conversions - chain.entries[kept] @ converts
    return np.maximum(lost / conversions, 0.0)


def _solve(equations: csr_array, right: Numbers) -> Numbers:
    """The solution to rounding: directly where that is quick, else by iteration to a residual of RESIDUAL, directly where that fails."""
    if len(right) <= DENSE_STATES:
        return np.linalg.solve(equations.toarray(), right)
    solution, failed = bicgstab(equations, right, rtol=RESIDUAL, atol=0.0, maxiter=1_000)
    return splu(equations.tocsc()).solve(right) if failed else solution


def _sums(places: Codes, weights: Numbers, size: int) -> Numbers:
    return np.bincount(places, weights=weights, minlength=size).astype(np.float64)


def _caveat(conversions: float) -> str | None:
    if conversions >= FEW_CONVERSIONS:
        return None
    return f"Only {conversions:,.0f} conversions carry this model: under {FEW_CONVERSIONS} its shares say little."


def _too_many(what: str, most: int) -> CannotCarry:
    return CannotCarry(f"The journeys have {what}; the model carries {most:,}.", "Use a lower order or a coarser name.")
