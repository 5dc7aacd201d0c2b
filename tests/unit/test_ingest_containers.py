"""What files are packed in: gzip, zip and .xlsx, honest and hostile ones."""

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest

from pipelines.errors import FileRefused
from pipelines.ingest import Raw, containers, read_raw
from pipelines.sources import SOURCES

SPEND = SOURCES["spend"]
PLAIN = b"date,channel,campaign,amount\n2026-01-02,Search,Brand,1.50\n2026-01-03,Search,Spring,2\n"
OTHER = b"note\nnothing\n"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ROWS: list[list[Any]] = [["date", "channel", "campaign", "amount"], [date(2026, 1, 2), "Search", "Brand", 1.5]]


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def patched(archive: bytes, header: bytes, place: int, value: int, form: str = "<H") -> bytes:
    """An archive with a number in one of its headers changed."""
    content = bytearray(archive)
    struct.pack_into(form, content, content.index(header) + place, value)
    return bytes(content)


def members(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def rewritten(archive: bytes, changed: dict[str, bytes]) -> bytes:
    return zipped(members(archive) | changed)


def read(content: bytes | memoryview, name: str = "spend") -> Raw:
    return read_raw(content, name, SPEND)


def refusal(content: bytes, name: str = "file") -> str:
    with pytest.raises(FileRefused) as refused:
        read(content, name)
    assert refused.value.remedy
    assert refused.value.message.startswith(("'file'", "A sheet of 'file'"))
    return str(refused.value)


def named(parameter: object) -> str:
    """A test's name without the bytes of its file: packed ones say when they were packed, and both processes of a run must name it alike."""
    return parameter if isinstance(parameter, str) else "file"


@pytest.mark.parametrize(
    ("content", "container"),
    [
        (PLAIN, ""),
        (memoryview(PLAIN), ""),
        (gzip.compress(PLAIN), "gzip"),
        (gzip.compress(PLAIN[:40]) + gzip.compress(PLAIN[40:]) + b"\x00" * 8, "gzip"),
        (gzip.compress(PLAIN.decode().encode("utf-16")), "gzip"),
        (zipped({"spend.csv": PLAIN}), "zip: spend.csv"),
        (
            zipped({"a/": b"", "a/spend.csv": PLAIN, "__MACOSX/a/._spend.csv": b"x", "a/.DS_Store": b"x"}),
            "zip: a/spend.csv",
        ),
        (zipped({"spend.xlsx": workbook({"Days": ROWS})}), "zip: spend.xlsx, xlsx: Days"),
        (workbook({"Days": ROWS}), "xlsx: Days"),
    ],
    ids=named,
)
def test_the_same_rows_out_of_every_container(content: bytes | memoryview, container: str) -> None:
    raw = read(content)
    assert raw.container == container
    assert raw.table.slice(0, 1).to_pylist() == [
        {"date": "2026-01-02", "channel": "Search", "campaign": "Brand", "amount": raw.table["amount"][0].as_py()}
    ]
    assert float(raw.table["amount"][0].as_py()) == 1.5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(PLAIN)[:-9], "cut off"),
        (gzip.compress(PLAIN)[:30] + b"\xff\xff" + gzip.compress(PLAIN)[32:], "cut off"),
        (gzip.compress(PLAIN) + b"rest", "cut off"),
        (zipped({"spend.csv": PLAIN})[:-30], "cut off"),
        (patched(zipped({"spend.csv": PLAIN}), b"PK\x01\x02", 10, 9), "does not open"),
        (zipped({}), "without a file"),
        (zipped({"folder/": b""}), "without a file"),
        (zipped({"a.csv": PLAIN, "b.csv": OTHER}), "'a.csv', 'b.csv'"),
        (zipped({f"{n}.csv": PLAIN for n in range(7)}), "7 files: '0.csv', '1.csv', '2.csv', '3.csv', '4.csv', ..."),
        (zipped({"inner.zip": zipped({"a.csv": PLAIN})}), "another archive"),
        (zipped({"a.csv.gz": gzip.compress(PLAIN)}), "another archive"),
        (gzip.compress(zipped({"a.csv": PLAIN})), "another archive"),
        (gzip.compress(gzip.compress(PLAIN)), "another archive"),
        (gzip.compress(b"a.csv".ljust(257, b"\x00") + b"ustar\x0000" + b"\x00" * 512), "another archive"),
        (b"7z\xbc\xaf\x27\x1c", "does not open"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old .xls format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (zipped({"xl/workbook.xml": b"", "xl/vbaProject.bin": b""}), "macros"),
        (zipped({"xl/workbook.bin": b"", "[Content_Types].xml": b""}), "Save as"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b""}), "Save as"),
        (zipped({"word/document.xml": b""}), "no table"),
        (zipped({"xl/workbook.xml": b"<nothing/>"}), "damaged"),
    ],
    ids=named,
)
def test_refused_with_a_sentence_and_what_to_do(content: bytes, said: str) -> None:
    assert said in refusal(content)


