"""The currency of amounts whose rows do not name it in a cell of its own.

Invariant: a named currency is never overruled; one that is taken from a shared sign, or assumed, is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import count
from pipelines.ingest.columns import Column
from pipelines.ingest.currencies import AMBIGUOUS, ambiguous_signs, currencies_of
from pipelines.ingest.keys import plain
from pipelines.ingest.prepared import Conversion


@dataclass(frozen=True)
class Currency:
    """The currency of every row, how it was read from the amounts, if it was, and what is to be said."""

    values: pa.Array
    conversions: tuple[Conversion, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def currency_of(column: Column, columns: Sequence[Column], values: Mapping[str, pa.Array], reporting: str) -> Currency:
    """The currency of the `column` where its cells name one, else the one whose sign stands in the amounts, else the reporting currency."""
    named = values[column.field.name]
    amounts = [other for other in columns if other.field.type == "money" and other.headers]
    notes: list[str] = []
    warnings: list[str] = []
    conversions: list[Conversion] = []
    for amount in amounts[:1]:
        signs = _signs(amount, reporting, notes, warnings)
        if signs.null_count == len(signs):
            continue
        written = amount.over_rows(signs)
        warnings += _disagreeing(amount, plain(named), plain(written))
        if named.null_count:
            shown = np.flatnonzero(np.asarray(pc.is_valid(signs)))[0]
            conversions.append(
                Conversion(
                    column.field.name,
                    amount.name,
                    amount.texts[shown].as_py(),
                    signs[shown].as_py(),
                    "from the amounts",
                )
            )
            named = pc.coalesce(plain(named), plain(written)).dictionary_encode()
    if not named.null_count:
        return Currency(named, tuple(conversions), tuple(notes), tuple(warnings))
    blank = pc.is_null(named)
    concerned = sum(count(pc.and_(blank, pc.is_valid(values[amount.field.name]))) for amount in amounts)
    if concerned:
        warnings.append(f"Amounts without a currency: {concerned:,}; taken as {reporting}.")
    filled = pc.fill_null(plain(named), reporting).dictionary_encode()
    return Currency(filled, tuple(conversions), tuple(notes), tuple(warnings))


def _signs(amount: Column, reporting: str, notes: list[str], warnings: list[str]) -> pa.Array:
    """The currency that each distinct amount names; of a sign that several share the reporting currency, or the most common one."""
    codes, shared = currencies_of(amount.texts), ambiguous_signs(amount.texts)
    for sign in pc.unique(shared).drop_null().to_pylist():
        candidates = AMBIGUOUS[sign]
        taken = reporting if reporting in candidates else candidates[0]
        codes = pc.if_else(pc.fill_null(pc.equal(shared, sign), False), taken, codes)
        if taken == reporting:
            notes.append(f"'{sign}' in '{amount.name}' is read as {taken}, the reporting currency.")
        else:
            others = ", ".join(code for code in candidates[1:4])
            warnings.append(
                f"'{sign}' in '{amount.name}' is read as {taken}; it may be {others} or another. If so, say the currency of the file."
            )
    return codes


def _disagreeing(amount: Column, named: pa.Array, written: pa.Array) -> list[str]:
    """A warning where the amounts name another currency than the file does elsewhere."""
    other = pc.fill_null(pc.not_equal(named, written), False)
    if not count(other):
        return []
    place = int(np.flatnonzero(np.asarray(other))[0])
    shown, taken = amount.texts[amount.codes[place].as_py()].as_py(), named[place].as_py()
    return [
        f"Amounts in '{amount.name}' written in another currency than the file says: {count(other):,}, such as '{shown}'; taken as {taken}."
    ]
