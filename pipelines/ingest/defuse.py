"""Text cells that a spreadsheet would run as formulas, made harmless in files we write and turned back in files we read.

Invariant: restore(defuse(text)) is text, whatever the text; a text that no spreadsheet runs is left alone by both.
"""

import pyarrow as pa
import pyarrow.compute as pc

# What starts a formula, behind any quotes: a text that already begins with quotes needs one more, or it could not be told from a defused one.
_RUNS = r"[=+\-@\t\r]"


def defuse(text: pa.Array) -> pa.Array:
    """The texts, with a quote (') before those that a spreadsheet would take for a formula."""
    return pc.replace_substring_regex(text, rf"\A('*{_RUNS})", r"'\1")


def restore(text: pa.Array) -> pa.Array:
    """The texts without the quote that `defuse`, or a spreadsheet, set before them."""
    return pc.replace_substring_regex(text, rf"\A'('*{_RUNS})", r"\1")
