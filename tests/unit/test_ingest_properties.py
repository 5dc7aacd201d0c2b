"""Whatever the dialect, a table reads back the same; what happens to one row is nobody else's business."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest import Prepared, prepare
from pipelines.sources import SOURCES

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
FIRST = date(2025, 1, 1)
MANY = settings().max_examples // 4
FEW = settings().max_examples // 10
"""How many examples of the profile (`make fuzz` has one of its own) a test is worth."""

Kind = Literal["day", "moment", "name", "amount", "count", "currency", "sentiment", "id"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of the tables we write: its header in the file, the stored column it becomes, and what stands in it."""

    header: str
    stored: str
    kind: Kind


TABLES: dict[str, tuple[Column, ...]] = {
    "spend": (
        Column("Date", "date", "day"),
        Column("Channel", "channel", "name"),
        Column("Campaign", "campaign", "name"),
        Column("Amount", "amount", "amount"),
        Column("Currency", "currency", "currency"),
        Column("Clicks", "clicks", "count"),
    ),
    "account_reach": (
        Column("Date", "date", "day"),
        Column("Account", "account", "name"),
        Column("Platform", "platform", "name"),
        Column("Reach", "reach", "count"),
        Column("Followers", "followers", "count"),
    ),
    "mentions": (
        Column("Time", "occurred_at", "moment"),
        Column("Account", "account", "name"),
        Column("Platform", "platform", "name"),
        Column("Author", "author", "name"),
        Column("Sentiment", "sentiment", "sentiment"),
        Column("Mentions", "mentions", "count"),
        Column("Mention ID", "mention_id", "id"),
    ),
    "conversions": (
        Column("Conversion time", "occurred_at", "moment"),
        Column("Customer ID", "person", "id"),
        Column("Conversion type", "type", "name"),
        Column("Revenue", "revenue", "amount"),
        Column("Currency", "currency", "currency"),
        Column("Order ID", "conversion_id", "id"),
    ),
}


