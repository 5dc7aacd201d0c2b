"""What the cells of a column look like, from the first few hundred of them.

Invariant: a look is a hint that picks among columns or suggests one; the cells are still read, and refused, one by one.
"""

import re
from collections.abc import Callable

from pipelines.ingest.prepared import Raw

_LOOKED_AT = 500  # rows from the top
_MOST = 0.9  # share of the filled cells that must look alike

_CLOCK = re.compile(
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?(?:\s*(?:Z|UTC|[+-]\d{2}:?\d{2}))?", re.IGNORECASE
)
_MOMENT = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/. ]\d{1,2}[-/. ](?:\d{4}|\d{2})\b.*|(?:19|20)\d{6}|\d{10}|\d{13}|\d{16}"
    r"|(?:\w{2,9}\.?,? )?\d{1,2}\.?(?: de)?[- ][^\W\d]{3,10}\.?,?(?: de)?[- ]\d{2,4}\b.*|(?:\w{2,9}\.?,? )?[^\W\d]{3,10}\.? \d{1,2},? \d{4}\b.*"
)
_NUMBER = re.compile(
    r"[-+(]?\s*(?:[A-Z]{3}|[€$£¥])?\s*[-+]?\d[\d.,'\s\u00a0\u202f]*\s*(?:[A-Z]{3}|[€$£¥kKmM])?\)?|[-–—]+|n/?a",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\d{1,3}(?:[.,'\s\u00a0\u202f]\d{3})+|\d{1,15}|[-–—]+")
_CURRENCY = re.compile(r"[A-Z]{3}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_FLAG = re.compile(r"true|false|yes|no|[01]|t|f|y|n", re.IGNORECASE)
_SENTIMENT = re.compile(r"positiv\w*|negativ\w*|neutral\w*|neutr[eo]|uncategori[sz]ed|mixed", re.IGNORECASE)


def head(raw: Raw, column: str) -> list[str]:
    """The filled cells of the first few hundred rows of a column, trimmed."""
    cells = raw.table[column].slice(0, _LOOKED_AT).to_pylist()
    return [trimmed for cell in cells if cell and (trimmed := " ".join(cell.split()))]


def are_clocks(cells: list[str]) -> bool:
    """Times of day without a day."""
    return _mostly(_CLOCK.fullmatch, cells)


def are_moments(cells: list[str]) -> bool:
    """Days or moments, in any of the shapes people write."""
    return _mostly(_MOMENT.fullmatch, cells)


def have_clocks(cells: list[str]) -> bool:
    """A time of day stands in each of them."""
    return _mostly(re.compile(r"\d:\d\d").search, cells)


def are_numbers(cells: list[str]) -> bool:
    """Amounts or other numbers, signs for "none" among them."""
    return _mostly(_NUMBER.fullmatch, cells) and any(any(map(str.isdigit, cell)) for cell in cells)


def are_whole(cells: list[str]) -> bool:
    """Counts: numbers without decimals."""
    return _mostly(_WHOLE.fullmatch, cells) and any(any(map(str.isdigit, cell)) for cell in cells)


def are_currencies(cells: list[str]) -> bool:
    """Three-letter codes."""
    return _mostly(_CURRENCY.fullmatch, cells)


def are_persons(cells: list[str]) -> bool:
    """E-mail addresses or their hashes."""
    return _mostly(lambda cell: _EMAIL.fullmatch(cell) or _HASH.fullmatch(cell), cells)


def are_urls(cells: list[str]) -> bool:
    """Web addresses."""
    return _mostly(_URL.match, cells)


def are_flags(cells: list[str]) -> bool:
    """Yes or no."""
    return _mostly(_FLAG.fullmatch, cells)


def are_sentiments(cells: list[str]) -> bool:
    """Words for sentiments."""
    return _mostly(_SENTIMENT.fullmatch, cells)


def _mostly(test: Callable[[str], object], cells: list[str]) -> bool:
    return bool(cells) and sum(bool(test(cell)) for cell in cells) >= _MOST * len(cells)
