"""Cells of one column: text in, values and problems out.

Invariant: everything works on the distinct texts of a column (a file of a million rows has few different days and names), and a text
either becomes a value, or unknown (null), or a problem with a reason; never a guess.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.defuse import restore

# What has no width and no meaning in a name: soft hyphens, zero-width spaces, marks of direction. A joiner has one in emoji and in Persian,
# none behind a Latin letter.
_INVISIBLE = (
    r"[\x{AD}\x{61C}\x{180E}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{FEFF}]"
    r"|(^|[\x00-\x{24F}])[\x{200C}\x{200D}]+"
)
_SPACES = r"[\t\n\v\f\r\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]"
_UNKNOWN = r"[-−‐–—―]+|#?n/[adb]|na|#nv|n\.[ad]\.?|k\. ?a\.|null|none|\\n|unknown|unbekannt|not available|\(not set\)|\(blank\)"

_HARMLESS = bytes(set(range(33, 127)) - set(b"'"))  # of a text that is clean already
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Problem:
    """Which cells (boolean, as many as the column has) cannot be read, and why, in a sentence without the value."""

    where: pa.BooleanArray
    reason: str


@dataclass(frozen=True)
class Cells:
    """Values of a column (null: unknown or a problem), problems, and what was decided (`notes`) or smells (`warnings`)."""

    values: pa.Array
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def encoded(column: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """A column of texts, plain or encoded, in chunks or not, as codes (int32) and the distinct texts that its rows have."""
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        return column.dictionary_encode()
    codes, texts = column.indices, column.dictionary
    used = np.zeros(len(texts), bool)
    used[np.asarray(codes.drop_null())] = True
    if used.all():
        return column
    # Rows were left out (totals, say): what only they said must not bear on how the others are read.
    position = pa.array(np.cumsum(used) - 1, pa.int32())
    return pa.DictionaryArray.from_arrays(pc.take(position, codes), pc.filter(texts, pa.array(used)))


def clean(text: pa.Array) -> pa.Array:
    """Text in NFC without invisible characters, white space trimmed and folded to single spaces, blank to null.

    The quote that keeps a spreadsheet from running a text (see `defuse`) is taken off, once: clean a text once.
    """
    if not _consists_of(text, _HARMLESS):
        text = _without_oddities(text)
    blank = pc.equal(text, "")
    return pc.if_else(blank, pa.scalar(None, pa.string()), text) if pc.any(blank).as_py() else text


def _without_oddities(text: pa.Array) -> pa.Array:
    if not pc.all(pc.string_is_ascii(text)).as_py():
        text = pc.utf8_normalize(pc.replace_substring_regex(text, _INVISIBLE, r"\1"), "NFC")
    if pc.any(pc.match_substring_regex(text, rf"{_SPACES}|  ")).as_py():
        text = pc.replace_substring_regex(text, rf"(?:{_SPACES}| )+", " ")
    text = pc.utf8_trim(text, " ")
    return restore(text) if pc.any(pc.starts_with(text, "'")).as_py() else text


def _consists_of(text: pa.Array, letters: bytes) -> bool:
    """Whether the texts have no other bytes than these, told much faster than by a pattern."""
    data = memoryview(text.buffers()[2] or b"")
    return not any(bytes(data[at : at + _BLOCK]).translate(None, letters) for at in range(0, len(data), _BLOCK))


def is_unknown(text: pa.Array) -> pa.BooleanArray:
    """Which texts say that nothing is known: blank, a dash, 'N/A', 'null' and the like."""
    return pc.or_(pc.is_null(text), matches(text, _UNKNOWN, ignore_case=True))


def matches(text: pa.Array, pattern: str, ignore_case: bool = False) -> pa.BooleanArray:
    """Whether each text matches the whole pattern; false for null."""
    return pc.fill_null(pc.match_substring_regex(text, f"^(?:{pattern})$", ignore_case=ignore_case), False)


def contains(text: pa.Array, pattern: str) -> bool:
    """Whether any of the texts has a part that matches the pattern."""
    return bool(pc.any(pc.match_substring_regex(text, pattern)).as_py())


def extract(text: pa.Array, pattern: str) -> pa.StructArray:
    """The named groups of a pattern that must match the whole text; null where it does not."""
    return pc.extract_regex(text, f"^(?:{pattern})$")


def blank_out(values: pa.Array, where: pa.BooleanArray) -> pa.Array:
    """The values, with null where `where` is true."""
    return pc.if_else(where, pa.scalar(None, values.type), values)


def count(where: pa.BooleanArray) -> int:
    """How many are true."""
    return int(pc.sum(where).as_py() or 0)


def examples(text: pa.Array, where: pa.BooleanArray, most: int = 3) -> str:
    """A few of the texts, quoted, for a sentence."""
    chosen = pc.filter(text, where).slice(0, most).to_pylist()
    return ", ".join(f"'{value}'" for value in chosen)
