"""Numbers as people and tools write them.

Invariant: whether a column writes its decimals after a point or a comma is decided once for the whole column, and a text that does not
fit that decision strictly is refused: `1.234` is never a thousand in one row and one point two in the next.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import Cells, Problem, blank_out, contains, count, examples, is_unknown, matches
from pipelines.ingest.forms import Forms
from pipelines.ingest.frames import Bodies, bodies
from pipelines.sources import Field

Mark = Literal["point", "comma"]
MARKS: tuple[Mark, Mark] = ("point", "comma")

_LARGEST = {"integer": 10**17 - 1, "money": 10**12 - 1, "decimal": 10**9 - 1}
# What a decimal128 holds while a number is read; further decimals are cut before rounding.
_WHOLE_DIGITS, _FRACTION_DIGITS = 18, 20
_NOISE_DIGITS = 4  # after which what stands behind the last stored decimal is a spreadsheet's 0.30000000000000004
_SIGN = r"[-+]? ?"
_DECIMAL: dict[Mark, str] = {"point": ".", "comma": ","}
_GROUPS: dict[Mark, str] = {"point": ",", "comma": "."}
_SPACES = " '’+"
_UNCLEAR = rf"{_SIGN}[1-9]\d{{0,2}}[.,]\d{{3}}"
_NOT_FINITE = r"[-+]?(?:nan|inf|infinity|infinite|∞)"
_SCIENTIFIC = r"[-+]?\d+(?:[.,]\d*)?e[-+]?\d+"
_BOUND = r"[<>≤≥~≈±].*|(?:ca\.?|approx\.?|about|under|over|less than|more than) .*|.*\d ?\+"
_SHEET_ERROR = (
    r"#¡?(?:REF|DIV/0|VALUE|NAME|NUM|NULL|SPILL|CALC|BEZUG|WERT|ZAHL|VALEUR|NOMBRE|NOM|VALOR|RIF|NOME|WAARDE|NAAM|GETAL|VERW|DEEL/0)[!?]"
    r"|#{3,}"
)


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
    body = bodies(text, field.type == "money")
    point, comma = (body.forms.matches(_only_decimal(mark)) for mark in MARKS)
    if field.type == "integer":
        whole = pa.array([position not in body.powers for position in range(len(text))]) if body.powers else True
        point, comma = (
            pc.or_(known, pc.and_(whole, body.forms.matches(rf"{_SIGN}[1-9]\d{{0,2}}{group}\d{{3}}")))
            for known, group in ((point, ","), (comma, r"\."))
        )
    return Evidence(count(point), count(comma), examples(text, pc.or_(point, comma), 1))


def read_numbers(
    field: Field, text: pa.Array, own: Evidence, file: Evidence, delimiter: str, name: str, said: Mark | None = None
) -> Cells:
    """Read distinct texts as int64 (integer) or decimal128(18, scale), rounded to the scale.

    The decimal mark is the one `said`, else the column's own, else what the file's other columns use, else a comma in files delimited by
    semicolons and a point in others. '12.3K' and '4,5 Mio' are multiplied out. Unknown ('—', 'N/A', ...) is null. Problems: no number, not
    finite, scientific, a percentage, a bound, no whole number, too large, sign.
    """
    body = bodies(text, field.type == "money")
    mark, notes, warnings = _decide(field, text, body.forms, own, file, delimiter, name, said)
    number = body.forms.matches(_number(mark))
    values, misfits, rounded = _values(field, body, number, mark)
    problems = (*_no_numbers(text, body.text, pc.invert(number), mark), *misfits)

    if further := count(rounded):
        shown = examples(text, rounded, 1)
        warnings = (
            *warnings,
            f"Numbers in '{name}' with more than {field.scale} decimals, such as {shown}: {further:,}; rounded.",
        )
    if body.powers:
        short = text[min(body.powers)].as_py()
        warnings = (*warnings, f"'{name}' has numbers that were rounded when they were written, such as '{short}'.")
    values, sign_problems, sign_warnings = _check_sign(field, values, text, name)
    return Cells(values, problems + sign_problems, notes, (*warnings, *sign_warnings))


def undecided(field: Field, text: pa.Array, own: Evidence, file: Evidence, said: Mark | None) -> str:
    """The first of an amount's distinct texts that is a thousand times more with one decimal mark than with the other, where neither the
    person nor any number of the file tells which it has; '' if there is none.
    """
    if said or field.type != "money" or own.point or own.comma or file.point != file.comma:
        return ""
    chosen = pc.filter(text, bodies(text, money=True).forms.matches(_UNCLEAR))
    return str(chosen[0]) if len(chosen) else ""


def sheet_errors(text: pa.Array) -> pa.BooleanArray:
    """Which texts are what a spreadsheet shows where it could not compute or show a cell, such as #REF! or ####."""
    return matches(text, _SHEET_ERROR)