def test_a_password_is_said() -> None:
    assert "password" in refusal(patched(zipped({"spend.csv": PLAIN}), b"PK\x01\x02", 8, 1))


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MOST_BYTES", 100_000)


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda content: zipped({"spend.csv": content})])
def test_too_large_as_it_is_or_unpacked(pack: Callable[[bytes], bytes]) -> None:
    row = b"2026-01-02,Search,Brand,1.50\n"
    fits = PLAIN + row * ((100_000 - len(PLAIN)) // len(row))
    assert read(pack(fits)).rows_read == 2 + (len(fits) - len(PLAIN)) // len(row)
    assert "more than" in refusal(pack(fits + row))


@pytest.mark.usefixtures("small_limit")
def test_a_zip_that_declares_too_little_is_counted() -> None:
    archive = zipped({"spend.csv": PLAIN + b"2026-01-02,Search,Brand,1.50\n" * 10_000})
    assert "damaged" in refusal(patched(archive, b"PK\x01\x02", 24, 10, "<I"))
    archive = zipped({"spend.csv": PLAIN})
    assert read(patched(archive, b"PK\x01\x02", 24, len(PLAIN) - 20, "<I")).rows_read == 2


def test_a_zip_that_declares_too_much_is_not_unpacked() -> None:
    archive = zipped({"spend.csv": PLAIN})
    assert "more than 200 MB" in refusal(patched(archive, b"PK\x01\x02", 24, 4_000_000_000, "<I"))


def test_every_kind_of_cell() -> None:
    cells: dict[Any, str] = {
        date(2026, 1, 2): "2026-01-02",
        datetime(2026, 1, 2, 3, 4, 5): "2026-01-02T03:04:05",  # noqa: DTZ001 (a sheet's moments have no zone)
        time(4, 5, 6): "04:05:06",
        5: "5",
        -3.0: "-3",
        0.1: "0.1",
        1.234: "1.2340",
        -12.345: "-12.3450",
        1234.567: "1234.567",
        0.125: "0.125",
        1e-7: "0.0000001",
        123456789012345: "123456789012345",
        2**53 - 1: "9007199254740991",
        1.20253e17: "1.20253E+17",
        1234567890123450: "1.23456789012345E+15",
        "=not a formula": "=not a formula",
        "00123": "00123",
        "#REF!": "#REF!",
        "1.234,56 €": "1.234,56 €",
        "two\nlines": "two\nlines",
    }
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["B3"], sheet["C3"] = "campaign", "date"
    for row, value in enumerate(cells, start=4):
        sheet.cell(row, 2).value = value
        sheet.cell(row, 3).value = row
        if isinstance(value, str):
            sheet.cell(row, 2).data_type = "e" if value == "#REF!" else "s"
    file = io.BytesIO()
    book.save(file)
    raw = read(file.getvalue())
    assert raw.table["campaign"].to_pylist() == list(cells.values())
    assert raw.rows.to_pylist() == [int(row) for row in raw.table["date"].to_pylist()] == list(range(4, 4 + len(cells)))
    assert (raw.header_row, raw.encoding, raw.delimiter) == (3, "xlsx", "")


def test_yes_and_no_are_words() -> None:
    raw = read(workbook({"A": [["date", "campaign"], [True, False]]}))
    assert raw.table.to_pylist() == [{"date": "TRUE", "campaign": "FALSE"}]


def test_the_first_sheet_with_a_known_header_is_read() -> None:
    raw = read(workbook({"Cover": [["Report", "of May"]], "Blank": [], "Data": [["Spend"], [], *ROWS], "More": ROWS}))
    assert raw.container == "xlsx: Data"
    assert raw.notes == ("Read from the sheet 'Data', not from 'Cover', 'Blank', 'More'.",)
    assert raw.preamble == (("Spend",),)
    assert raw.rows.to_pylist() == [4]


def test_a_sheet_of_unknown_names_is_read_if_there_is_no_other() -> None:
    assert read(workbook({"Blank": [], "Data": [["Marke", "Netz"], ["United", "X"]]})).header == ("Marke", "Netz")


def test_columns_without_name_and_text_are_left_out() -> None:
    rows: list[list[Any]] = [["date", None, "campaign", None], ["a", None, "b", " "], ["c", "x", "d", None]]
    raw = read(workbook({"A": rows}))
    assert raw.header == ("date", "column 2", "campaign")
    assert raw.table["column 2"].to_pylist() == ["", "x"]


def test_formulas_without_results_are_no_blanks() -> None:
    assert "formulas" in refusal(workbook({"A": [*ROWS, [date(2026, 1, 3), "Search", "Spring", "=1+1"]]}))


def test_formulas_with_results_are_their_results() -> None:
    content = workbook({"A": [*ROWS, [date(2026, 1, 3), "Search", "Spring", "=1+1"]]})
    part = "xl/worksheets/sheet1.xml"
    sheet = re.sub(rb"(<f>1\+1</f>)<v ?/>", rb"\1<v>2</v>", members(content)[part].replace(b"<v></v>", b"<v/>"))
    content = rewritten(content, {part: sheet})
    assert read(content).table["amount"].to_pylist() == ["1.5", "2"]


def test_a_cell_in_the_last_corner_is_refused_before_the_sheet_is_laid_out() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook({"A": ROWS})))
    book["A"]["XFD1048576"] = "x"
    file = io.BytesIO()
    book.save(file)
    assert "1,048,576 rows and 16,384 columns" in refusal(file.getvalue())


def test_one_text_in_many_cells_counts_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared text is stored once: a small file can be a large sheet."""
    monkeypatch.setattr(containers, "MOST_BYTES", 100_000)

    def sharing(length: int) -> bytes:
        strings = f'<sst xmlns="{MAIN}"><si><t>campaign</t></si><si><t>{"x" * length}</t></si></sst>'
        row = '<row r="{0}"><c r="A{0}" t="s"><v>{1}</v></c><c r="B{0}" t="s"><v>{1}</v></c></row>'
        cells = row.format(1, 0) + "".join(row.format(number, 1) for number in range(2, 200))
        book = workbook({"A": ROWS})
        sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'
        return rewritten(book, {"xl/worksheets/sheet1.xml": sheet.encode(), "xl/sharedStrings.xml": strings.encode()})

    assert read(sharing(100)).rows_read == 198
    assert "more than" in refusal(sharing(2_000))
