"""Every page, on full and on empty data: it renders, says what it is, and never shows a blank chart or a stack trace."""

import pytest
from streamlit.testing.v1 import AppTest

from app.navigation import MENU, PAGES, UPLOAD, MenuEntry
from tests.conftest import Environment
from tests.pages.conftest import OpenPage

SCRIPTS = sorted(path.name for path in PAGES.glob("*.py"))
ENTRIES = {entry.file: entry for entry in MENU}


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def said(page: AppTest) -> str:
    """All sentences of a page."""
    return "\n".join(str(element.value) for element in [*page.markdown, *page.caption, *page.subheader, *page.error])


def test_every_script_has_its_line_in_the_menu() -> None:
    assert sorted(ENTRIES) == SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS)
def test_page_is_full_on_the_demo(script: str, demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, script)
    assert not page.exception
    assert not page.error
    assert page.title[0].value == ENTRIES[script].title
    assert "Demo data" in said(page)
    if script != UPLOAD:
        assert charts(page) or page.dataframe
        assert page.get("download_button") or script == "overview.py"


@pytest.mark.parametrize("script", SCRIPTS)
def test_page_says_what_is_missing_on_an_empty_home(script: str, empty: Environment, open_page: OpenPage) -> None:
    page = open_page(empty, script)
    assert not page.exception
    assert not page.error
    assert charts(page) == 0
    assert "Demo data" not in said(page)
    if script != UPLOAD:
        assert "This page needs" in said(page)
        assert [link.proto.page for link in page.get("page_link")] == ["upload"]


@pytest.mark.parametrize("entry", [entry for entry in MENU if entry.uses], ids=lambda entry: entry.file)
def test_page_says_which_filters_do_not_touch_it(entry: MenuEntry, demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, entry.file)
    untouched = next(caption.value for caption in page.caption if "Not touched by" in caption.value)
    assert all(
        name in untouched for name in ("channels", "campaigns", "accounts", "platforms") if name not in entry.uses
    )
    assert not any(name in untouched for name in entry.uses)


@pytest.mark.parametrize("script", [script for script in SCRIPTS if script != UPLOAD])
def test_page_says_so_where_a_period_has_no_data(script: str, demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, script, **{"period": "Own dates", "from": "2019-01-01", "to": "2019-01-31"})
    assert not page.exception
    assert not page.error
