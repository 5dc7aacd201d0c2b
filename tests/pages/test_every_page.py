"""Every page, on full and on empty data: it renders, says what it is, and never shows a blank chart or a stack trace."""

import pytest
from streamlit.testing.v1 import AppTest

from app.navigation import EVERYTHING, MENU, NAMES, PAGES, UPLOAD, MenuEntry
from app.resources import stores
from pipelines import journeys
from pipelines.ingest import prepare
from pipelines.ingest.load import commit
from pipelines.sources import SOURCES
from tests.conftest import Environment
from tests.pages.conftest import OpenPage

SCRIPTS = sorted(path.name for path in PAGES.glob("*.py"))
ENTRIES = {entry.file: entry for entry in MENU}


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def said(page: AppTest) -> str:
    """All sentences of a page."""
    return "\n".join(str(element.value) for element in [*page.markdown, *page.caption, *page.subheader, *page.error])


def untouched_on(page: AppTest) -> set[str]:
    """The filters that a page says do not change it."""
    start = "These filters do not change this page: "
    said_so = next(caption.value.partition(start)[2] for caption in page.caption if start in caption.value)
    return set(said_so.rstrip(".").split(", "))


def numbers(page: AppTest) -> list[tuple[str, str, str]]:
    """What the cards of a page say."""
    return [(card.label, card.value, card.delta) for card in page.metric]


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


@pytest.mark.parametrize("script", ["credit.py", "unattributed.py"])
def test_a_page_drawn_before_its_journeys_are_built_says_so(
    script: str, empty: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_page(empty, "upload.py")
    content = b"time,person,channel,converted\n2026-03-01 10:00,ann,Mail,1\n"
    build = journeys.build
    with monkeypatch.context() as under_way:
        under_way.setattr(journeys, "build", lambda *_, **__: None)
        commit(stores(), prepare(SOURCES["touchpoints"], content, "touchpoints.csv"), content, "tester")
        page = open_page(empty, script)
    assert not page.exception
    assert "once the newest uploads are joined" in said(page)
    build(stores())
    page.run()
    assert not page.exception
    assert "once the newest uploads are joined" not in said(page)
    assert charts(page)


@pytest.mark.parametrize("entry", [entry for entry in MENU if entry.uses], ids=lambda entry: entry.file)
def test_page_says_which_filters_do_not_touch_it(entry: MenuEntry, demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, entry.file)
    untouched = untouched_on(page)
    assert EVERYTHING - entry.uses <= untouched
    assert not untouched & (entry.uses - NAMES)


@pytest.mark.parametrize(
    ("script", "query", "reaching"),
    [
        ("overview.py", {}, {"channels"}),
        ("credit.py", {}, {"channels"}),
        ("credit.py", {"credit_by": "Campaigns"}, {"campaigns"}),
        ("credit.py", {"credit_by": "Posts"}, set()),
        ("spend.py", {"spend_by": "Platforms"}, {"platforms"}),
        ("unattributed.py", {}, set()),
    ],
)
def test_of_the_filters_by_name_only_the_one_of_what_is_shown_reaches_the_page(
    script: str, query: dict[str, str], reaching: set[str], demo: Environment, open_page: OpenPage
) -> None:
    page = open_page(demo, script, **query)
    assert untouched_on(page) & NAMES == NAMES - reaching


def test_what_is_said_to_change_nothing_changes_nothing(demo: Environment, open_page: OpenPage) -> None:
    plain, filtered = (numbers(open_page(demo, "unattributed.py", **query)) for query in ({}, {"model": "Last touch"}))
    assert plain == filtered


@pytest.mark.parametrize("script", [script for script in SCRIPTS if script != UPLOAD])
def test_page_says_so_where_a_period_has_no_data(script: str, demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, script, **{"period": "Own dates", "from": "2019-01-01", "to": "2019-01-31"})
    assert not page.exception
    assert not page.error
