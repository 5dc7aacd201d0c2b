"""Numbers, words and currencies: what each text becomes, or why it does not."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.ingest.cells import Cells, clean, encoded, is_unknown
from pipelines.ingest.currencies import ambiguous_signs, currencies_of, read_currencies
from pipelines.ingest.currency_words import AMBIGUOUS, CODES
from pipelines.ingest.numbers import Evidence, Mark, evidence, read_numbers, undecided
from pipelines.ingest.words import read_booleans, read_choices, read_identifiers, read_names, read_sentiments
from pipelines.sources import SOURCES, Field

AMOUNT = SOURCES["spend"].field("amount")
IMPRESSIONS = SOURCES["spend"].field("impressions")
REACH = SOURCES["account_reach"].field("reach")
RATE = SOURCES["fx_rates"].field("rate")


def texts(*values: str) -> pa.Array:
    return clean(pa.array(values, pa.string()))


def numbers(
    field: Field, *values: str, delimiter: str = ",", file: Evidence | None = None, said: Mark | None = None
) -> Cells:
    own = evidence(field, texts(*values))
    return read_numbers(field, texts(*values), own, file or own, delimiter, field.name, said)


def faults(cells: Cells) -> dict[int, str]:
    """Position -> reason; a cell has one problem at most and then no value."""
    found: dict[int, str] = {}
    for problem in cells.problems:
        for position, bad in enumerate(problem.where.to_pylist()):
            if bad:
                assert position not in found
                assert cells.values[position].as_py() is None
                found[position] = problem.reason
    return found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["1,234.56", "12", "0.5", ".5", "5.", "+3"], ["1234.56", "12", "0.5", "0.5", "5", "3"]),
        (["1.234,56", "1 234,5", "1\u00a0234,5", "1\u202f234,5", "1\u2009234,5"], ["1234.56", *["1234.5"] * 4]),
        (["1'234.50", "1’234.50"], ["1234.5", "1234.5"]),
        (["12,34,567.50", "1,23,456"], ["1234567.5", "123456"]),
        (["1.234.567", "1.234"], ["1234567", "1234"]),
        (["1 000 000 €", "2,5 €"], ["1000000", "2.5"]),
        (["€ 5.10", "$1,000", "USD 7", "7.5 EUR", "R$ 4.00"], ["5.1", "1000", "7", "7.5", "4"]),
        (["12,50 €", "€12,50", "12,50€", "EUR 12,50", "12,50 EUR", "12,50 euros"], ["12.5"] * 6),
        (["CHF 1'234.50", "Fr. 5.–", "5.-", "€ 5.--"], ["1234.5", "5", "5", "5"]),
        (["R$ 1.234,56", "kr 12,-", "12 zł", "kr. 12,50", "Rs. 500"], ["1234.56", "12", "12", "12.5", "500"]),
        (["$5.00 USD", "€5 EUR", "US$ 3", "12.50US$"], ["5", "5", "3", "12.5"]),
        (["-3", "−4", "–4", "- 5", "(12.5)", "5.00-", "5-"], ["-3", "-4", "-4", "-5", "-12.5", "-5", "-5"]),
        (
            ["-€3", "€-3", "- €3", "€ -3", "3 €-", "3- €", "(€3)", "€(3)", "(3 €)", "($1,000.00)"],
            ["-3"] * 9 + ["-1000"],
        ),
        (["1.23455", "1.00004999", "0.00004"], ["1.2346", "1", "0"]),
        (["0." + "3" * 40, "1." + "0" * 60, "0" * 60 + "1"], ["0.3333", "1", "1"]),
        (["１，２３４．５", "٢٣", "۱۲"], ["1234.5", "23", "12"]),
        (["-0", "0.00", "000"], ["0", "0", "0"]),
    ],
)
def test_amounts(written: list[str], meant: list[str]) -> None:
    cells = numbers(AMOUNT, *written)
    assert faults(cells) == {}
    assert cells.values.to_pylist() == [Decimal(value).quantize(Decimal("0.0001")) for value in meant]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            ["12.3K", "1.2M", "3bn", "2B", "7", "4.5m", "1.5 k"],
            [12300, 1200000, 3 * 10**9, 2 * 10**9, 7, 4500000, 1500],
        ),
        (["4,5 Mio", "4,5 Mio.", "1,5 Tsd.", "2 Mrd", "1,2 mln"], [4500000, 4500000, 1500, 2 * 10**9, 1200000]),
        (["1,234", "12.3K"], [1234, 12300]),
        (["1.234", "12,3K"], [1234, 12300]),
    ],
)
def test_shortened_numbers(written: list[str], meant: list[int]) -> None:
    cells = numbers(IMPRESSIONS, *written)
    assert faults(cells) == {}
    assert cells.values.to_pylist() == meant
    assert "rounded when they were written" in cells.warnings[0]


def test_shortened_amounts_with_a_currency() -> None:
    cells = numbers(AMOUNT, "$1.2M", "12 k€", "1.2M USD", "(3.5K)", "1.5K-", "12 MEUR")
    assert cells.values.to_pylist() == [1200000, 12000, 1200000, -3500, -1500, 12000000]


def test_unknown_is_null_not_zero() -> None:
    unknown = ["", "-", " --", "—", "N/A", "n/a", "#N/A", "#NV", "null", "\\N", "none", "(not set)", "(blank)", "0"]
    cells = numbers(REACH, *unknown)
    assert cells.values.to_pylist() == [None] * 13 + [0]
    assert faults(cells) == {}


def test_whole_numbers_are_exact() -> None:
    cells = numbers(IMPRESSIONS, "9007199254740993", "12.0", "007", "99,999,999,999,999,999")
    assert cells.values.to_pylist() == [9007199254740993, 12, 7, 99999999999999999]


def test_thousands_points_of_whole_numbers() -> None:
    cells = numbers(REACH, "1.234", "162.243", "7")
    assert cells.values.to_pylist() == [1234, 162243, 7]
    assert cells.notes


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        (REACH, "abc", "not a number"),
        (REACH, "12.5", "whole number"),
        (REACH, "12.34567K", "whole number"),
        (REACH, "-5", "negative"),
        (REACH, "(5)", "negative"),
        (REACH, "€5", "not a number"),
        (REACH, "1e5", "scientific"),
        (REACH, "10,000,000,001", "large"),
        (IMPRESSIONS, "1" * 18, "large"),
        (IMPRESSIONS, "9" * 40, "large"),
        (IMPRESSIONS, "900000000B", "large"),
        (AMOUNT, "inf", "finite"),
        (AMOUNT, "-Infinity", "finite"),
        (AMOUNT, "NaN", "finite"),
        (AMOUNT, "12%", "percentage"),
        (AMOUNT, "12 %", "percentage"),
        (AMOUNT, "< 10%", "bound"),
        (AMOUNT, "1000+", "bound"),
        (AMOUNT, "~500", "bound"),
        (AMOUNT, "1.5E+05", "scientific"),
        (AMOUNT, "1,20253E+17", "scientific"),
        (AMOUNT, "1" * 13, "large"),
        (AMOUNT, "-" + "1" * 13, "large"),
        (AMOUNT, "#REF!", "spreadsheet has an error"),
        (AMOUNT, "#DIV/0!", "spreadsheet has an error"),
        (AMOUNT, "#BEZUG!", "spreadsheet has an error"),
        (AMOUNT, "########", "spreadsheet has an error"),
        (AMOUNT, "1.2.3", "not fit"),
        (AMOUNT, "1,234,5", "not fit"),
        (AMOUNT, "12,345,67", "not fit"),
        (AMOUNT, "1234,567.8", "not fit"),
        (AMOUNT, "0,123,456", "not fit"),
        (AMOUNT, "1 23", "not fit"),
        (AMOUNT, "1. 5", "not fit"),
        (AMOUNT, "5 5 €", "not fit"),
        (AMOUNT, "1 234,567.8", "not fit"),
        *(
            (AMOUNT, text, "not a number")
            for text in (
                ".",
                "++5",
                "+-5",
                "-(5)",
                "(-5)",
                "(5",
                "5)",
                "((5))",
                "—5",
                "5 -",
                "1_000",
                "0x10",
                "1/2",
                "½",
                "10:30",
                "2026-01-07",
                "5 mil",
                "12 TEUR",
                "5 MM",
                "1,000.00CR",
                "€5 USD",
                "ABC 7",
                "7 ABC",
                "€",
                "EUR",
                "5 EUR/day",
                "=1+1",
                "1万",
                "(1.5)K",
            )
        ),
        (RATE, "0", "greater than zero"),
    ],
)
def test_refused_numbers(field: Field, text: str, reason: str) -> None:
    cells = numbers(field, text, "1")
    assert reason in faults(cells)[0]
    assert cells.values[1].as_py() == 1


def test_decimal_mark_is_one_for_the_column() -> None:
    cells = numbers(AMOUNT, "1,234.50", "99.50", "12,5")
    assert faults(cells).keys() == {2}
    assert cells.warnings


@pytest.mark.parametrize(
    ("delimiter", "file", "meant", "asked"),
    [
        (",", Evidence(), "1.234", True),
        (";", Evidence(), "1234", True),
        (",", Evidence(comma=1), "1234", False),
        (";", Evidence(point=1), "1.234", False),
        (";", Evidence(point=1, comma=1), "1234", True),
    ],
)
def test_undecided_mark_follows_the_file_and_is_said_or_asked(
    delimiter: str, file: Evidence, meant: str, asked: bool
) -> None:
    cells = numbers(AMOUNT, "1.234", delimiter=delimiter, file=file)
    assert cells.values.to_pylist() == [Decimal(meant)]
    assert undecided(AMOUNT, pa.array(["7", "1.234"]), Evidence(), file, None) == ("1.234" if asked else "")
    assert any("Please check" in warning for warning in cells.warnings) != asked


def test_only_amounts_whose_mark_nothing_tells_are_asked_about() -> None:
    for text in ("1234", "0.125", "1,234.5", "12.5", "1234.567", "n/a"):
        texts = pa.array([text])
        assert undecided(AMOUNT, texts, evidence(AMOUNT, texts), evidence(AMOUNT, texts), None) == "", text
    assert undecided(AMOUNT, pa.array(["1.234"]), Evidence(), Evidence(), "comma") == ""


def test_what_the_person_says_of_the_mark_holds() -> None:
    assert numbers(AMOUNT, "1.234", said="comma").values.to_pylist() == [1234]
    assert numbers(AMOUNT, "1.234", delimiter=";", said="point").values.to_pylist() == [Decimal("1.234")]
    refused = numbers(AMOUNT, "1.234,5", "7", said="point")
    assert faults(refused).keys() == {0}


def test_one_odd_number_does_not_turn_thousands_into_fractions_unsaid() -> None:
    cells = numbers(AMOUNT, "1,234", "2,500", "17,250", "12,5")
    assert "Please check" in cells.warnings[0]


PLACES = st.sampled_from(["", " €", "€ ", "$", " EUR", "CHF ", "kr "])
STYLES = [
    (",", "."),
    (".", ","),
    (" ", ","),
    ("\u00a0", ","),
    ("\u202f", ","),
    ("'", "."),
    ("’", "."),
    ("", "."),
    ("", ","),
]


def styled(amount: Decimal, style: tuple[str, str]) -> str:
    group, mark = style
    return f"{amount:,.2f}".translate({ord(","): group, ord("."): mark})


@settings(max_examples=200, deadline=None)
@given(
    amounts=st.lists(st.decimals("-999999999", "999999999", places=2), min_size=1, max_size=20),
    style=st.sampled_from(STYLES),
    currency=PLACES,
    minus=st.sampled_from(["-#", "#-", "(#)", "−#"]),
)
def test_any_amount_in_any_style(amounts: list[Decimal], style: tuple[str, str], currency: str, minus: str) -> None:
    def write(amount: Decimal) -> str:
        digits = styled(abs(amount), style)
        signed = minus.replace("#", digits) if amount < 0 else digits
        return signed + currency if currency.startswith(" ") else currency + signed

    cells = numbers(AMOUNT, *map(write, amounts))
    assert faults(cells) == {}
    assert cells.values.to_pylist() == amounts


@settings(max_examples=200, deadline=None)
@given(
    drawn=st.lists(st.tuples(st.decimals("0", "999999", places=2), st.sampled_from(STYLES)), min_size=1, max_size=12),
    said=st.sampled_from([None, None, "point", "comma"]),
    delimiter=st.sampled_from([",", ";"]),
)
def test_no_number_is_another_number(
    drawn: list[tuple[Decimal, tuple[str, str]]], said: Mark | None, delimiter: str
) -> None:
    """However styles are mixed in a column, and whatever is said of it: a text is the number that was meant, or refused."""
    cells = numbers(AMOUNT, *(styled(amount, style) for amount, style in drawn), said=said, delimiter=delimiter)
    for (amount, _), value in zip(drawn, cells.values.to_pylist(), strict=True):
        assert value in (amount, None)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=20), st.sampled_from([",", ".", " ", "\u202f", "'", ""]))
def test_any_count_in_any_style(counts: list[int], group: str) -> None:
    assert numbers(REACH, *(f"{count:,}".replace(",", group) for count in counts)).values.to_pylist() == counts


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(alphabet="0123456789.,-+() '’€$KMk%eE/#", max_size=12) | st.text(max_size=12), max_size=8))
@example(["\0", "1\0", ""])
def test_no_text_breaks_the_reading(written: list[str]) -> None:
    for field in (AMOUNT, REACH, RATE):
        cells = numbers(field, *written)
        known = faults(cells)
        for position, (text, value) in enumerate(
            zip(texts(*written).to_pylist(), cells.values.to_pylist(), strict=True)
        ):
            assert (value is not None) + (position in known) + is_unknown(pa.array([text], pa.string()))[0].as_py() == 1


@pytest.mark.parametrize(
    ("text", "code", "sign"),
    [
        ("12,50 €", "EUR", None),
        ("£5", "GBP", None),
        ("US$ 3", "USD", None),
        ("USD 3", "USD", None),
        ("$5.00 USD", "USD", None),
        ("(€5)", "EUR", None),
        ("R$ 4", "BRL", None),
        ("3 zł", "PLN", None),
        ("$5", None, "$"),
        ("¥5", None, "¥"),
        ("12 kr", None, "kr"),
        ("Rs. 5", None, "Rs."),
        ("5", None, None),
        ("€5 USD", None, None),
        ("ABC 5", None, None),
        ("EUR", None, None),
    ],
)
def test_currencies_of_amounts(text: str, code: str | None, sign: str | None) -> None:
    assert currencies_of(texts(text, "")).to_pylist() == [code, None]
    assert ambiguous_signs(texts(text, "")).to_pylist() == [sign, None]
    assert sign is None or set(AMBIGUOUS[sign]) <= set(CODES)


def test_currencies() -> None:
    cells = read_currencies(texts("eur", "USD", "", "Euro", "€", "US$"))
    assert cells.values.to_pylist() == ["EUR", "USD", None, "EUR", "EUR", "USD"]
    refused = faults(read_currencies(texts("ABC", "Dollars", "DEU", "$", "kr")))
    assert refused.keys() == {0, 1, 2, 3, 4}
    assert "Several currencies" in refused[3]


def test_booleans() -> None:
    cells = read_booleans(texts("1", "0", "TRUE", "no", "", "Ja", "N/A", "1.0", "2"))
    assert cells.values.to_pylist() == [True, False, True, False, None, True, None, True, None]
    assert faults(cells).keys() == {8}


def test_sentiments() -> None:
    cells = read_sentiments(texts("Positive", "neg", "NEUTRAL", "mixed", "", "Uncategorized", "furious"), "Tone")
    expected: list[Any] = ["positive", "negative", "neutral", "neutral", None, "uncategorized", "uncategorized"]
    assert cells.values.to_pylist() == expected
    assert "'furious'" in cells.warnings[0]


def test_persons_that_are_nobody() -> None:
    person = SOURCES["conversions"].field("person")
    cells = read_identifiers(texts("u1", "(not set)", "N/A", "5.70306E+17", "1234e567"), person, "user_id")
    assert cells.values.to_pylist() == ["u1", None, None, None, "1234e567"]
    assert "Excel shortened" in cells.warnings[0]


def test_shortened_identifiers() -> None:
    person = SOURCES["conversions"].field("person")
    ids = texts("1.20253E+17", "1,20253E+17", "1E+17", "1e5", "120253400000000000", "E+17", "#NAME?")
    cells = read_identifiers(ids, person, "user_id")
    assert cells.values.to_pylist() == [None, None, None, "1e5", "120253400000000000", "E+17", None]
    assert "Excel shortened, such as '1.20253E+17'" in cells.warnings[0]
    post = SOURCES["first_stream"].field("post")
    assert "last digits are lost" in faults(read_identifiers(texts("1.20253E+17", "p1"), post, "Post ID"))[0]


def test_names_that_a_spreadsheet_lost() -> None:
    campaign, creative = SOURCES["spend"].field("campaign"), SOURCES["spend"].field("creative")
    assert "error" in faults(read_names(texts("#NAME?", "#summer"), campaign, "Campaign"))[0]
    cells = read_names(texts("#REF!", "#love!", "#1"), creative, "Ad")
    assert cells.values.to_pylist() == [None, "#love!", "#1"]
    assert "'#REF!'" in cells.warnings[0]


def test_choices() -> None:
    kind = next(field for source in SOURCES.values() for field in source.fields if field.choices)
    cells = read_choices(texts(kind.choices[0].upper(), "something else", ""), kind)
    assert cells.values.to_pylist() == [kind.choices[0], None, None]
    assert faults(cells).keys() == {1}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (" a  b\u00a0c\n", "a b c"),
        ("a\u202fb\u3000c\td", "a b c d"),
        ("e\u0301", "é"),
        ("e\u200b\u0301", "é"),
        ("Sum\u200bmer\u00ad", "Summer"),
        ("\ufeff\u202aSummer\u202c\u200f", "Summer"),
        ("Sum\u200dmer", "Summer"),
        ("👩\u200d👩", "👩\u200d👩"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("'=Sale", "=Sale"),
        ("'Sale'", "'Sale'"),
        ("\u200b", None),
        (" ", None),
        ("", None),
    ],
)
def test_text_is_cleaned(written: str, meant: str | None) -> None:
    assert texts(written, "x").to_pylist() == [meant, "x"]
    assert clean(texts(written)).to_pylist() == [meant]


def test_columns_are_encoded_as_they_come() -> None:
    plain = ["a", "b", None, "a"]
    chunks = pa.chunked_array([pa.array(plain).dictionary_encode(), pa.array(["c", "a"]).dictionary_encode()])
    for column in (pa.array(plain), pa.chunked_array([plain]), pa.array(plain).dictionary_encode(), chunks):
        codes = encoded(column)
        assert codes.to_pylist() == column.to_pylist()
        assert codes.type == pa.dictionary(pa.int32(), pa.string())
    totals_gone = pa.array(["a", "Total", "b"]).dictionary_encode().filter(pa.array([True, False, True]))
    assert encoded(totals_gone).dictionary.to_pylist() == ["a", "b"]
    assert encoded(pa.chunked_array([], pa.string())).to_pylist() == []
