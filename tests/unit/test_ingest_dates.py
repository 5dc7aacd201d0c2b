"""Days and moments: what each text becomes, in which order and zone, or why it does not."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest.calendar_words import month_number
from pipelines.ingest.cells import Cells, clean
from pipelines.ingest.date_order import Order, OrderEvidence, decide_order, order_evidence
from pipelines.ingest.dates import join_clock, read_days, read_instants

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def texts(*values: str) -> pa.Array:
    return clean(pa.array(values, pa.string()))


def decided(*values: str) -> tuple[Order, bool]:
    return decide_order(order_evidence(texts(*values)), OrderEvidence(), None, None)


def days(*values: str) -> Cells:
    return read_days(texts(*values), "Day", NOW, decided(*values)[0])


def instants(*values: str, zone: str = "UTC") -> Cells:
    return read_instants(texts(*values), "Time", zone, NOW, decided(*values)[0])


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
    "text",
    [
        "2026-01-07",
        "2026-1-7",
        "2026/01/07",
        "2026.01.07",
        "20260107",
        "2026-01-07T00:00:00",
        "2026-01-07 00:00:00 UTC",
        "7.1.2026",
        "07.01.26",
        "7. 1. 2026",
        "Mi 07.01.2026",
        "Mi., 07.01.2026",
        "7 Jan 2026",
        "7. Januar 2026",
        "07-Jan-26",
        "Jan 7, 2026",
        "January 7th, 2026",
        "Wed, 7 Jan 2026",
        "Wednesday, January 7, 2026",
        "2026-Jan-07",
        "7 janv. 2026",
        "mer. 7 janvier 2026",
        "7 de enero de 2026",
        "7 ene 2026",
        "miércoles, 7 de enero de 2026",
        "7 gen 2026",
        "mercoledì 7 gennaio 2026",
        "7 de jan. de 2026",
        "quarta-feira, 7 de janeiro de 2026",
        "woensdag 7 januari 2026",
    ],
)
def test_one_day_in_many_ways(text: str) -> None:
    cells = days(text)
    assert faults(cells) == {}
    assert cells.values.to_pylist() == [date(2026, 1, 7)]
    assert cells.warnings == ()


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("feb févr. fév fevr febrero febbr fevereiro Februar", 2),
        ("mar März Mrz mars marzo março maart mrt", 3),
        ("apr avr. avril abr abril aprile", 4),
        ("may Mai mayo mag maggio maio mei", 5),
        ("juin juni giugno giu junho jun", 6),
        ("juil juillet luglio lug julho jul", 7),
        ("août aout aug ago augustus agosto", 8),
        ("Sept sep set setembro settembre", 9),
        ("oct okt ott out Oktober", 10),
        ("déc dec dez dic Dezember", 12),
        ("jui ju ma Marketing Mayo2 Sum", 0),
    ],
)
def test_months_in_seven_languages(words: str, number: int) -> None:
    assert {month_number(word.rstrip(".")) for word in words.split()} == {number}


@pytest.mark.parametrize(
    ("written", "meant", "said"),
    [
        (["16/02/2015", "3/4/2015"], ["2015-02-16", "2015-04-03"], "day-first because of '16/02/2015'"),
        (["3-4-2015", "02-16-2015"], ["2015-03-04", "2015-02-16"], "month-first because of '02-16-2015'"),
        (["03.04.2015"], ["2015-04-03"], "dates with points"),
        (["16/02/15"], ["2015-02-16"], "two digits"),
        (["1/13/26", "1/2/26"], ["2026-01-13", "2026-01-02"], "month-first because of '1/13/26'"),
        (["45678", "45679.75", ""], ["2025-01-21", "2025-01-22", None], "spreadsheets count days"),
        (["2026-01-06T23:00:00Z"], ["2026-01-06"], "the day is kept as written"),
        (["2026-01-07 10:00 IST"], ["2026-01-07"], "the day is kept as written"),
    ],
)
def test_what_is_said_of_days(written: list[str], meant: list[str | None], said: str) -> None:
    cells = days(*written)
    assert faults(cells) == {}
    assert cells.values.to_pylist() == [day and date.fromisoformat(day) for day in meant]
    assert said in " ".join(cells.notes)
    assert not cells.warnings


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", "not a date"),
        ("until 7 Jan 2026", "not a date"),
        ("Jan 2026", "not a date"),
        ("2026-01", "not a date"),
        ("1/2", "not a date"),
        ("2026W02", "not a date"),
        ("1.79E+12", "not a date"),
        ("31873", "not a date"),  # a number of days before 1990 is rather no date
        ("2025-02-30", "no such date"),
        ("29/02/2025", "no such date"),
        ("31.02.2025", "no such date"),
        ("13/13/2025", "no such date"),
        ("00/01/2025", "no such date"),
        ("7 Maj 2025", "no such date"),
        ("Marketing 7, 2025", "no such date"),
        ("2025-02-03 25:00", "no such date or time"),
        ("2025-02-03 24:01", "no such date or time"),
        ("2025-02-03 13:30 PM", "no such date or time"),
        ("2026-03-03", "future"),
        ("12/31/99", "future"),
        ("0000-01-01", "before 1990"),
        ("1889-01-01", "before 1990"),
        ("26-01-07", "which end of the date is the year"),
    ],
)
def test_refused_days(text: str, reason: str) -> None:
    assert reason in faults(days(text))[0]
    assert reason in faults(instants(text))[0]


def test_tomorrow_is_no_future() -> None:
    assert faults(days("2026-03-02")) == {}


def test_serial_numbers_must_fill_the_column() -> None:
    assert faults(days("45678", "2025-01-21")).keys() == {0}


def test_years_of_two_digits_at_the_start_are_not_taken_for_days() -> None:
    assert faults(days("24-01-25", "24-01-26", "24-02-27")).keys() == {0, 1, 2}
    assert faults(days("26-12-25", "27-12-25", "28-12-25")) == {}  # a 27th shows that the day leads
    assert days("01-02-25", "01-02-26").values.to_pylist() == [date(2025, 2, 1), date(2026, 2, 1)]


NOTHING = OrderEvidence()
DAY, MONTH = OrderEvidence(day_only=1), OrderEvidence(month_only=1)
OPEN = OrderEvidence(undecided=2)


@pytest.mark.parametrize(
    ("own", "of_file", "declared", "said", "order", "in_doubt"),
    [
        (DAY, MONTH, "month", "month", "day", False),  # a column's own dates are proof
        (MONTH, DAY, "day", "day", "month", False),
        (OrderEvidence(dotted=1, undecided=1), MONTH, "month", "month", "day", False),
        (OrderEvidence(dotted=1, undecided=1, month_only=1), NOTHING, None, None, "month", False),
        (OPEN, MONTH, "day", "day", "day", False),
        (OPEN, MONTH, "day", None, "month", False),
        (OPEN, NOTHING, "month", None, "month", False),
        (OPEN, NOTHING, None, "month", "month", False),
        (OPEN, NOTHING, None, None, "day", True),
        (NOTHING, NOTHING, None, None, "day", False),
        (
            OrderEvidence(1, 2, 0, 1),
            DAY,
            "day",
            None,
            "month",
            True,
        ),  # dates that contradict each other are asked about
        (OrderEvidence(1, 2, 0, 1), NOTHING, None, "day", "day", False),
        (OrderEvidence(1, 2, 0, 0), NOTHING, None, None, "month", False),  # unless each can be read one way only
    ],
)
def test_who_decides_the_order(
    own: OrderEvidence, of_file: OrderEvidence, declared: Order | None, said: Order | None, order: Order, in_doubt: bool
) -> None:
    assert decide_order(own, of_file, declared, said) == (order, in_doubt)


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("13/01/2026", OrderEvidence(day_only=1, day_example="13/01/2026")),
        ("1-31-26 10:00", OrderEvidence(month_only=1, month_example="1-31-26 10:00")),
        ("01/02/2026", OrderEvidence(undecided=1, undecided_example="01/02/2026")),
        ("1.2.26", OrderEvidence(dotted=1, undecided=1, dotted_example="1.2.26", undecided_example="1.2.26")),
        ("03/03/2026", NOTHING),
        ("13/13/2026", NOTHING),
        ("2026-01-02", NOTHING),
        ("2 Jan 2026", NOTHING),
        ("1/2", NOTHING),
        ("1.234,56", NOTHING),
        ("10.20.30.40", NOTHING),
    ],
)
def test_order_evidence(text: str, evidence: OrderEvidence) -> None:
    assert order_evidence(texts(text, "")) == evidence


def test_evidence_adds_up() -> None:
    both = order_evidence(texts("13/01/2026")) + order_evidence(texts("14/01/2026", "01/02/2026"))
    assert (both.day_only, both.undecided, both.day_example) == (2, 1, "13/01/2026")


def test_mixed_order_is_said_and_what_cannot_be_is_refused() -> None:
    cells = days("16/02/2015", "17/02/2015", "02/16/2015")
    assert "mixes" in cells.warnings[0]
    assert faults(cells).keys() == {2}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2025-02-10 09:56:25", "2025-02-10 09:56:25"),
        ("2025-02-10T09:56:25Z", "2025-02-10 09:56:25"),
        ("2025-02-10T09:56", "2025-02-10 09:56:00"),
        ("2025-02-10T09:56:25.123999Z", "2025-02-10 09:56:25.123"),
        ("2025-02-10T09:56:25,5", "2025-02-10 09:56:25.5"),
        ("2025-02-10T09:56:25+05:30", "2025-02-10 04:26:25"),
        ("2025-02-10T09:56:25−05:00", "2025-02-10 14:56:25"),
        ("2025-02-10 09:56:25 -0800", "2025-02-10 17:56:25"),
        ("2025-02-10 09:56 UTC+2", "2025-02-10 07:56:00"),
        ("2025-02-10 09:56:25 UTC", "2025-02-10 09:56:25"),
        ("2025-02-10 09:56 CET", "2025-02-10 08:56:00"),
        ("2025-07-10 09:56 PDT", "2025-07-10 16:56:00"),
        ("2025-07-10 09:56:00.000 Europe/Berlin", "2025-07-10 07:56:00"),
        ("Mon Feb 10 2025 09:56:25 GMT+0100 (Central European Standard Time)", "2025-02-10 08:56:25"),
        ("2025-02-10 09:56 Uhr", "2025-02-10 09:56:00"),
        ("2025-02-10", "2025-02-10 00:00:00"),
        ("2025-02-10 24:00", "2025-02-11 00:00:00"),
        ("24-02-2015 11:35", "2015-02-24 11:35:00"),
        ("24.02.2015, 11:35", "2015-02-24 11:35:00"),
        ("02/24/2015 9:05 PM", "2015-02-24 21:05:00"),
        ("02/24/2015, 9:05:10 pm", "2015-02-24 21:05:10"),
        ("02/24/2015 12:05 a.m.", "2015-02-24 00:05:00"),
        ("02/24/2015 12:05 p. m.", "2015-02-24 12:05:00"),
        ("Feb 24, 2015 at 9:05\u202fPM", "2015-02-24 21:05:00"),
        ("2025021009", "2025-02-10 09:00:00"),
        ("202502100956", "2025-02-10 09:56:00"),
        ("20250210T095625Z", "2025-02-10 09:56:25"),
        ("1739181385", "2025-02-10 09:56:25"),
        ("1739181385.25", "2025-02-10 09:56:25.25"),
        ("1739181385123", "2025-02-10 09:56:25.123"),
        ("1739181385123456", "2025-02-10 09:56:25.123"),
        ("1739181385123456789", "2025-02-10 09:56:25.123"),
        ("45698.41418981481", "2025-02-10 09:56:26"),
        ("45698,41419", "2025-02-10 09:56:26"),
        ("Tue Feb 24 11:35:52 +0000 2015", "2015-02-24 11:35:52"),
        ("24/Feb/2015 11:35:52 +0000", "2015-02-24 11:35:52"),
    ],
)
def test_instants(text: str, meant: str) -> None:
    cells = instants(text)
    assert faults(cells) == {}
    assert cells.values.to_pylist() == [datetime.fromisoformat(meant)]


@pytest.mark.parametrize("zone", ["CST", "IST", "BST", "XYZ", "Mars/Base", "+15:00"])
def test_zones_of_several_meanings_are_refused(zone: str) -> None:
    assert "time zone" in faults(instants(f"2025-02-10 09:56 {zone}"))[0]


def test_clock_changes() -> None:
    cells = instants("2025-03-30 02:30", "2025-10-26 02:30", "2025-07-01 12:00", zone="Europe/Berlin")
    assert [f"{value:%m-%d %H:%M}" for value in cells.values.to_pylist()] == [
        "03-30 01:00",
        "10-26 00:30",
        "07-01 10:00",
    ]
    assert len(cells.warnings) == 2


def test_mixed_zones_become_utc_and_are_said() -> None:
    cells = instants("2025-07-01 12:00", "2025-07-01T12:00Z", "2025-07-01 12:00 CEST", zone="Europe/Berlin")
    assert [value.hour for value in cells.values.to_pylist()] == [10, 12, 10]
    assert "without are read in Europe/Berlin" in cells.warnings[0]


def test_clocks_join_their_days() -> None:
    day = pa.array(["07.01.2026", "2026-01-07 00:00:00", "7 Jan 2026", "", None, "08.01.2026"])
    clock = pa.array(["10:15", "1899-12-31 10:15:00", "", "10:15", "10:15", "soon"])
    joined = join_clock(day, clock)
    assert joined.to_pylist() == [
        "07.01.2026 10:15",
        "2026-01-07 10:15:00",
        "7 Jan 2026",
        None,
        None,
        "08.01.2026 soon",
    ]
    assert faults(read_instants(clean(joined), "Day", "UTC", NOW, "day")).keys() == {5}


MOMENTS = st.integers(788918400_000, 1769904000_000).map(lambda value: datetime.fromtimestamp(value / 1000, UTC))
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]


@settings(max_examples=150, deadline=None)
@given(
    moments=st.lists(MOMENTS, min_size=1, max_size=20),
    zone=st.sampled_from(ZONES),
    form=st.sampled_from(
        [
            "%Y-%m-%dT%H:%M:%S.%f%z",
            "%Y-%m-%d %H:%M:%S.%f",
            "%d.%m.%Y %H:%M:%S.%f",
            "%d %b %Y %H:%M:%S.%f %z",
            "%A, %d %B %Y, %I:%M:%S.%f %p",
            "%Y%m%d %H:%M:%S.%f",
        ]
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


@settings(max_examples=150, deadline=None)
@given(
    drawn=st.lists(st.dates(date(1990, 1, 1), date(2026, 3, 1)), min_size=1, max_size=20),
    form=st.sampled_from(
        ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d", "%B %d, %Y", "%a, %d %b %Y", "%d-%b-%Y"]
    ),
)
def test_any_day_in_any_form(drawn: list[date], form: str) -> None:
    telling = [*drawn, date(2015, 2, 28)]
    cells = days(*(day.strftime(form) for day in telling))
    assert cells.values.to_pylist() == telling
    assert max(telling) <= NOW.date() + timedelta(days=1)


@settings(max_examples=150, deadline=None)
@given(
    drawn=st.lists(st.dates(date(2010, 1, 1), date(2026, 3, 1)), min_size=1, max_size=8),
    form=st.sampled_from(["%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%y-%m-%d", "%d/%m/%Y", "%m/%d/%Y"]),
)
def test_no_day_is_another_day(drawn: list[date], form: str) -> None:
    """A text is the day that was meant, or refused, or the column is in doubt; or (yy-mm-dd, alone) it reads as a usual day-first date."""
    written = [day.strftime(form) for day in drawn]
    cells = days(*written)
    if decided(*written)[1]:
        return
    for meant, read in zip(drawn, cells.values.to_pylist(), strict=True):
        assert read in (meant, None) or (form.startswith("%y") and meant.year < 2026)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=24), max_size=8))
def test_no_text_breaks_the_reading(written: list[str]) -> None:
    for cells in (days(*written), instants(*written, zone="Europe/Berlin")):
        assert len(cells.values) == len(written)
        faults(cells)
