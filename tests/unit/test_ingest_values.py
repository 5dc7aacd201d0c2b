"""Numbers, dates and words: what each text becomes, or why it does not."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest.cells import Cells, clean
from pipelines.ingest.currencies import read_currencies
from pipelines.ingest.date_order import Order, OrderEvidence, decide_order, order_evidence
from pipelines.ingest.dates import join_clock, read_days, read_instants
from pipelines.ingest.numbers import Evidence, evidence, read_numbers
from pipelines.ingest.words import read_booleans, read_identifiers, read_sentiments
from pipelines.sources import SOURCES, Field

AMOUNT = SOURCES["spend"].field("amount")
IMPRESSIONS = SOURCES["spend"].field("impressions")
REACH = SOURCES["account_reach"].field("reach")
RATE = SOURCES["fx_rates"].field("rate")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def texts(*values: str) -> pa.Array:
    return clean(pa.array(values, pa.string()))


def numbers(field: Field, *values: str, delimiter: str = ",", file: Evidence | None = None) -> Cells:
    own = evidence(field, texts(*values))
    return read_numbers(field, texts(*values), own, file or own, delimiter, field.name)


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
        (["1.234,56", "1 234,5", "1 234,5", "12"], ["1234.56", "1234.5", "1234.5", "12"]),
        (["1'234.50", "1’234.50"], ["1234.5", "1234.5"]),
        (["12,34,567.50"], ["1234567.5"]),
        (["1.234.567", "1.234"], ["1234567", "1234"]),
        (["€ 5.10", "$1,000", "USD 7", "7.5 EUR", "R$ 4.00"], ["5.1", "1000", "7", "7.5", "4"]),
        (["-3", "−4", "(12.5)", "-€3", "($1,000.00)"], ["-3", "-4", "-12.5", "-3", "-1000"]),
        (["1.23455", "1.00004999", "0.00004"], ["1.2346", "1", "0"]),
    ],
)
def test_amounts(written: list[str], meant: list[str]) -> None:
    cells = numbers(AMOUNT, *written)
    assert faults(cells) == {}
    assert cells.values.to_pylist() == [Decimal(value).quantize(Decimal("0.0001")) for value in meant]


def test_unknown_is_null_not_zero() -> None:
    cells = numbers(REACH, "", "-", "--", "—", "N/A", "n/a", "null", "0")
    assert cells.values.to_pylist() == [None] * 7 + [0]
    assert faults(cells) == {}


def test_whole_numbers_are_exact() -> None:
    assert numbers(IMPRESSIONS, "9007199254740993", "12.0", "007").values.to_pylist() == [9007199254740993, 12, 7]


def test_thousands_points_of_whole_numbers() -> None:
    cells = numbers(REACH, "1.234", "162.243", "7")
    assert cells.values.to_pylist() == [1234, 162243, 7]
    assert cells.notes


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        (REACH, "abc", "not a number"),
        (REACH, "12.5", "whole number"),
        (REACH, "-5", "negative"),
        (REACH, "€5", "not a number"),
        (REACH, "1e5", "scientific"),
        (REACH, "1" * 18, "large"),
        (AMOUNT, "inf", "finite"),
        (AMOUNT, "NaN", "finite"),
        (AMOUNT, "12%", "percentage"),
        (AMOUNT, "1.5E+05", "scientific"),
        (AMOUNT, "1" * 13, "large"),
        (AMOUNT, ".", "not a number"),
        (AMOUNT, "1.2.3", "not fit"),
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
    ("delimiter", "file", "meant"),
    [
        (",", Evidence(), "1.234"),
        (";", Evidence(), "1234"),
        (",", Evidence(comma=1), "1234"),
        (";", Evidence(point=1), "1.234"),
    ],
)
def test_undecided_mark_follows_the_file_and_is_said(delimiter: str, file: Evidence, meant: str) -> None:
    cells = numbers(AMOUNT, "1.234", delimiter=delimiter, file=file)
    assert cells.values.to_pylist() == [Decimal(meant)]
    assert "Please check" in cells.warnings[0]


@settings(max_examples=100, deadline=None)
@given(
    amounts=st.lists(st.decimals("-999999999", "999999999", places=2), min_size=1, max_size=20),
    style=st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), ("", "."), ("", ",")]),
)
def test_any_amount_in_any_style(amounts: list[Decimal], style: tuple[str, str]) -> None:
    group, mark = style
    written = [f"{amount:,.2f}".translate({ord(","): group, ord("."): mark}) for amount in amounts]
    cells = numbers(AMOUNT, *written)
    assert cells.values.to_pylist() == amounts


def order_of(*values: str) -> Order:
    return decide_order(order_evidence(texts(*values)), OrderEvidence(), None, None)[0]


def days(*values: str) -> Cells:
    return read_days(texts(*values), "Day", NOW, order_of(*values))


@pytest.mark.parametrize(
    ("written", "meant", "said"),
    [
        (
            ["2025-02-16", "2025/2/3", "20250204", "2025-02-16 10:00:00"],
            ["2025-02-16", "2025-02-03", "2025-02-04", "2025-02-16"],
            None,
        ),
        (["16/02/2015", "3/4/2015"], ["2015-02-16", "2015-04-03"], "day-first because of '16/02/2015'"),
        (["3-4-2015", "02-16-2015"], ["2015-03-04", "2015-02-16"], "month-first because of '02-16-2015'"),
        (["03.04.2015"], ["2015-04-03"], "dates with points"),
        (["16 Feb 2015", "Feb 16, 2015", "16-Feb-2015", "Monday, February 16, 2015"], ["2015-02-16"] * 4, None),
        (["16/02/15"], ["2015-02-16"], "two digits"),
        (["29/02/2024"], ["2024-02-29"], None),
    ],
)
def test_days(written: list[str], meant: list[str], said: str | None) -> None:
    cells = days(*written)
    assert faults(cells) == {}
    assert cells.values.to_pylist() == [date.fromisoformat(day) for day in meant]
    assert not cells.warnings
    assert said is None or said in " ".join(cells.notes)


def test_mixed_order_is_said_and_what_cannot_be_is_refused() -> None:
    cells = days("16/02/2015", "17/02/2015", "02/16/2015")
    assert "mixes" in cells.warnings[0]
    assert faults(cells).keys() == {2}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", "not a date"),
        ("2025-02-30", "no such date"),
        ("29/02/2025", "no such date"),
        ("2025-02-03 25:00", "no such date or time"),
        ("2026-03-03", "future"),
        ("1889-01-01", "before 1990"),
    ],
)
def test_refused_days(text: str, reason: str) -> None:
    assert reason in faults(days(text))[0]


def test_tomorrow_is_no_future() -> None:
    assert faults(days("2026-03-02")) == {}


def instants(*values: str, zone: str = "UTC") -> Cells:
    return read_instants(texts(*values), "Time", zone, NOW, order_of(*values))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2025-02-10 09:56:25", "2025-02-10 09:56:25"),
        ("2025-02-10T09:56:25Z", "2025-02-10 09:56:25"),
        ("2025-02-10T09:56:25.123999Z", "2025-02-10 09:56:25.123"),
        ("2025-02-10T09:56:25,5", "2025-02-10 09:56:25.5"),
        ("2025-02-10T09:56:25+05:30", "2025-02-10 04:26:25"),
        ("2025-02-10 09:56:25 -0800", "2025-02-10 17:56:25"),
        ("2025-02-10 09:56:25 UTC", "2025-02-10 09:56:25"),
        ("2025-02-10", "2025-02-10 00:00:00"),
        ("24-02-2015 11:35", "2015-02-24 11:35:00"),
        ("02/24/2015 9:05 PM", "2015-02-24 21:05:00"),
        ("02/24/2015 12:05 a.m.", "2015-02-24 00:05:00"),
        ("1739181385", "2025-02-10 09:56:25"),
        ("1739181385.25", "2025-02-10 09:56:25.25"),
        ("1739181385123", "2025-02-10 09:56:25.123"),
        ("1739181385123456", "2025-02-10 09:56:25.123"),
        ("Tue Feb 24 11:35:52 +0000 2015", "2015-02-24 11:35:52"),
    ],
)
def test_instants(text: str, meant: str) -> None:
    cells = instants(text)
    assert faults(cells) == {}
    assert cells.values.to_pylist() == [datetime.fromisoformat(meant)]


def test_clock_changes() -> None:
    cells = instants(
        "2025-03-30 02:30", "2025-10-26 02:30", "2025-07-01 12:00", "2025-07-01T12:00Z", zone="Europe/Berlin"
    )
    assert [value.strftime("%m-%d %H:%M") for value in cells.values.to_pylist()] == [
        "03-30 01:00",
        "10-26 00:30",
        "07-01 10:00",
        "07-01 12:00",
    ]
    assert len(cells.warnings) == 3


@settings(max_examples=100, deadline=None)
@given(
    moments=st.lists(
        st.integers(788918400_000, 1769904000_000).map(lambda value: datetime.fromtimestamp(value / 1000, UTC)),
        min_size=1,
        max_size=20,
    ),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    form=st.sampled_from(
        ["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%d %H:%M:%S.%f", "%d.%m.%Y %H:%M:%S.%f", "%d %b %Y %H:%M:%S.%f %z"]
    ),
)
def test_any_moment_in_any_zone(moments: list[datetime], zone: str, form: str) -> None:
    written = [moment.astimezone(ZoneInfo(zone)) for moment in moments]
    if "%z" not in form:  # the second pass of a repeated hour cannot be told without an offset
        written = [moment for moment in written if not moment.fold] or [datetime(2020, 1, 1, tzinfo=ZoneInfo(zone))]
    cells = instants(*(moment.strftime(form) for moment in written), zone=zone)
    cut = [
        moment.astimezone(UTC).replace(tzinfo=None, microsecond=moment.microsecond // 1000 * 1000) for moment in written
    ]
    assert cells.values.to_pylist() == cut


@settings(max_examples=100, deadline=None)
@given(
    drawn=st.lists(st.dates(date(1990, 1, 1), date(2026, 3, 1)), min_size=1, max_size=20),
    form=st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d", "%B %d, %Y"]),
)
def test_any_day_in_any_form(drawn: list[date], form: str) -> None:
    telling = [*drawn, date(2015, 2, 28)]
    cells = days(*(day.strftime(form) for day in telling))
    assert cells.values.to_pylist() == telling
    assert max(telling) <= NOW.date() + timedelta(days=1)


def test_booleans() -> None:
    cells = read_booleans(texts("1", "0", "TRUE", "no", "", "Ja", "N/A", "1.0", "2"))
    assert cells.values.to_pylist() == [True, False, True, False, None, True, None, True, None]
    assert faults(cells).keys() == {8}


def test_sentiments() -> None:
    cells = read_sentiments(texts("Positive", "neg", "NEUTRAL", "mixed", "", "Uncategorized", "furious"), "Tone")
    expected: list[Any] = ["positive", "negative", "neutral", "neutral", None, "uncategorized", "uncategorized"]
    assert cells.values.to_pylist() == expected
    assert "'furious'" in cells.warnings[0]


def test_currencies() -> None:
    cells = read_currencies(texts("eur", "USD", "", "Euro", "€"))
    assert cells.values.to_pylist() == ["EUR", "USD", None, "EUR", "EUR"]


def test_persons_that_are_nobody() -> None:
    person = SOURCES["conversions"].field("person")
    cells = read_identifiers(texts("u1", "(not set)", "N/A", "5.70306E+17", "1234e567"), person, "user_id")
    assert cells.values.to_pylist() == ["u1", None, None, None, "1234e567"]
    assert "Excel shortened" in cells.warnings[0]


def test_text_is_cleaned() -> None:
    assert texts(" a  b\u00a0c\n", "e\u0301", "\u200b", "").to_pylist() == ["a b c", "é", None, None]
