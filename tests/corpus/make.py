"""Makes the files of the corpus that no editor shows as they are: UTF-16, spreadsheets, archives. `python -m tests.corpus.make [NAME...]`.

Invariant: what is written here is the file's content and nothing else; the values expected stand in the case beside the file.
"""

import gzip
import io
import sys
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

FOLDER = Path(__file__).parent
Rows = list[list[Any]]

SPEND = "date,channel,campaign,amount,currency\n2026-01-05,Search,Spring,12.50,EUR\n2026-01-06,Search,Spring,7.25,EUR\n"
SWISS = "date;channel;campaign;amount;currency\r\n2026-01-05;Social;Été à Genève;12,50;CHF\r\n2026-01-06;Social;Été à Genève;1034,00;CHF\r\n"
META_DAYS = '"2026-01-05T00:00:00","1204"\r\n"2026-01-06T00:00:00","0"\r\n"2026-01-07T00:00:00","98"\r\n"2026-01-09T00:00:00","310"\r\n'
GIB = 1 << 30


def texts() -> dict[str, bytes]:
    """Text files whose encoding is the point."""
    points, tabs = SWISS.replace(",", "."), str.maketrans(";", "\t")
    meltwater = (
        "Date;Headline;URL;Hit Sentence;Source;Influencer;Country;Reach;AVE;Sentiment\r\n"
        "05-Jan-2026 09:30PM;Acme, at last;https://paper.example/a;They queued;Daily Example;Jo Writer;UK;1200300;11102.78;Positive\r\n"
        "17-Jan-2026 06:00AM;Encore Acme;https://journal.example/b;Déçu;Le Journal d’Exemple;;France;4500;41.63;Negative\r\n"
    )
    google = (
        "Kampagnenbericht\r\n5. Januar 2026 - 6. Januar 2026\r\nTag;Kampagne;Währungscode;Kosten;Impr.;Klicks;Interaktionsrate\r\n"
        "2026-01-05;Marke | Süd;CHF;1.234,56;12.345;67;0,54 %\r\n2026-01-06;Marke | Süd;CHF;7,50;900;8; --\r\n"
        "Gesamt: Kampagnen; --;CHF;1.242,06;13.245;75;0,57 %\r\n"
    )
    linkedin = (
        "Campaign Performance Report (in UTC)\r\nReport Start: January 2, 2026\r\nReport End: January 13, 2026\r\n"
        '"Start Date (in UTC)";"Campaign Name";"Total Spent";"Impressions"\r\n'
        '"01/02/2026";"Größe";"12.50";"5000"\r\n"01/13/2026";"Größe";"7.25";"80"\r\n'
    )
    head = 'sep=,\r\n"{}"\r\n"Date","Primary"\r\n'
    sections = (
        'sep=,\r\n"Facebook reach"\r\n"Date","Primary"\r\n"2026-01-05T00:00:00","1204"\r\n"2026-01-06T00:00:00","98"\r\n\r\n'
        '"Facebook visits"\r\n"Date","Primary"\r\n"2026-01-05T00:00:00","55"\r\n"2026-01-06T00:00:00","44"\r\n'
    )
    german = 'sep=,\r\n"Instagram-Reichweite"\r\n"Datum","Primary"\r\n"2026-01-05T00:00:00","1204"\r\n"2026-01-06T00:00:00","98"\r\n'
    return {
        "reading/utf16le_with_mark.csv": points.translate(tabs).encode("utf-16"),
        "reading/utf16be_with_mark.csv": b"\xfe\xff" + points.replace(";", ",").encode("utf-16-be"),
        "reading/utf16le_without_mark.txt": points.translate(tabs).encode("utf-16-le"),
        "reading/utf16be_without_mark.csv": SWISS.encode("utf-16-be"),
        "listening/meltwater_utf16_tabs.csv": meltwater.translate(tabs).encode("utf-16"),
        "spend/google_ads_excel.csv": google.translate(tabs).encode("utf-16"),
        "spend/linkedin_ads_utf16.csv": linkedin.translate(tabs).encode("utf-16"),
        "reach/meta_daily.csv": (head.format("Facebook reach") + META_DAYS).encode("utf-16"),
        "reach/meta_daily_names_no_account.csv": (head.format("Facebook reach") + META_DAYS).encode("utf-16"),
        "reach/meta_daily_of_another_metric.csv": (head.format("Facebook visits") + META_DAYS).encode("utf-16"),
        "reach/meta_daily_several_metrics.csv": sections.encode("utf-16"),
        "reach/meta_daily_says_its_platform.csv": german.replace("Instagram-Reichweite", "Instagram reach").encode(
            "utf-16"
        ),
        "reach/meta_daily_localised.csv": german.encode("utf-16"),
    }