@dataclass(frozen=True)
class Dialect:
    """How a table is written: everything people's tools and spreadsheets do differently."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quoting: int = csv.QUOTE_MINIMAL
    line_end: str = "\n"
    decimal: str = "."
    thousands: str = ""
    day: str = "%Y-%m-%d"
    preamble: tuple[str, ...] = ()
    totals: Literal["", "first", "last"] = ""
    order: int = 0
    sep_line: bool = False


ENCODINGS = {
    "utf-8": "wide",
    "utf-8-sig": "wide",
    "utf-16": "wide",  # Python writes the mark
    "utf-16-le": "western",
    "utf-16-be": "western",
    "cp1252": "western",
}
NUMBERS = [
    (".", ""),
    (".", ","),
    (".", "'"),
    (",", ""),
    (",", "."),
    (",", " "),
    (",", "\u202f"),
    (",", "\u00a0"),
    (".", " "),
]
DAYS = ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%B %d, %Y", "%Y%m%d", "%d.%m.%y"]
PREAMBLES = [
    (),
    ("Report",),
    ("Report of the week", ""),
    ("Report; all, of it", "From 2026-01-05", "Filters: none", ""),
]

dialects = st.builds(
    lambda encoding, delimiter, quoting, line_end, number, day, preamble, totals, order, sep_line: Dialect(
        encoding, delimiter, quoting, line_end, number[0], number[1], day, preamble, totals, order, sep_line
    ),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    number=st.sampled_from(NUMBERS),
    day=st.sampled_from(DAYS),
    preamble=st.sampled_from(PREAMBLES),
    totals=st.sampled_from(["", "first", "last"]),
    order=st.integers(0, 719),
    sep_line=st.booleans(),
)

LETTERS = "abcdefgxyzABCXYZ0123456789"
SIGNS = " ,;|\"'&<>=+@%#:/()._-"
ACCENTS = "äöüßéèàçñÉÖ"
FAR = "žłęПривет春セール🔥👍حملةשלום"


def names(alphabet: str) -> st.SearchStrategy[str]:
    """Names as they are stored: one space between words, none around, no apostrophe that Excel could have put in front."""
    signs = SIGNS + (FAR + ACCENTS if alphabet == "wide" else "")
    accents = ACCENTS if alphabet == "western" else ""
    # An accent stands between plain letters: two side by side may be one letter of UTF-8.
    part = st.sampled_from([*signs, *LETTERS, *(f"a{accent}b" for accent in accents)])
    texts = st.lists(part, max_size=8).map("".join)
    return st.builds(lambda letter, text: " ".join(f"{letter}{text}".split()), st.sampled_from(LETTERS[:16]), texts)


days = st.integers(0, 500).map(lambda number: FIRST + timedelta(number))
amounts = st.integers(0, 10**8).map(lambda cents: Decimal(cents) / 100)
counts = st.integers(0, 10**9) | st.integers(0, 2000)


def cells(kind: Kind, alphabet: str, number: int) -> st.SearchStrategy[Any]:
    """What may stand in a column of that kind, in the row of that number."""
    return {
        "day": days,
        "moment": st.builds(
            lambda day, seconds: datetime.combine(day, datetime.min.time()) + timedelta(seconds=seconds),
            days,
            st.integers(0, 86_399),
        ),
        "name": names(alphabet),
        "amount": amounts,
        "count": counts,
        "currency": st.sampled_from(["EUR", "USD", "CHF"]),
        "sentiment": st.sampled_from(["positive", "neutral", "negative", "uncategorized"]),
        "id": st.just(f"id-{number}"),
    }[kind]


@st.composite
def tables(draw: st.DrawFn, source: str, alphabet: str = "wide", least: int = 1) -> list[Row]:
    """Rows of a source, of which no two are equal in their key."""
    columns = TABLES[source]
    rows = [
        {column.stored: draw(cells(column.kind, alphabet, number)) for column in columns}
        for number in range(draw(st.integers(least, 8)))
    ]
    keyed = next(column.stored for column in columns if column.kind == "name")
    return [row | {keyed: f"{row[keyed]} n{number}"} for number, row in enumerate(rows)]


def number_text(value: Decimal | int, dialect: Dialect) -> str:
    """A number as the dialect writes it."""
    text = f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}"
    thousands = "\u00a0" if dialect.encoding == "cp1252" and dialect.thousands == "\u202f" else dialect.thousands
    return text.translate({ord(","): thousands, ord("."): dialect.decimal})


def text_of(value: Any, dialect: Dialect) -> str:
    """A value as the dialect writes it."""
    match value:
        case datetime():
            return value.strftime(f"{dialect.day} %H:%M:%S" if dialect.day != "%Y%m%d" else "%Y-%m-%dT%H:%M:%S")
        case date():
            return value.strftime(dialect.day)
        case Decimal() | int():
            return number_text(value, dialect)
        case _:
            return str(value)


def file_text(source: str, rows: Sequence[Row | Sequence[str]], dialect: Dialect) -> str:
    """The rows (or their texts, in the order of TABLES) as a file."""
    columns = TABLES[source]
    order = _permutation(len(columns), dialect.order)
    lines = [
        [text_of(row[column.stored], dialect) for column in columns] if isinstance(row, dict) else list(row)
        for row in rows
    ]
    totals = [
        "Total" if position == 0 else _sum_text(column, [row for row in rows if isinstance(row, dict)], dialect)
        for position, column in enumerate(columns)
    ]
    if dialect.totals:
        lines.insert(0 if dialect.totals == "first" else len(lines), totals)
    written = io.StringIO()
    if dialect.sep_line:
        written.write(f"sep={dialect.delimiter}{dialect.line_end}")
    for line in dialect.preamble:
        written.write(line + dialect.line_end)
    writer = csv.writer(written, delimiter=dialect.delimiter, quoting=dialect.quoting, lineterminator=dialect.line_end)  # type: ignore[arg-type]
    for cells_of_line in [[column.header for column in columns], *lines]:
        writer.writerow([cells_of_line[position] for position in order])
    return written.getvalue()


def _permutation(size: int, number: int) -> list[int]:
    """One of the orders of `size` columns."""
    left, order = list(range(size)), []
    for choices in range(size, 0, -1):
        number, position = divmod(number, choices)
        order.append(left.pop(position))
    return order


def _sum_text(column: Column, rows: list[Row], dialect: Dialect) -> str:
    if column.kind not in ("amount", "count"):
        return ""
    return number_text(sum((row[column.stored] for row in rows), Decimal(0) if column.kind == "amount" else 0), dialect)


def read(source: str, text: str, dialect: Dialect) -> Prepared:
    """Read a file back; what it leaves open is answered as it was written."""
    content, name = text.encode(dialect.encoding), f"{source}.csv"
    result = prepare(SOURCES[source], content, name, now=NOW)
    if result.doubts:
        order: Literal["day", "month"] = "month" if dialect.day.startswith("%m") else "day"
        mark: Literal["point", "comma"] = "comma" if dialect.decimal == "," else "point"
        asked = {doubt.kind for doubt in result.doubts}
        result = prepare(
            SOURCES[source],
            content,
            name,
            now=NOW,
            date_order=order if "date_order" in asked else None,
            decimal=mark if "decimal" in asked else None,
        )
        assert not result.doubts
    assert result.rows_read == result.accepted + result.merged + result.refused.num_rows + result.totals_dropped
    return result


def stored(result: Prepared, source: str) -> list[Row]:
    """The stored rows in the columns we wrote."""
    table = result.tables[SOURCES[source].table]
    return list(table.select([column.stored for column in TABLES[source]]).to_pylist())


@pytest.mark.parametrize("source", TABLES)
@settings(max_examples=MANY, deadline=None)
@given(data=st.data())
def test_any_table_in_any_dialect_reads_back_the_same(source: str, data: st.DataObject) -> None:
    dialect = data.draw(dialects)
    rows = data.draw(tables(source, ENCODINGS[dialect.encoding]))
    result = read(source, file_text(source, rows, dialect), dialect)
    assert result.refused.to_pylist() == []
    assert (result.accepted, result.totals_dropped) == (len(rows), 1 if dialect.totals else 0)
    assert stored(result, source) == rows
    assert all(total.agrees for total in result.totals)


JUNK = [
    "",
    "-",
    "abc",
    "inf",
    "nan",
    "-5",
    "=1+1",
    "12%",
    "1E+30",
    "2026-02-30",
    "9999-01-01",
    "a\tb",
    "N/A",
    "x" * 300,
    '"',
    "#REF!",
    "\x07",
]


@st.composite
def rows_with_junk(draw: st.DrawFn, source: str) -> list[Row | list[str]]:
    """Good rows, the first two of which show the locale, and between them rows of which nobody knows what becomes."""
    good: list[Row | list[str]] = list(draw(tables(source, least=2)))
    width = len(TABLES[source])
    for number in range(draw(st.integers(1, 4))):
        row = draw(st.lists(st.sampled_from(JUNK), min_size=width, max_size=width))
        row[1] = f"{row[1]} junk {number}"
        good.insert(draw(st.integers(0, len(good))), row)
    return good


@pytest.mark.parametrize("source", TABLES)
@settings(max_examples=FEW, deadline=None)
@given(data=st.data())
def test_other_rows_do_not_change_how_a_row_is_read(source: str, data: st.DataObject) -> None:
    dialect = Dialect(decimal=",", thousands=".", delimiter=";", day="%d.%m.%Y")
    rows = data.draw(rows_with_junk(source))
    good = [row for row in rows if isinstance(row, dict)]
    found = stored(read(source, file_text(source, rows, dialect), dialect), source)
    assert [row for row in found if row in good] == good


@pytest.mark.parametrize("source", TABLES)
@settings(max_examples=FEW, deadline=None)
@given(data=st.data())
def test_the_order_of_rows_changes_nothing_but_their_numbers(source: str, data: st.DataObject) -> None:
    dialect = data.draw(dialects.map(lambda dialect: replace(dialect, encoding="utf-8")))
    rows = data.draw(tables(source))
    moved = data.draw(st.permutations(rows))
    first = read(source, file_text(source, rows, dialect), dialect)
    second = read(source, file_text(source, moved, dialect), dialect)
    assert _without_numbers(first) == _without_numbers(second)
    assert first.refused.num_rows == second.refused.num_rows


@pytest.mark.parametrize("source", TABLES)
@settings(max_examples=FEW, deadline=None)
@given(data=st.data())
def test_a_file_without_its_refused_rows_is_read_as_before(source: str, data: st.DataObject) -> None:
    dialect = Dialect(decimal=",", thousands=".", delimiter=";", day="%d.%m.%Y")
    rows = data.draw(rows_with_junk(source))
    whole = read(source, file_text(source, rows, dialect), dialect)
    refused = set(whole.refused["row"].to_pylist())
    rest = [row for number, row in enumerate(rows, start=2) if number not in refused]
    again = read(source, file_text(source, rest, dialect), dialect)
    assert again.refused.num_rows == 0
    assert _without_numbers(whole) == _without_numbers(again)
    assert (whole.merged, whole.totals_dropped) == (again.merged, again.totals_dropped)


def _without_numbers(result: Prepared) -> list[tuple[tuple[str, str], ...]]:
    """Every stored row, of all tables, in any order and without its number."""
    rows = [row for table in result.tables.values() for row in table.to_pylist()]
    return sorted(tuple((name, repr(value)) for name, value in row.items() if name != "row_number") for row in rows)
