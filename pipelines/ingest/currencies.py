"""Currencies as amounts and columns name them.

Invariant: a sign that several currencies share is never taken for one of them.
"""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import Cells, Problem
from pipelines.ingest.currency_words import AMBIGUOUS, CODES, MEANINGS
from pipelines.ingest.forms import forms_of
from pipelines.ingest.frames import Frame, framed

__all__ = ["AMBIGUOUS", "ambiguous_signs", "currencies_of", "read_currencies"]

_ONE_MEANING = {word: codes[0] for word, codes in MEANINGS.items() if len(codes) == 1}


def currencies_of(text: pa.Array) -> pa.Array:
    """The ISO code that each distinct amount names ('12,50 €', 'US$ 3', '3 USD'); null where it names none, or one of several."""
    return _named(text, lambda frame: _ONE_MEANING.get(frame.currency))


def ambiguous_signs(text: pa.Array) -> pa.Array:
    """The sign of each distinct amount that several currencies share (a key of AMBIGUOUS); null where there is none."""
    return _named(text, lambda frame: frame.currency if frame.currency in AMBIGUOUS else None)


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