def packed() -> dict[str, bytes]:
    """gzip and zip, sound and not."""
    one, two = ("spend.csv", SPEND.encode()), ("more.csv", SPEND.encode())
    whole, single = _gzip(SPEND.encode()), _zip(one)
    cell = SPEND + "2026-01-07,Search,Spring,4.00,EUR\n"
    cell = cell.replace("12.50", "1.00").replace(
        "2026-01-06,Search,Spring", "2026-01-06,Search," + "Spring" * 1_800_000
    )
    spare = ",".join(f"x{number}" for number in range(10_000))
    many = f"date,channel,campaign,amount,{spare}\n2026-01-05,Search,Spring,1.00,{spare}\n"
    wide = ",".join(f"c{number % 10}" for number in range(2_000_000))
    return {
        "containers/gzip.csv.gz": whole,
        "containers/gzip_of_utf16.csv.gz": _gzip(SPEND.encode("utf-16")),
        "containers/gzip_cut_off.csv.gz": whole[:-20],
        "containers/gzip_declares_4_gb.csv.gz": whole[:-4] + b"\xff\xff\xff\xff",
        "containers/zip_of_one.zip": single,
        "containers/zip_in_a_folder.zip": _zip(("export/2026/spend.csv", one[1]), ("export/", b"")),
        "containers/zip_from_a_mac.zip": _zip(
            one, ("__MACOSX/._spend.csv", b"\0\5\26\7"), (".DS_Store", b"\0\0\0\1Bud1")
        ),
        "containers/zip_of_two.zip": _zip(one, two),
        "containers/zip_in_zip.zip": _zip(("inner.zip", single)),
        "containers/zip_of_nothing.zip": _zip(),
        "containers/zip_cut_off.zip": single[:-30],
        "containers/zip_with_password.zip": _flagged(single, 0x1),
        "containers/zip_declares_5_gb.zip": _declaring(single, 5 * GIB),
        "containers/zip_of_a_path.zip": _zip(("../../etc/spend.csv", one[1])),
        "reading/ten_megabyte_cell.csv.gz": _gzip(cell.encode()),
        "reading/ten_megabyte_line.txt.gz": _gzip(b"Spring" * 1_800_000),
        "reading/ten_thousand_columns.csv.gz": _gzip(many.encode()),
        "reading/two_million_columns.csv.gz": _gzip(f"{wide}\n{wide}\n".encode()),
    }


