"""Cells of one column: text in, values and problems out.

Invariant: everything works on the distinct texts of a column (a file of a million rows has few different days and names), and a text
either becomes a value, or unknown (null), or a problem with a reason; never a guess.
"""

from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

_ODD_SPACE = r"[\t\n\v\f\r]|  |[\p{Z}--[ ]]|\x{200B}|\x{2060}|\x{FEFF}"
_SPACE = r"[\s\p{Z}\x{200B}\x{2060}\x{FEFF}]+"


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


def clean(text: pa.Array) -> pa.Array:
    """Text in NFC, white space trimmed and folded to single spaces, blank to null."""
    if not pc.all(pc.string_is_ascii(text)).as_py():
        text = pc.utf8_normalize(text, "NFC")
    if pc.any(pc.match_substring_regex(text, _ODD_SPACE)).as_py():
        text = pc.replace_substring_regex(text, _SPACE, " ")
    text = pc.utf8_trim(text, " ")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def spread(cells: Cells, indices: pa.Array) -> Cells:
    """Cells of distinct texts, laid out over the rows that have them; problems that no text has are left out."""
    problems = tuple(
        replace(problem, where=pc.take(problem.where, indices)) for problem in cells.problems if count(problem.where)
    )
    return replace(cells, values=pc.take(cells.values, indices), problems=problems)


def matches(text: pa.Array, pattern: str, ignore_case: bool = False) -> pa.BooleanArray:
    """Whether each text matches the whole pattern; false for null."""
    return pc.fill_null(pc.match_substring_regex(text, f"^(?:{pattern})$", ignore_case=ignore_case), False)


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
