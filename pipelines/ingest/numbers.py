"""Numbers as people and tools write them.

Invariant: whether a column writes its decimals after a point or a comma is decided once for the whole column, and a text that does not
fit that decision strictly is refused: `1.234` is never a thousand in one row and one point two in the next.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import Cells, Problem, blank_out, count, examples, extract, matches
from pipelines.sources import Field

UNKNOWN = r"[-—–]+|#?n/?a|n\.a\.|null|none|unknown|\(not set\)"
_NOT_FINITE = r"[-+]?(?:nan|inf|infinity|∞)"
_SCIENTIFIC = r"[-+]?\d+(?:[.,]\d+)?e[-+]?\d+"
_CURRENCY = r"\p{Sc}|^[A-Za-z]{1,3}\p{Sc}|^[A-Z]{3} ?|(?:^([-+(]))[A-Z]{3} ?| ?[A-Z]{3}(\)?)$"
_LARGEST_DIGITS = {"integer": 17, "money": 12, "decimal": 9}
_ROUND_DIGITS = 20  # digits after the point that are read before rounding to the field's scale


@dataclass(frozen=True)
class Evidence:
    """How many texts of a column can only be read with a decimal point, or only with a decimal comma, and an example of each."""

    point: int = 0
    comma: int = 0
    example: str = ""

    def __add__(self, other: "Evidence") -> "Evidence":
        return Evidence(self.point + other.point, self.comma + other.comma, self.example or other.example)


def evidence(field: Field, text: pa.Array) -> Evidence:
    """What the distinct texts of a number column tell about its decimal mark.

    Both marks: the last one is decimal. One mark several times separates thousands. One mark once is decimal unless exactly three digits
    follow one to three others: that may be either, except in a field of whole numbers, where it separates thousands.
    """
    body = _bare(field, text)
    whole = field.type == "integer"
    point = matches(body, _only_decimal(r"\.", ",", whole))
    comma = matches(body, _only_decimal(",", r"\.", whole))
    telling = pc.or_(point, comma)
    return Evidence(count(point), count(comma), examples(text, telling, 1))


def read_numbers(field: Field, text: pa.Array, own: Evidence, file: Evidence, delimiter: str, name: str) -> Cells:
    """Read distinct texts as int64 (integer) or decimal128(18, scale), rounded to the scale.

    The decimal mark is the column's own, else what the file's other columns use, else a comma in files delimited by semicolons and a
    point in others. Unknown ('—', 'N/A', ...) is null. Problems: no number, not finite, scientific, no whole number, too large, sign.
    """
    body = _bare(field, text)
    comma, notes, warnings = _decide(text, body, own, file, delimiter, name)
    mark, group = (",", r"\.") if comma else (r"\.", ",")
    # A group has three digits; in the Indian way of writing, two before the last.
    parts = extract(
        body,
        rf"(?P<sign>[-+]?) ?(?P<whole>\d+|\d{{1,3}}(?:(?:{group}\d{{2,3}})*{group}\d{{3}}|(?: \d{{3}})+|(?:['’]\d{{3}})+)|)"
        rf"(?:{mark}(?P<fraction>\d*))?",
    )
    digits = pc.replace_substring_regex(pc.struct_field(parts, "whole"), r"[., '’]", "")
    fraction = pc.utf8_rtrim(pc.utf8_slice_codeunits(pc.struct_field(parts, "fraction"), 0, _ROUND_DIGITS), "0")
    sign = pc.if_else(pc.equal(pc.struct_field(parts, "sign"), "-"), "-", "")
    digits = pc.utf8_ltrim(digits, "0")

    known = pc.fill_null(pc.invert(matches(text, UNKNOWN, ignore_case=True)), False)
    known = pc.and_(known, pc.is_valid(text))
    has_digit = pc.fill_null(pc.match_substring_regex(body, r"\d"), False)
    number = pc.and_(known, pc.and_(pc.is_valid(parts), has_digit))
    problems = [*_no_numbers(text, body, pc.and_not(known, number), comma)]

    large = pc.and_(number, pc.greater(pc.utf8_length(digits), _LARGEST_DIGITS[field.type]))
    problems.append(Problem(large, "The number is absurdly large."))
    good = pc.and_not(number, large)
    if field.type == "integer":
        part = pc.and_(good, pc.not_equal(fraction, ""))
        problems.append(Problem(part, "This must be a whole number."))
        good = pc.and_not(good, part)
    plain = pc.binary_join_element_wise(sign, pc.if_else(pc.equal(digits, ""), "0", digits), "")
    values = _cast(field, plain, fraction, good)

    values, sign_problems, sign_warnings = _check_sign(field, values, text, name)
    return Cells(values, (*problems, *sign_problems), notes, (*warnings, *sign_warnings))


def currency_example(text: pa.Array) -> str:
    """A text among those of an amount that names its currency, quoted, or '': the name is not read, and the person should know."""
    names = pc.fill_null(pc.match_substring_regex(text, r"\p{Sc}|[A-Z]{3}"), False)
    return examples(text, pc.and_(names, pc.fill_null(pc.match_substring_regex(text, r"\d"), False)), 1)


def _bare(field: Field, text: pa.Array) -> pa.Array:
    """The number without unusual minus signs and brackets (accountants' minus) and, of an amount, without its currency."""
    if not count(pc.match_substring_regex(text, r"[^\d., '’+-]")):
        return text
    bare = pc.replace_substring(text, "−", "-")
    if field.type == "money":
        bare = pc.replace_substring_regex(bare, _CURRENCY, r"\1\2")
    bare = pc.replace_substring_regex(bare, r"^\(\s*(.*?)\s*\)$", r"-\1")
    return pc.utf8_trim(bare, " ")


def _only_decimal(mark: str, group: str, whole: bool) -> str:
    """Pattern of numbers in which `mark` can only be the decimal mark and `group` can only separate thousands."""
    sign = r"[-+]? ?"
    ways = [
        rf"\d{{1,3}}(?:{group}\d{{2,3}})+{mark}\d*",  # 1,234.5
        rf"\d{{1,3}}(?:{group}\d{{2,3}}){{2,}}",  # 1,234,567
        rf"[\d '’]*{mark}(?:\d{{0,2}}|\d{{4,}})",  # 12.5 or .5 or 12.3456
        rf"(?:0|\d{{4,}}|\d[\d '’]*[ '’]\d{{3}}){mark}\d{{3}}",  # 0.125 or 1234.125 or 1 234.125
    ]
    if whole:
        ways.append(rf"[1-9]\d{{0,2}}{group}\d{{3}}")  # 1,234 of a whole number
    return f"{sign}(?:{'|'.join(ways)})"


def _decide(
    text: pa.Array, body: pa.Array, own: Evidence, file: Evidence, delimiter: str, name: str
) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """Whether the decimal mark is a comma; said unless the column is written plainly."""
    if own.point and own.comma:
        comma = own.comma > own.point if own.comma != own.point else delimiter == ";"
        kept = "comma" if comma else "point"
        return comma, (), (f"'{name}' mixes decimal points and decimal commas; read with a decimal {kept}.",)
    if own.point or own.comma:
        comma = bool(own.comma)
        plain = not comma and not count(pc.match_substring(body, ","))
        said = f"'{name}' is written like {'1.234,5' if comma else '1,234.5'} (seen from {own.example})."
        return comma, () if plain else (said,), ()
    unclear = matches(body, r"[-+]? ?[1-9]\d{0,2}[.,]\d{3}")
    if not count(unclear):
        return False, (), ()
    comma = file.comma > file.point if file.comma != file.point else delimiter == ";"
    said = "decimal comma, thousands point" if comma else "decimal point, thousands comma"
    warning = f"Nothing in '{name}' tells how {examples(text, unclear, 1)} is meant; read with {said}. Please check."
    return comma, (), (warning,)


def _no_numbers(text: pa.Array, body: pa.Array, where: pa.BooleanArray, comma: bool) -> list[Problem]:
    infinite = pc.and_(where, matches(text, _NOT_FINITE, ignore_case=True))
    scientific = pc.and_(where, matches(body, _SCIENTIFIC, ignore_case=True))
    percent = pc.and_(where, pc.fill_null(pc.match_substring_regex(text, r"\d ?%$"), False))
    special = pc.or_(pc.or_(infinite, scientific), percent)
    other = pc.and_not(where, special)
    form = pc.and_(other, matches(body, r"[-+]? ?[\d., '’]*\d[\d., '’]*"))
    way = "a decimal comma (1.234,5)" if comma else "a decimal point (1,234.5)"
    return [
        Problem(infinite, "This is not a finite number."),
        Problem(scientific, "The number is in scientific notation, in which digits are lost."),
        Problem(percent, "This is a percentage where a number is expected."),
        Problem(form, f"The number does not fit its column, which is read with {way}."),
        Problem(pc.and_not(other, form), "This is not a number."),
    ]


def _cast(field: Field, plain: pa.Array, fraction: pa.Array, good: pa.BooleanArray) -> pa.Array:
    plain = blank_out(plain, pc.invert(good))
    if field.type == "integer":
        return pc.cast(plain, pa.int64())
    fraction = pc.if_else(pc.equal(fraction, ""), "0", fraction)
    exact = pc.cast(pc.binary_join_element_wise(plain, fraction, "."), pa.decimal128(38, _ROUND_DIGITS))
    rounded = pc.round(exact, ndigits=field.scale, round_mode="half_towards_infinity")
    return pc.cast(rounded, pa.decimal128(18, field.scale))


def _check_sign(
    field: Field, values: pa.Array, text: pa.Array, name: str
) -> tuple[pa.Array, tuple[Problem, ...], tuple[str, ...]]:
    zero = pa.scalar(0, values.type)
    negative = pc.fill_null(pc.less(values, zero), False)
    if field.sign == "not_negative":
        return blank_out(values, negative), (Problem(negative, "This cannot be negative."),), ()
    if field.sign == "positive":
        bad = pc.fill_null(pc.less_equal(values, zero), False)
        return blank_out(values, bad), (Problem(bad, "This must be greater than zero."),), ()
    if field.sign == "warned" and count(negative):
        return (
            values,
            (),
            (f"'{name}' has negative numbers such as {examples(text, negative, 1)}; kept as credit notes.",),
        )
    return values, (), ()
