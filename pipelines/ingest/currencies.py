"""Currencies as amounts, columns and headers name them.

Invariant: a sign that several currencies share is never taken for one of them.
"""

import re
from collections.abc import Callable
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import Cells, Problem
from pipelines.ingest.currency_words import AMBIGUOUS, CODES, MEANINGS
from pipelines.ingest.forms import forms_of
from pipelines.ingest.frames import Frame, framed
from pipelines.ingest.header import LONGEST_NAME

__all__ = ["AMBIGUOUS", "ambiguous_signs", "currencies_of", "header_currency", "header_sign", "read_currencies"]

CURRENCY_AT_END = re.compile(r"[\s_]+(?:in[\s_]+)?([A-Za-z]{3}|[^\w\s]{1,2})$")
_AT_START = re.compile(r"[^\w\s(\[]{1,2}(?=[\s_]*\w)")

_ONE_MEANING = {word: codes[0] for word, codes in MEANINGS.items() if len(codes) == 1}


def currencies_of(text: pa.Array) -> pa.Array:
    """The ISO code that each distinct amount names ('12,50 €', 'US$ 3', '3 USD'); null where it names none, or one of several."""
    return _named(text, lambda frame: _ONE_MEANING.get(frame.currency))


def ambiguous_signs(text: pa.Array) -> pa.Array:
    """The sign of each distinct amount that several currencies share (a key of AMBIGUOUS); null where there is none."""
    return _named(text, lambda frame: frame.currency if frame.currency in AMBIGUOUS else None)


@lru_cache(maxsize=4096)
def header_currency(column: str) -> str:
    """The currency that a header names in brackets, at its end or by a sign at its beginning; '' where it names none, or one of several."""
    words = [word.upper() for word in _words(column) if word.upper() != "ALL"]
    codes = currencies_of(pa.array([f"1 {word}" for word in words], pa.string())).to_pylist()
    return next((code for code in codes if code), "")


@lru_cache(maxsize=4096)
def header_sign(column: str) -> str:
    """The sign that a header names there and that several currencies share, such as the $ of 'Spend ($)'; '' where there is none."""
    return "" if header_currency(column) else next((word for word in _words(column) if word in AMBIGUOUS), "")


def _words(column: str) -> list[str]:
    """What may name a header's currency, the likeliest first."""
    if len(column) > LONGEST_NAME:
        return []
    bracketed = re.findall(r"[(\[]\s*(?:in\s+)?([^)\]]+?)\s*[)\]]", column)
    last, first = CURRENCY_AT_END.search(column), _AT_START.match(column)
    return [*reversed(bracketed), *([last[1]] if last else []), *([first[0]] if first else [])]


def read_currencies(text: pa.Array) -> Cells:
    """Read distinct texts as currency codes in upper case; a sign is read where it stands for one currency."""
    upper = pc.utf8_upper(text)
    code = pc.if_else(pc.is_in(upper, value_set=pa.array(CODES)), upper, pa.scalar(None, pa.string()))
    words, meanings = pa.array(_ONE_MEANING.keys()), pa.array(_ONE_MEANING.values())
    code = pc.coalesce(code, pc.take(meanings, pc.index_in(text, value_set=words)))
    shared = pc.is_in(text, value_set=pa.array(AMBIGUOUS))
    wrong = pc.and_(pc.is_valid(text), pc.is_null(code))
    problems = (
        Problem(pc.and_(wrong, shared), "Several currencies have this sign; write the code, such as USD."),
        Problem(pc.and_not(wrong, shared), "A currency is written as three letters, such as EUR."),
    )
    return Cells(code, problems)


def _named(text: pa.Array, name: Callable[[Frame], str | None]) -> pa.Array:
    """What the frame of each text names; texts of one form have the same frame."""
    forms = forms_of(text)
    return forms.each(framed(forms.distinct).each(name, pa.string()))
