"""Upload in the page: what is recognised, what is asked for, what is refused, what is stored, and what the history can do."""

import gzip
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, Selectbox

from app.resources import stores
from app.upload import file_list, reading, readings
from app.upload.files import Listed
from pipelines.ingest import prepare
from pipelines.ingest.load import commit
from pipelines.sources import SOURCES
from tests.conftest import Environment
from tests.pages.conftest import OpenPage
from tests.pages.test_every_page import said

REACH = b"""Account reach export;;
Date;Account;Network;Reach
01.02.2026;Northern;X;12.500
02.02.2026;Northern;X;9.100
03.02.2026;Northern;X;many
"""
SPEND = b"day,medium,campaign,paid\n2026-02-01,Email,Spring,10.50\n2026-02-02,Email,Spring,11\n"
CLEAN_SPEND = b"date,channel,campaign,amount\n2026-02-01,Email,Spring,10.50\n2026-02-02,Email,Spring,11\n"
TOUCHES = b"person,time,channel,converted\np1,2026-02-01 10:00,Email,1\np2,2026-02-01 11:00,Email,0\n"


def until(page: AppTest, holds: Callable[[AppTest], bool]) -> AppTest:
    """Run the page, as its own clock does in the browser, until something holds."""
    for _ in range(100):
        assert not page.exception
        if holds(page):
            return page
        time.sleep(0.1)
        page.run()
    raise AssertionError(f"it never held: {said(page)}")


def dropped(page: AppTest, name: str, content: bytes) -> AppTest:
    """Drop one file and wait until it was read."""
    return dropped_all(page, {name: content})


def dropped_all(page: AppTest, files: dict[str, bytes]) -> AppTest:
    page.file_uploader[0].set_value([(name, content, "text/csv") for name, content in files.items()])
    page.run()
    return until(page, lambda page: not badges(page)["reading"])


def badges(page: AppTest) -> Counter[str]:
    """How many lines of the list and of the history are in each state."""
    return Counter(
        state for mark in page.markdown for state in re.findall(r"-badge\[:material/\w+: ([^]]+)\]", mark.value)
    )


def button(page: AppTest, label: str) -> Button:
    return next(button for button in page.button if button.label.startswith(label))


def box(page: AppTest, label: str) -> Selectbox[str]:
    return next(box for box in page.selectbox if box.label == label)


def said_to_be(page: AppTest, source: str) -> None:
    """Say what is in the file."""
    next(group for group in page.button_group if group.label == "What is in the file?").select(source).run()


def typed(page: AppTest, label: str, value: str) -> None:
    next(field for field in page.text_input if field.label == label).set_value(value).run()


def stored(page: AppTest, label: str = "Store") -> AppTest:
    """Press the button and wait until it is stored and the page has said so."""
    button(page, label).click().run()
    return until(page, lambda page: bool(page.success))


def table_with(page: AppTest, column: str) -> pd.DataFrame:
    return next(table.value for table in page.dataframe if column in table.value)


def test_a_file_is_recognised_previewed_stored_and_undone(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "reach.csv", REACH)
    assert "is read as **Account reach**" in said(page)
    assert "semicolon-separated · header in row 2" in said(page)
    assert [(card.label, card.value) for card in page.metric] == [
        *(("New rows", "2"), ("Replaced", "0"), ("Unchanged", "0"), ("Refused", "1")),
    ]
    assert "**2 accepted** + 1 refused + 0 totals = 3 rows in the file." in said(page)
    refused = table_with(page, "reason")
    assert refused.iloc[0][["row", "column", "value"]].tolist() == [5, "Reach", "many"]

    page = stored(page)
    assert "2 new" in page.success[0].value
    assert "0 replaced" not in page.success[0].value
    assert "1 refused" in page.success[0].value
    assert "2 accepted + 1 refused + 0 totals = 3 rows in the file." in said(page)
    assert badges(page)["stored"] == 2  # in the list and in the history

    button(page, "Undo this upload").click().run()
    assert not page.exception
    assert badges(page)["stored"] == 0
    assert badges(page)["undone"] == 2


def test_the_same_file_twice_changes_nothing(empty: Environment, open_page: OpenPage) -> None:
    page = stored(dropped(open_page(empty, "upload.py"), "reach.csv", REACH))
    page = dropped(page, "reach.csv", REACH)
    assert "Already loaded by tester on" in page.info[0].value
    assert not any(button.label.startswith("Store") for button in page.button)
    assert badges(page)["already stored"] == 1


