"""The currency of amounts whose rows do not name it in a cell of its own.

Invariant: a named currency is never overruled; one that is taken from a shared sign, or assumed, is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import Problem, count
from pipelines.ingest.columns import Column
from pipelines.ingest.currencies import ambiguous_signs, currencies_of, header_currency, header_sign
from pipelines.ingest.currency_words import AMBIGUOUS
from pipelines.ingest.keys import plain
from pipelines.ingest.prepared import Conversion


@dataclass(frozen=True)
class Currency:
    """The currency of every row, how it was read from the amounts, if it was, which rows name two, and what is to be said.

    `assumed`: the rows with an amount for which nothing names one.
    """

    values: pa.Array
    conversion: Conversion | None = None
    problem: Problem | None = None
    amount: str = ""
    assumed: pa.BooleanArray | None = None
    warnings: tuple[str, ...] = ()


def currency_of(
    column: Column, columns: Sequence[Column], values: Mapping[str, pa.Array], reporting: str, otherwise: str
) -> Currency:
    """The currency of the `column` where its cells name one, else the one whose sign stands in the amounts, else the reporting currency.
    `otherwise`: that of rows whose cell names none, as the header or the person says.

    An amount in another currency than its own row or its header names is a problem; than the person says of the whole file, a warning.
    """
    named = values[column.field.name]
    amounts = [other for other in columns if other.field.type == "money" and other.headers]
    warnings: list[str] = []
    conversion, problem, assumed = None, None, None
    for amount in amounts[:1]:
        codes = currencies_of(amount.texts)
        against = _against(amount, codes, named)
        of_header = header_currency(amount.name)
        if column.headers and of_header and of_header == otherwise:
            other = pc.fill_null(pc.not_equal(plain(named), of_header), False)
            problem = Problem(other, f"The header of the amount names {of_header}, the row another currency.")
        elif against and (column.headers or of_header):
            problem = Problem(against, "The amount is written in another currency than the row or the header names.")
        elif against:
            warnings.append(_said_against(amount, against, named))
        if named.null_count:
            codes = _shared(amount, codes, reporting, warnings)
        if named.null_count and codes.null_count < len(codes):
            place = int(np.flatnonzero(np.asarray(pc.is_valid(codes)))[0])
            shown = (amount.name, amount.texts[place].as_py(), codes[place].as_py())
            conversion = Conversion(column.field.name, *shown, "as the amounts name it")
            named = pc.coalesce(plain(named), plain(amount.over_rows(codes))).dictionary_encode()
        if named.null_count and (sign := header_sign(amount.name)):
            named = pc.fill_null(plain(named), _taken(sign, amount, reporting, warnings)).dictionary_encode()
    if named.null_count:
        assumed = _with_amount(pc.is_null(named), amounts, values)
        named = pc.fill_null(plain(named), reporting).dictionary_encode()
    return Currency(named, conversion, problem, amounts[0].name if amounts else "", assumed, tuple(warnings))


def _shared(amount: Column, codes: pa.Array, reporting: str, warnings: list[str]) -> pa.Array:
    """The codes, with one for signs that several currencies share: the reporting currency, or the most common one."""
    shared = ambiguous_signs(amount.texts)
    for sign in pc.unique(shared).drop_null().to_pylist():
        taken = _taken(sign, amount, reporting, warnings)
        codes = pc.if_else(pc.fill_null(pc.equal(shared, sign), False), taken, codes)
    return codes


def _taken(sign: str, amount: Column, reporting: str, warnings: list[str]) -> str:
    """The currency that a shared sign is taken for, with a warning that says so."""
    candidates = AMBIGUOUS[sign]
    taken = reporting if reporting in candidates else candidates[0]
    others = ", ".join([code for code in candidates if code != taken][:3])
    warnings.append(
        f"'{sign}' in '{amount.name}' is read as {taken}; it may be {others} or another. If it is, say the currency of the file."
    )
    return taken


def _against(amount: Column, codes: pa.Array, named: pa.Array) -> pa.BooleanArray | None:
    """Which rows have an amount in another currency than is named; None if none has."""
    signs = ambiguous_signs(amount.texts)
    if named.null_count == len(named) or codes.null_count == signs.null_count == len(codes):
        return None
    against = pc.fill_null(pc.not_equal(plain(named), plain(amount.over_rows(codes))), False)
    for sign in pc.unique(signs).drop_null().to_pylist():
        here = plain(amount.over_rows(pc.fill_null(pc.equal(signs, sign), False)))
        other = pc.invert(pc.is_in(plain(named), value_set=pa.array(AMBIGUOUS[sign])))
        against = pc.or_(against, pc.and_(here, pc.and_(other, pc.is_valid(plain(named)))))
    return against if count(against) else None


def _said_against(amount: Column, against: pa.BooleanArray, named: pa.Array) -> str:
    place = int(np.flatnonzero(np.asarray(against))[0])
    shown, taken = amount.text_of(place), plain(named)[place].as_py()
    return f"Amounts in '{amount.name}' written in another currency than the file says: {count(against):,}, such as '{shown}'; taken as {taken}."


def _with_amount(rows: pa.BooleanArray, amounts: Sequence[Column], values: Mapping[str, pa.Array]) -> pa.BooleanArray:
    """Which of the rows have any amount."""
    some = pa.repeat(pa.scalar(False), len(rows))
    for amount in amounts:
        some = pc.or_(some, pc.is_valid(values[amount.field.name]))
    return pc.and_(rows, some)