def _wholes(mark: Mark) -> str:
    """Pattern of the whole digits in groups, which agree in their separator; in India all but the last have two digits."""
    groups = [r"\." if mark == "comma" else ",", " ", "['’]"]
    ways = [rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+" for group in groups]
    if mark == "point":
        ways.append(r"[1-9]\d?(?:,\d\d)+,\d{3}")
    return "|".join(ways)


def _number(mark: Mark) -> str:
    decimal = "," if mark == "comma" else r"\."
    return rf"{_SIGN}(?:(?:\d+|{_wholes(mark)})(?:{decimal}\d*)?|{decimal}\d+)"


def _only_decimal(mark: Mark) -> str:
    """Pattern of numbers in which `mark` can only be the decimal mark and the other one can only separate thousands."""
    decimal, group = (",", r"\.") if mark == "comma" else (r"\.", ",")
    spaced = r"[1-9]\d{0,2}(?: \d{3})+|[1-9]\d{0,2}(?:['’]\d{3})+"
    ways = [
        rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+{decimal}\d*",  # 1,234.5
        rf"[1-9]\d{{0,2}}(?:{group}\d{{3}}){{2,}}",  # 1,234,567
        rf"(?:\d+|{spaced}){decimal}(?:\d{{0,2}}|\d{{4,}})",  # 12.5 or 12.3456
        rf"(?:0\d*|\d{{4,}}|{spaced}){decimal}\d{{3}}",  # 0.125 or 1234.125 or 1 234.125
        rf"{decimal}\d+",  # .5
    ]
    if mark == "point":
        ways.append(r"[1-9]\d?(?:,\d\d)+,\d{3}(?:\.\d*)?")  # 1,23,456
    return rf"{_SIGN}(?:{'|'.join(ways)})"


def _decide(
    field: Field,
    text: pa.Array,
    forms: Forms,
    own: Evidence,
    file: Evidence,
    delimiter: str,
    name: str,
    said: Mark | None,
) -> tuple[Mark, tuple[str, ...], tuple[str, ...]]:
    """The column's decimal mark, noted unless the column is written plainly, with a warning where it is not sure."""
    likely: Mark = "comma" if delimiter == ";" else "point"
    if said:
        return said, (f"'{name}' is read with a decimal {said}, as was said.",), ()
    if own.point and own.comma:
        mark: Mark = likely if own.point == own.comma else "comma" if own.comma > own.point else "point"
        return mark, (), (f"'{name}' mixes decimal points and decimal commas; read with a decimal {mark}.",)
    if own.point or own.comma:
        mark = "comma" if own.comma else "point"
        plain = mark == "point" and not contains(forms.distinct, ",")
        note = f"'{name}' is written like {'1.234,5' if own.comma else '1,234.5'} (seen from {own.example})."
        thousands = count(forms.matches(rf"{_SIGN}[1-9]\d{{0,2}}{',' if own.comma else '[.]'}\d{{3}}"))
        if thousands > own.point + own.comma:
            return mark, (), (f"{note} Most of its numbers could also be whole thousands. Please check.",)
        return mark, () if plain else (note,), ()
    unclear = forms.matches(_UNCLEAR)
    if not count(unclear):
        return "point", (), ()
    mark = likely if file.comma == file.point else "comma" if file.comma > file.point else "point"
    if undecided(field, text, own, file, said):
        return mark, (), ()  # the person is asked
    way = "decimal comma, thousands point" if mark == "comma" else "decimal point, thousands comma"
    warning = f"Nothing in '{name}' tells how {examples(text, unclear, 1)} is meant; read with {way}. Please check."
    return mark, (), (warning,)


def _values(
    field: Field, body: Bodies, number: pa.BooleanArray, mark: Mark
) -> tuple[pa.Array, tuple[Problem, ...], pa.BooleanArray]:
    """The values where there is a `number`, which of them cannot be stored, and which were rounded."""
    plain = _plain(body, number, mark)
    type_ = pa.int64() if field.type == "integer" else pa.decimal128(18, field.scale)
    largest = field.largest or _LARGEST[field.type]
    decimals = "" if field.type == "integer" else rf"(?:[{_DECIMAL[mark]}]\d{{0,{field.scale}}})?"
    fits = matches(body.forms.distinct, rf"{_SIGN}[\d{_GROUPS[mark]}{_SPACES}]{{0,{len(str(largest)) - 1}}}{decimals}")
    if not body.powers and not count(pc.and_not(number, body.forms.each(fits))):
        return pc.cast(plain, type_), (), pa.repeat(pa.scalar(False), len(plain))
    plain = _multiplied(plain, body.powers)
    huge = pc.match_substring_regex(plain, rf"^-?0*[1-9]\d{{{_WHOLE_DIGITS - 1}}}")
    exact = pc.cast(blank_out(plain, pc.fill_null(huge, False)), pa.decimal128(38, _FRACTION_DIGITS))
    limit = pa.scalar(Decimal(largest), exact.type)
    large = pc.fill_null(pc.or_kleene(huge, pc.greater(pc.abs(exact), limit)), False)
    exact = blank_out(exact, large)
    too_large = Problem(large, "The number is absurdly large.")
    if field.type == "integer":
        part = pc.fill_null(pc.not_equal(exact, pc.floor(exact)), False)
        whole = pc.cast(blank_out(exact, part), type_)
        return (
            whole,
            (too_large, Problem(part, "This must be a whole number.")),
            pa.repeat(pa.scalar(False), len(whole)),
        )
    near = pc.round(exact, ndigits=field.scale, round_mode="half_towards_infinity")
    further = pc.not_equal(near, pc.round(exact, ndigits=field.scale + _NOISE_DIGITS))
    return pc.cast(near, type_), (too_large,), pc.fill_null(further, False)


def _plain(body: Bodies, number: pa.BooleanArray, mark: Mark) -> pa.Array:
    """Numbers as digits with a decimal point, without groups; null for what is no number."""
    plain = body.text if count(number) == len(number) else blank_out(body.text, pc.invert(number))
    decimal, group = _DECIMAL[mark], _GROUPS[mark]
    if contains(body.forms.distinct, f"[{group}]"):
        plain = pc.replace_substring(plain, group, "")
    if contains(body.forms.distinct, f"[{_SPACES}]"):
        plain = pc.replace_substring_regex(plain, f"[{_SPACES}]", "")
    if decimal == ",":
        plain = pc.replace_substring(plain, ",", ".")
    longer = rf"([.]\d{{{_FRACTION_DIGITS}}})\d+$"
    if contains(body.forms.distinct, rf"[{decimal}]\d{{{_FRACTION_DIGITS}}}"):
        plain = pc.replace_substring_regex(plain, longer, r"\1")
    return plain


def _multiplied(plain: pa.Array, powers: dict[int, int]) -> pa.Array:
    if not powers:
        return plain
    numbers = plain.to_pylist()
    for position, power in powers.items():
        if numbers[position] is not None:
            numbers[position] = f"{Decimal(numbers[position]).scaleb(power):f}"
    return pa.array(numbers, pa.string())


def _no_numbers(text: pa.Array, body: pa.Array, where: pa.BooleanArray, mark: Mark) -> list[Problem]:
    """Why each of the texts `where`, unless it says that nothing is known, is no number."""
    if not count(where):
        return []
    where = pc.and_not(where, is_unknown(text))
    way = "a decimal comma (1.234,5)" if mark == "comma" else "a decimal point (1,234.5)"
    kinds = (
        (matches(text, _NOT_FINITE, ignore_case=True), "This is not a finite number."),
        (
            matches(text, _SCIENTIFIC, ignore_case=True),
            "The number is in scientific notation, in which digits are lost.",
        ),
        (sheet_errors(text), "The spreadsheet has an error here instead of a number."),
        (matches(text, _BOUND, ignore_case=True), "This is a bound or an estimate, not a number."),
        (pc.match_substring_regex(text, r"\d ?%$|^% ?\d"), "This is a percentage where a number is expected."),
        (pc.is_valid(body), f"The number does not fit its column, which is read with {way}."),
    )
    problems = []
    for kind, reason in kinds:
        problems.append(Problem(pc.and_(where, pc.fill_null(kind, False)), reason))
        where = pc.and_not(where, problems[-1].where)
    return [*problems, Problem(where, "This is not a number.")]


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
        warning = f"'{name}' has negative numbers such as {examples(text, negative, 1)}; kept as credit notes."
        return values, (), (warning,)
    return values, (), ()