def test_columns_that_were_not_recognised_are_asked_for(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "spend.csv", SPEND)
    if "may be" in page.warning[0].value:
        said_to_be(page, "spend")
    page = until(page, lambda page: not badges(page)["reading"])
    assert "has no column for" in page.warning[0].value
    asked = box(page, "Amount *")
    assert asked.value is None
    assert asked.options[0].startswith("paid (")
    asked.select("paid").run()
    page = until(page, lambda page: bool(page.metric))
    assert page.metric[0].value == "2"


def test_a_value_for_all_rows_stands_in_for_a_column(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "spend.csv", b"date,campaign,amount\n2026-02-01,Spring,10\n")
    assert box(page, "Channel *").value == "The same value for all rows"
    typed(page, "Value of channel for all rows", "Email")
    page = until(page, lambda page: bool(page.metric))
    assert not any("has no column" in warning.value for warning in page.warning)
    assert "1 new" in stored(page).success[0].value


def test_a_file_that_fits_nothing_is_asked_about(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "odd.csv", b"alpha,beta\nx,y\nz,w\n")
    assert "not known to Touchline" in page.warning[0].value
    said_to_be(page, "spend")
    page = until(page, lambda page: "has no column for" in str([warning.value for warning in page.warning]))
    assert box(page, "Date *")


