"""Words that stand for values: yes and no, sentiments, choices, names, identifiers.

Invariant: a word outside the lists is a problem, except a sentiment, which is then uncategorized and said to be.
"""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import Cells, Problem, blank_out, count, examples, is_unknown, matches
from pipelines.ingest.numbers import sheet_errors
from pipelines.sources import Field

_YES = "1|1[.,]0|true|t|yes|y|ja|j|oui|si|sí|sim|wahr|vrai|x|on|converted|granted|✓|✔"
_NO = "0|0[.,]0|false|f|no|n|nein|non|não|falsch|faux|off|not converted|denied|✗|✘"
_SENTIMENTS = {
    "positive": "positive|pos|positiv|positif|positivo|good|very positive|somewhat positive|1|\\+|\\+1",
    "neutral": "neutral|neu|neutre|neutro|mixed|0",
    "negative": "negative|neg|negativ|négatif|negativo|bad|very negative|somewhat negative|-1",
    "uncategorized": "uncategori[sz]ed|unknown|unrated|not rated|none|n/a|-+|—|not available|undefined",
}
_NOBODY = r"undefined|not set|anonymous|nan|\(none\)|\(other\)"
# How Excel shows a long number: most of its digits are gone. Identifiers in lower case ("1234e567") are not that.
_SHORTENED = r"\d(?:[.,]\d+)?E\+\d{2,3}"


def read_booleans(text: pa.Array) -> Cells:
    """Read distinct texts as booleans; blank and 'N/A' are null."""
    yes, no = matches(text, _YES, ignore_case=True), matches(text, _NO, ignore_case=True)
    other = pc.invert(pc.or_(pc.or_(yes, no), is_unknown(text)))
    values = blank_out(yes, pc.invert(pc.or_(yes, no)))
    return Cells(values, (Problem(other, "This is neither yes nor no."),))


def read_sentiments(text: pa.Array, name: str) -> Cells:
    """Read distinct texts as positive, neutral, negative or uncategorized; blank is null."""
    values = pa.nulls(len(text), pa.string())
    for sentiment, pattern in _SENTIMENTS.items():
        values = pc.if_else(matches(text, pattern, ignore_case=True), sentiment, values)
    other = pc.and_(pc.is_valid(text), pc.is_null(values))
    if not count(other):
        return Cells(values)
    said = (
        f"'{name}' has sentiments such as {examples(text, other)} that Touchline does not know; kept as uncategorized."
    )
    return Cells(pc.if_else(other, "uncategorized", values), warnings=(said,))


def read_choices(text: pa.Array, field: Field) -> Cells:
    """Read distinct texts as one of the field's choices, in lower case."""
    word = pc.utf8_lower(text)
    wrong = pc.and_(pc.is_valid(text), pc.invert(pc.is_in(word, value_set=pa.array(field.choices))))
    return Cells(blank_out(word, wrong), (Problem(wrong, f"This must be one of {', '.join(field.choices)}."),))


def read_names(text: pa.Array, field: Field, name: str) -> Cells:
    """Read distinct texts as names or addresses: what a spreadsheet shows instead of a text it could not compute is none."""
    lost = sheet_errors(text)
    if not count(lost):
        return Cells(text)
    reason = "The spreadsheet has an error here instead of a text."
    said = f"'{name}' has errors of a spreadsheet, such as {examples(text, lost, 1)}; taken as unknown."
    return _without(text, lost, field, reason, said)


def read_identifiers(text: pa.Array, field: Field, name: str) -> Cells:
    """Read distinct texts as identifiers; of a person, words that mean nobody are null.

    A number that Excel shortened identifies nothing any more: where the field must be filled that is a problem, elsewhere it is null
    with a warning.
    """
    values = text
    if field.type == "person":
        values = blank_out(text, pc.or_(is_unknown(text), matches(text, _NOBODY, ignore_case=True)))
    short = pc.or_(shortened(text), sheet_errors(text))
    if not count(short):
        return Cells(values)
    reason = "Excel shortened this identifier; its last digits are lost."
    said = f"'{name}' has identifiers that Excel shortened, such as {examples(text, short, 1)}; taken as unknown."
    return _without(values, short, field, reason, said)


def _without(values: pa.Array, lost: pa.BooleanArray, field: Field, reason: str, said: str) -> Cells:
    """The values without those that are lost: a problem where the field must be filled, elsewhere a warning."""
    values = blank_out(values, lost)
    return Cells(values, (Problem(lost, reason),)) if field.filled else Cells(values, warnings=(said,))


def shortened(text: pa.Array) -> pa.BooleanArray:
    """Which texts are numbers in Excel's scientific notation, such as 5.70306E+17."""
    return matches(text, _SHORTENED)
