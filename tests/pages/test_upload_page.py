"""Upload in the page: what is recognised, what is asked for, what is refused, and that undo takes it back."""

import time

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from app.resources import stores
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


def dropped(page: AppTest, name: str, content: bytes) -> AppTest:
    page.file_uploader[0].upload(name, content)
    return page.run()


def stored(page: AppTest) -> AppTest:
    """Press the button and wait until the upload is stored and the page has said so."""
    next(button for button in page.button if button.label.startswith("Store")).click().run()
    for _ in range(100):
        if page.success:
            return page
        time.sleep(0.1)
        page.run()
    raise AssertionError(f"not stored: {said(page)}")


def test_a_file_is_recognised_previewed_stored_and_undone(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "reach.csv", REACH)
    assert "is read as **Account reach**" in said(page)
    assert [(card.label, card.value) for card in page.metric] == [
        *(("New rows", "2"), ("Replaced", "0"), ("Unchanged", "0"), ("Refused", "1")),
    ]
    refused = next(table.value for table in page.dataframe if "reason" in table.value)
    assert refused.iloc[0][["row", "column", "value"]].tolist() == [5, "Reach", "many"]

    page = stored(page)
    assert "2 new" in page.success[0].value
    assert "0 replaced" not in page.success[0].value
    assert "1 refused" in page.success[0].value
    assert ":green-badge[stored]" in said(page)

    next(button for button in page.button if button.label == "Undo this upload").click().run()
    assert not page.exception
    assert ":gray-badge[undone]" in said(page)


def test_the_same_file_twice_changes_nothing(empty: Environment, open_page: OpenPage) -> None:
    page = stored(dropped(open_page(empty, "upload.py"), "reach.csv", REACH))
    page = dropped(page, "reach.csv", REACH)
    assert "storing it again changes nothing" in page.info[0].value
    assert not any(button.label.startswith("Store") for button in page.button)


def test_columns_that_were_not_recognised_are_asked_for(empty: Environment, open_page: OpenPage) -> None:
    page = open_page(empty, "upload.py")
    page.selectbox(key="source").select("Spend").run()
    page = dropped(page, "spend.csv", SPEND)
    assert "has no column for" in page.warning[0].value
    asked = {box.label: box for box in page.selectbox}
    asked["Amount *"].select("paid").run()
    if page.warning:
        asked = {box.label: box for box in page.selectbox}
        asked["Channel *"].select("medium").run()
    assert page.metric[0].value == "2"


def test_a_value_for_all_rows_stands_in_for_a_column(empty: Environment, open_page: OpenPage) -> None:
    page = open_page(empty, "upload.py")
    page.selectbox(key="source").select("Spend").run()
    page = dropped(page, "spend.csv", b"date,campaign,amount\n2026-02-01,Spring,10\n")
    next(box for box in page.selectbox if box.label == "Channel *").select("The same value for all rows").run()
    next(field for field in page.text_input if field.label == "Value of channel for all rows").set_value("Email").run()
    assert not any("has no column for" in warning.value for warning in page.warning)
    page = stored(page)
    assert "1 new" in page.success[0].value


def test_a_file_of_which_nothing_can_be_taken_says_so(empty: Environment, open_page: OpenPage) -> None:
    page = dropped(open_page(empty, "upload.py"), "picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00")
    assert not page.exception
    assert page.error
    assert not any(button.label.startswith("Store") for button in page.button)


def test_an_alias_joins_a_name_in_one_step(empty: Environment, open_page: OpenPage) -> None:
    page = stored(dropped(open_page(empty, "upload.py"), "reach.csv", REACH))
    mentions = b"time,account,platform,text\n2026-02-01 10:00,Nothern,X,hello\n2026-02-01 11:00,Northern,X,hi\n"
    page = stored(dropped(page, "mentions.csv", mentions))
    page.run()
    assert "**Nothern**" in said(page)
    assert "Did you mean **Northern**?" in said(page)
    assign = next(button for button in page.button if button.label == "Assign")
    assert assign.disabled
    next(box for box in page.selectbox if box.label == "Nothern means").select("Northern").run()
    next(button for button in page.button if button.label == "Assign").click().run()
    assert not page.exception
    assert "**Nothern**" not in said(page)
    assert "Nothern now means Northern" in page.toast[0].value


def test_a_file_that_may_be_two_things_is_asked_about(empty: Environment, open_page: OpenPage) -> None:
    content = b"Date;Account;Network;Seen by\n2026-02-01;Northern;X;12500\n"
    page = dropped(open_page(empty, "upload.py"), "numbers.csv", content)
    assert "may be Mentions or Account reach" in page.warning[0].value
    assert "What will happen" not in said(page)
    page.button_group[0].select("Account reach").run()
    assert "is read as **Account reach**" in said(page)


def test_the_preview_speaks_of_fields(empty: Environment, open_page: OpenPage) -> None:
    content = b"person,time,channel,converted\np1,2026-02-01 10:00,Email,1\np2,2026-02-01 11:00,Email,0\n"
    page = dropped(open_page(empty, "upload.py"), "touch.csv", content)
    assert list(page.dataframe[0].value.columns) == ["Time", "Person", "Channel"]
    assert "1 conversion found in these rows" in said(page)


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
    assert ":gray-badge[undone] :orange-badge[demo]" in said(page)


def test_a_dead_worker_is_noticed(empty: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert ":red-badge[not stored]" in said(page)


def test_an_upload_elsewhere_shows_at_the_next_interaction(empty: Environment, open_page: OpenPage) -> None:
    page = open_page(empty, "upload.py")
    other = AppTest.from_file(page._script_path, default_timeout=60).run()
    assert "Nothing has been uploaded yet" in said(other)
    stored(dropped(page, "reach.csv", REACH))
    other.run()
    assert "**Account reach** · to 2 Feb 2026" in said(other)


def test_without_spend_no_empty_chart_is_drawn(empty: Environment, open_page: OpenPage) -> None:
    content = b"person,time,channel,converted\np1,2026-02-01 10:00,Email,1\np2,2026-02-01 11:00,Email,0\n"
    page = stored(dropped(open_page(empty, "upload.py"), "touch.csv", content))
    page.switch_page("../pages/spend.py").run()
    assert not page.exception
    assert not page.error
    assert not page.get("plotly_chart")
    assert "No spend is on record" in said(page)