def test_a_file_of_which_nothing_can_be_taken_says_so(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00")
    assert page.error
    assert badges(page)["cannot be read"] == 1
    assert not any(button.label.startswith("Store") for button in page.button)


def test_a_file_that_may_be_two_things_is_asked_about(empty: Environment, open_page: OpenPage) -> None:
    content = b"Date;Account;Network;Seen by\n2026-02-01;Northern;X;12500\n"
    page = dropped(open_page(empty, "upload.py"), "numbers.csv", content)
    assert "may be Mentions" in page.warning[0].value
    assert badges(page)["needs an answer"] == 1
    assert "What will happen" not in said(page)
    said_to_be(page, "account_reach")
    page = until(page, lambda page: not badges(page)["reading"])
    assert "is read as **Account reach**" in said(page)


def test_dates_that_read_both_ways_are_asked_about_once(empty: Environment, open_page: OpenPage) -> None:
    content = b"date,channel,campaign,amount\n03/04/2026,Email,Spring,10\n05/06/2026,Email,Spring,11\n"
    page = dropped(open_page(empty, "upload.py"), "spend.csv", content)
    assert badges(page)["needs an answer"] == 1
    assert "Which way round are the dates in date?" in said(page)
    asked = next(radio for radio in page.radio if radio.label.startswith("Which way"))
    assert asked.options == ["03/04/2026 is 3 April 2026", "03/04/2026 is 4 March 2026"]
    assert button(page, "Store").disabled
    assert "Answer the question above first" in said(page)
    asked.set_value("month").run()
    page = until(page, lambda page: badges(page)["ready"] == 1)
    assert "Which way round" not in said(page)
    assert not button(page, "Store").disabled
    assert "4 Mar - 6 May 2026" in said(page)


def test_amounts_that_may_be_thousands_are_asked_about(empty: Environment, open_page: OpenPage) -> None:
    content = b"date,channel,campaign,amount\n2026-05-01,Email,Spring,1.234\n2026-05-02,Email,Spring,900\n"
    page = dropped(open_page(empty, "upload.py"), "spend.csv", content)
    assert badges(page)["needs an answer"] == 1
    asked = next(radio for radio in page.radio if radio.label == "Are the amounts in amount thousands?")
    assert [option.replace("\\", "") for option in asked.options] == ["1.234 is 1.23", "1.234 is 1,234.00"]
    assert button(page, "Store").disabled
    asked.set_value("comma").run()
    page = until(page, lambda page: badges(page)["ready"] == 1)
    assert "thousands?" not in said(page)
    assert not button(page, "Store").disabled


def test_the_files_own_total_is_held_against_its_rows(empty: Environment, open_page: OpenPage) -> None:
    content = CLEAN_SPEND + b"Total,,,21.50\n"
    page = dropped(open_page(empty, "upload.py"), "spend.csv", content)
    assert "**2 accepted** + 0 refused + 1 total = 3 rows in the file." in said(page)
    assert "The file's total 21\\.50 = the sum of its rows" in said(page)
    page = dropped(page, "other.csv", CLEAN_SPEND + b"Total,,,22.50\n")
    assert any("1\\.00 more" in warning.value for warning in page.warning)


def test_many_files_are_stored_at_once(empty: Environment, open_page: OpenPage) -> None:
    files = {
        "reach.csv": REACH,
        "touch.csv": TOUCHES,
        "picture.csv": b"\x89PNG\r\n\x1a\n\x00",
        "spend.csv": CLEAN_SPEND,
    }
    page = dropped_all(open_page(empty, "upload.py"), files)
    assert (badges(page)["ready"], badges(page)["cannot be read"]) == (3, 1)
    page = stored(page, "Store all 3")
    assert "3 files are stored" in page.success[0].value
    assert badges(page)["stored"] == 6
    assert badges(page)["cannot be read"] == 1
    page = dropped(page, "spend.csv", CLEAN_SPEND)
    assert badges(page) == {"stored": 3, "already stored": 1, "cannot be read": 1}
    button(page, "Clear the list").click().run()
    assert badges(page)["cannot be read"] == 0


def test_choosing_a_file_opens_its_preview(empty: Environment, open_page: OpenPage) -> None:
    page = dropped_all(open_page(empty, "upload.py"), {"reach.csv": REACH, "spend.csv": CLEAN_SPEND})
    assert "**reach\\.csv** is read as" in said(page)
    button(page, "spend\\.csv").click().run()
    assert "**spend\\.csv** is read as" in said(page)
    assert "**reach\\.csv** is read as" not in said(page)


def test_what_was_said_stays_with_a_file_while_another_is_open(empty: Environment, open_page: OpenPage) -> None:
    files = {"a.csv": b"date,campaign,amount\n2026-02-01,Spring,10\n", "reach.csv": REACH}
    page = dropped_all(open_page(empty, "upload.py"), files)
    typed(page, "Value of channel for all rows", "Email")
    page = until(page, lambda page: badges(page)["ready"] == 2)
    button(page, "reach").click().run()
    button(page, "a\\.csv").click().run()
    assert badges(page)["ready"] == 2
    assert "1 channel" in said(page)


def test_a_packed_file_is_read_as_what_it_holds(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "spend.csv.gz", gzip.compress(CLEAN_SPEND))
    assert "gzip · UTF\\-8" in said(page) or "gzip · UTF-8" in said(page)
    assert page.metric[0].value == "2"


def test_a_large_file_shows_its_first_rows_before_it_was_read(
    empty: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"2026-02-{1 + i % 28:02},Email,Campaign {i},{i}.50\n" for i in range(12_000))
    whole = f"date,channel,campaign,amount\n{rows}".encode()
    usual = reading.Reading._read

    def slow(self: reading.Reading) -> None:
        time.sleep(2)
        usual(self)

    monkeypatch.setattr(reading.Reading, "_read", slow)
    page = open_page(empty, "upload.py")
    page.file_uploader[0].set_value([("spend.csv", whole, "text/csv")])
    page.run()
    assert badges(page)["reading"] == 1
    assert "These are its first" in said(page)
    assert list(table_with(page, "Amount")["Campaign"])[:2] == ["Campaign 0", "Campaign 1"]
    assert not any(button.label.startswith("Store") for button in page.button)
    page = until(page, lambda page: badges(page)["ready"] == 1)
    assert page.metric[0].value == "12,000"


def test_a_file_that_is_read_while_the_page_is_drawn_is_shown_as_read(
    empty: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, seen_reading = threading.Event(), []
    usual = reading.Reading._read

    def held(self: reading.Reading) -> None:
        assert drawn.wait(60)
        usual(self)

    def let_go(line: Listed, *known: Any) -> None:
        seen_reading.append(readings.reading_of(line).state)
        _line(line, *known)
        drawn.set()
        assert readings.reading_of(line).done.wait(60)

    monkeypatch.setattr(reading.Reading, "_read", held)
    _line = file_list._line
    monkeypatch.setattr(file_list, "_line", let_go)
    page = open_page(empty, "upload.py")
    page.file_uploader[0].set_value([("spend.csv", CLEAN_SPEND, "text/csv")])
    page.run()
    assert seen_reading[0] == "reading"
    assert badges(page)["ready"] == 1


def test_how_a_file_is_read_is_remembered_used_and_forgotten(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "spend.csv", b"date,campaign,amount\n2026-02-01,Spring,10\n")
    typed(page, "Value of channel for all rows", "Email")
    page = until(page, lambda page: bool(page.metric))
    next(tick for tick in page.checkbox if tick.label.startswith("Remember")).check().run()
    page = stored(page)
    assert "Channel is Email" in said(page)

    page = dropped(page, "next.csv", b"date,campaign,amount\n2026-02-02,Spring,10\n")
    assert badges(page)["ready"] == 1
    assert "Read as tester said on" in said(page)
    button(page, "Not for this file").click().run()
    page = until(page, lambda page: badges(page)["needs an answer"] == 1)

    button(page, "Forget").click().run()
    assert "Channel is Email" not in said(page)


def test_rows_that_a_newer_file_lacks_go_only_on_a_tick(empty: Environment, open_page: OpenPage) -> None:
    page = stored(dropped(open_page(empty, "upload.py"), "spend.csv", CLEAN_SPEND))
    newer = CLEAN_SPEND.replace(b"2026-02-01,Email,Spring", b"2026-02-01,Email,Summer").replace(b",11\n", b",12\n")
    page = dropped(page, "newer.csv", newer)
    tick = next(tick for tick in page.checkbox if tick.label.startswith("Remove"))
    assert tick.label == "Remove the 1 row that this file lacks"
    assert "1 row of 2 Feb 2026 would be replaced" in said(page)
    assert table_with(page, "Campaign")["Campaign"].tolist() == ["Spring"]
    tick.check().run()
    stored(page)
    assert "1 row on record that it lacked" in said(page)


def test_an_upload_is_read_again_with_another_column(empty: Environment, open_page: OpenPage) -> None:
    content = b"date,channel,campaign,amount,net\n2026-02-01,Email,Spring,10.50,8\n"
    page = stored(dropped(open_page(empty, "upload.py"), "spend.csv", content))
    button(page, "Read it again").click().run()
    page = until(page, lambda page: bool(page.metric))
    assert "take the place of that one" in said(page).replace("takes the place", "take the place")
    box(page, "Amount *").select("net").run()
    page = until(page, lambda page: bool(page.metric) and page.metric[1].value == "1")
    page = stored(page)
    assert badges(page)["read again"] == 1


def test_the_preview_speaks_of_fields(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "touch.csv", TOUCHES)
    assert list(page.dataframe[0].value.columns) == ["Time", "Person", "Channel"]
    assert "1 conversion found in these rows" in said(page)


def test_text_from_a_file_is_shown_as_typed(empty: Environment, open_page: OpenPage) -> None:
    content = b"date,channel,campaign,amount\n2026-02-01,Email,**Bold** <b>x</b>,many\n"
    page = dropped(open_page(empty, "upload.py"), "**a** <b>.csv", content)
    assert "\\*\\*a\\*\\* \\<b\\>\\.csv" in said(page)


def test_names_that_meet_nothing_lead_to_their_page(empty: Environment, open_page: OpenPage) -> None:
    page = stored(dropped(open_page(empty, "upload.py"), "reach.csv", REACH))
    mentions = b"time,account,platform,text\n2026-02-01 10:00,Nothern,X,hello\n2026-02-01 11:00,Northern,X,hi\n"
    page = stored(dropped(page, "mentions.csv", mentions)).run()
    links = {link.proto.page: link.proto.label for link in page.get("page_link")}
    assert "found no match" in links["names"]


def test_own_data_clear_the_demo_from_every_part_of_the_page(empty: Environment, open_page: OpenPage) -> None:
    page = open_page(empty, "upload.py")
    touches = b"person,time,channel\np1,2026-02-01 10:00,Email\n"
    for source, content in (("spend", SPEND.replace(b"paid", b"amount")), ("touchpoints", touches)):
        prepared = prepare(SOURCES[source], content.replace(b"Email", b"Made Up"), f"{source}.csv", {}, {})
        commit(stores(), prepared, content, "tester", demo=True)
    page.run()
    assert "Demo data" in said(page)
    page = stored(dropped(page, "reach.csv", REACH))
    assert "The demo data was cleared" in page.success[0].value
    assert "Demo data" not in said(page)
    assert badges(page)["undone"] == 2
    assert "undone] :orange-badge[demo]" in said(page)


def test_a_dead_worker_is_noticed(empty: Environment, open_page: OpenPage) -> None:
    page = stored(dropped(open_page(empty, "upload.py"), "reach.csv", REACH))
    with stores().warehouse.transaction() as connection:
        connection.execute(
            text(
                "update uploads set status = 'pending', committed_at = null, committed_version = null,"
                " started_at = started_at - interval '1 minute'"
            )
        )
    page.run()
    page.run()
    assert not page.exception
    assert badges(page)["not stored"] == 2


def test_an_upload_elsewhere_shows_at_the_next_interaction(empty: Environment, open_page: OpenPage) -> None:
    page = open_page(empty, "upload.py")
    other = AppTest.from_file(page._script_path, default_timeout=60).run()
    assert "Nothing has been uploaded yet" in said(other)
    stored(dropped(page, "reach.csv", REACH))
    other.run()
    assert "**Account reach** · to 2 Feb 2026" in said(other)


def test_without_spend_no_empty_chart_is_drawn(empty: Environment, open_page: OpenPage) -> None:
    page = stored(dropped(open_page(empty, "upload.py"), "touch.csv", TOUCHES))
    page.switch_page("../pages/spend.py").run()
    assert not page.exception
    assert not page.error
    assert not page.get("plotly_chart")
    assert "No spend is on record" in said(page)