def spreadsheets() -> dict[str, bytes]:
    """Workbooks, and what goes by their names."""
    head = ["date", "channel", "campaign", "amount", "currency"]
    rows: Rows = [
        head,
        [date(2026, 1, 5), "Search", "Spring", 12.5, "EUR"],
        [date(2026, 1, 6), "Search", "Spring", 7.25, "EUR"],
    ]
    values: Rows = [
        ["Spend of January"],
        [],
        ["Date", "Channel", "Campaign", "Amount", "Currency", "Impressions", "Clicks"],
        [date(2026, 1, 5), "Search", "Spring", 0.1 + 0.2, "EUR", 12345, 3.0],
        [datetime.fromisoformat("2026-01-06T00:00:00"), "Search", 2026, 1234567.89, "EUR", 123456789012345, None],
        ["2026-01-07", "Search", "=not a formula", "1,234.50", "EUR", None, "N/A"],
        [date(2026, 1, 8), "Search", "Spring", "#REF!", "EUR", 1, 1],
        [46031, "Search", "Spring", 8, "EUR", 1, 1],
        [None, None, None, None, None, None, None],
        ["Total", None, None, 1235802.69, None, None, None],
    ]
    posts: Rows = [
        ["date", "account", "platform", "post", "reach"],
        [date(2026, 1, 5), "Acme", "Facebook", 122100000000000001, 100],
        [date(2026, 1, 5), "Acme", "Facebook", "122100000000000002", 200],
        [date(2026, 1, 5), "Acme", "Facebook", 900123, 300],
    ]
    times: Rows = [
        ["time", "person", "channel", "consent"],
        [datetime.fromisoformat("2026-01-05T09:30:15"), "u1", "Email", True],
        [datetime.fromisoformat("2026-01-05T23:59:59"), 42, "Email", False],
    ]
    clocks: Rows = [
        ["Order ID", "Date", "Time", "Customer ID", "Order value"],
        ["A1", date(2026, 1, 5), time(23, 15), "c1", 10],
    ]
    cover: Rows = [["Spend report"], ["Made for Acme"], ["Ask Jo for more"]]
    plain = _xlsx({"Sheet1": rows})
    sheet = "xl/worksheets/sheet1.xml"
    return {
        "containers/xlsx_behind_a_cover.xlsx": _xlsx({"Cover": cover, "Daten": rows}),
        "containers/xlsx_values.xlsx": _xlsx({"Export": values}),
        "containers/xlsx_ids_as_numbers.xlsx": _xlsx({"Posts": posts}),
        "containers/xlsx_moments.xlsx": _xlsx({"Touchpoints": times}),
        "containers/xlsx_clock.xlsx": _xlsx({"Orders": clocks}),
        "containers/xlsx_dates_of_1904.xlsx": _xlsx({"Sheet1": rows}, mac=True),
        "containers/xlsx_of_nothing.xlsx": _xlsx({"Sheet1": []}),
        "containers/xlsx_formulas_without_results.xlsx": _xlsx(
            {"Sheet1": [head, [date(2026, 1, 5), "Search", "Spring", "=2*6.25", "EUR"]]}
        ),
        "containers/xlsx_named_csv.csv": plain,
        "containers/csv_named_xlsx.xlsx": SPEND.encode(),
        "containers/xlsx_with_macros.xlsm": _with_member(plain, "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0"),
        "containers/xlsx_with_hidden_macros.xlsx": _with_member(plain, "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0"),
        "containers/xlsx_declares_5_gb.xlsx": _declaring(plain, 5 * GIB, sheet),
        "containers/xlsx_cut_off.xlsx": plain[: len(plain) // 2],
        "containers/old_excel.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
        "containers/zip_of_a_word_document.docx": _zip(
            ("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")
        ),
    }


MAKERS: tuple[Callable[[], dict[str, bytes]], ...] = (texts, packed, spreadsheets)


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _zip(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 5, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _flagged(archive: bytes, flag: int) -> bytes:
    """A zip whose members carry a flag (1: encrypted), in both their headers."""
    changed = bytearray(archive)
    changed[6] |= flag
    changed[archive.index(b"PK\1\2") + 8] |= flag
    return bytes(changed)


def _declaring(archive: bytes, size: int, member: str = "") -> bytes:
    """A zip in which a member (the first, if not named) claims to unpack to `size` bytes, cut to the four bytes there are for it."""
    changed = bytearray(archive)
    claimed = min(size, 0xFFFFFFFE).to_bytes(4, "little")
    for signature, name_at, size_at in ((b"PK\3\4", 30, 22), (b"PK\1\2", 46, 24)):
        start = archive.index(signature)
        while archive[start + name_at : start + name_at + len(member)] != member.encode():
            start = archive.index(signature, start + 4)
        changed[start + size_at : start + size_at + 4] = claimed
    return bytes(changed)


def _with_member(archive: bytes, name: str, content: bytes) -> bytes:
    changed = io.BytesIO(archive)
    with zipfile.ZipFile(changed, "a") as members:
        members.writestr(zipfile.ZipInfo(name, (2026, 1, 5, 0, 0, 0)), content)
    return changed.getvalue()


def _xlsx(sheets: Mapping[str, Rows], mac: bool = False) -> bytes:
    book = Workbook()
    del book["Sheet"]
    if mac:
        book.epoch = CALENDAR_MAC_1904
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in sheet.iter_rows():
            for cell in cells:
                if cell.value == "=not a formula":
                    cell.data_type = "s"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


if __name__ == "__main__":
    wanted = set(sys.argv[1:])
    for make in MAKERS:
        for name, content in make().items():
            if not wanted or name in wanted:
                (FOLDER / name).parent.mkdir(exist_ok=True)
                (FOLDER / name).write_bytes(content)
