"""The page of names: what meets nothing, one step to assign it, and rules that are tried before they are saved."""

import pytest
from streamlit.testing.v1 import AppTest

from app.resources import stores
from pipelines.ingest import prepare
from pipelines.ingest.load import commit
from pipelines.questions import ask
from pipelines.sources import SOURCES
from tests.conftest import Environment
from tests.pages.conftest import OpenPage
from tests.pages.test_every_page import said

TOUCHPOINTS = b"""time,person,source,medium,converted
2026-03-01 10:00,ann,google,cpc,1
2026-03-01 11:00,bob,facebook,cpc,1
2026-03-01 12:00,cid,google,organic,1
"""
SPEND = b"date,channel,campaign,amount\n2026-03-01,Paid Search,Spring,50\n2026-03-01,Podcast,Spring,9\n"
MENTIONS = b"time,account,platform,text\n2026-03-01 10:00,A,X,so nice #spring26\n2026-03-01 11:00,A,X,nothing here\n"


@pytest.fixture
def small(empty: Environment, open_page: OpenPage) -> Environment:
    """A home with three touchpoints, two channels of spend and two mentions."""
    open_page(empty, "names.py")
    for source, content in (("touchpoints", TOUCHPOINTS), ("spend", SPEND), ("mentions", MENTIONS)):
        commit(stores(), prepare(SOURCES[source], content, f"{source}.csv"), content, "tester")
    return empty


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label.startswith(label)).click().run()


def cards(page: AppTest) -> dict[str, str]:
    return {card.label: card.value for card in page.metric}


def test_names_without_a_match_are_ranked_and_assigned_in_one_step(small: Environment, open_page: OpenPage) -> None:
    page = open_page(small, "names.py")
    assert cards(page)["Unknown channels"] == "€ 59.00"
    assert cards(page)["Unplaced mentions"] == "2 · 100.0%"
    assert said(page).index("Paid Search") < said(page).index("Podcast") < said(page).index("google / cpc")
    page.selectbox(key="means channel google / cpc touchpoints").select("Paid Search").run()
    page = page.button(key="assign channel google / cpc touchpoints").click().run()
    assert not page.exception
    assert "Paid Search: attributed conversions 0.0 → 1.0" in page.success[0].value.replace("\\", "")
    assert cards(page)["Unknown channels"] == "€ 9.00"


def test_a_hashtag_is_assigned_by_a_rule(small: Environment, open_page: OpenPage) -> None:
    page = open_page(small, "names.py")
    page.selectbox(key="means hashtag #spring26 mentions").select("Spring").run()
    page = page.button(key="assign hashtag #spring26 mentions").click().run()
    assert cards(page)["Unplaced mentions"] == "1 · 50.0%"
    assert ask(stores(), "naming_rules").rows[["hashtag", "means"]].to_numpy().tolist() == [["#spring26", "Spring"]]


def test_usual_rules_are_offered_tried_and_saved(small: Environment, open_page: OpenPage) -> None:
    page = open_page(small, "names.py", names_shown="Channel rules")
    assert "There are no rules yet" in page.info[0].value
    version = stores().data_version()
    page = press(page, "Start with the usual")
    assert stores().data_version() == version
    tables = {tuple(table.value.columns): table.value for table in page.dataframe}
    moves = next(table for columns, table in tables.items() if "before" in columns)
    assert {"Paid Search", "Paid Social", "Organic Search"} <= set(moves["name"])
    page = press(page, "Save")
    assert not page.exception
    assert "changes saved." in page.success[0].value.replace("\\", "")
    credit = ask(stores(), "channel_credit").rows
    assert set(credit["channel"]) == {"Paid Search", "Paid Social", "Organic Search"}
    for channel, attributed in zip(credit["channel"], credit["attributed_conversions"], strict=True):
        listed = ask(stores(), "conversions_list", {"by": "channel", "name": channel})
        assert listed.facts["found_credit"] == pytest.approx(attributed)
        assert len(listed.rows) == 1


def test_unmatched_channels_lead_to_the_usual_rules_until_there_are_rules(
    small: Environment, open_page: OpenPage
) -> None:
    page = open_page(small, "names.py")
    assert "The usual channel rules may join unmatched channels" in said(page)
    page = press(page, "See the channel rules")
    assert not page.exception
    page = press(press(page, "Start with the usual"), "Save")
    page = open_page(small, "names.py")
    assert "The usual channel rules may join" not in said(page)


def test_what_is_brought_in_can_be_thrown_away(small: Environment, open_page: OpenPage) -> None:
    page = press(open_page(small, "names.py", names_shown="Channel rules"), "Start with the usual")
    page = press(page, "Discard")
    assert next(button for button in page.button if button.label == "Save").disabled
    assert ask(stores(), "naming_rules").rows.empty


@pytest.mark.parametrize("sheet", ["Channel rules", "Campaign rules", "Aliases"])
def test_every_sheet_shows_on_the_demo(sheet: str, demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "names.py", names_shown=sheet)
    assert not page.exception
    assert not page.error
    assert page.get("download_button")
