"""Uploads in the real browser: what tools export goes in as it is, shows on the charts and comes out again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.dashboard import PROJECT, dashboard, settled
from tests.browser.test_journeys import CHART, badges, drop, touchpoints_csv

CORPUS = PROJECT / "tests" / "corpus"
EXPORTS = {
    "spend/google_ads.csv": "Google Ads · Spend",
    "spend/meta_ads_french.csv": "Meta Ads · Spend",
    "spend/linkedin_ads.csv": "LinkedIn Ads · Spend",
    "spend/tiktok_ads.csv": "TikTok Ads · Spend",
    "spend/x_ads.csv": "X Ads · Spend",
    "listening/sprinklr_widget.csv": "Sprinklr · Mentions",
    "listening/meltwater.csv": "Meltwater · Mentions",
    "listening/youscan.csv": "YouScan · Mentions",
    "reach/meta_posts_facebook.csv": "Meta posts · First stream (posts)",
    "reach/generic_account_reach.csv": "Account reach",
    "people/ga4_events.csv": "Google Analytics 4 · Touchpoints",
    "people/crm_hashed_email.csv": "CRM deals · Conversions",
    "containers/gzip.csv.gz": "Spend",
    "containers/zip_of_one.zip": "Spend",
    "containers/xlsx_values.xlsx": "Spend",
}
"""A file as a tool writes it -> what the list says that it is read as."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard without data, for the tests of this file one after the other."""
    with dashboard(tmp_path_factory.mktemp("uploads") / "home") as address:
        yield address


def opened_upload(page: Page, address: str) -> None:
    page.goto(f"{address}/upload")
    settled(page)


def drop_all(page: Page, files: list[Path]) -> None:
    """Drop files together and wait until all of them were read."""
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_text("Clear the list")).to_be_visible()
    expect(badges(page, "reading")).to_have_count(0, timeout=60_000)
    settled(page)


def line_of(page: Page, name: str) -> Locator:
    """The line of the list (or of the history) that names a file."""
    return page.get_by_test_id("stHorizontalBlock").filter(has_text=name).first


def test_what_tools_export_is_stored_together_shown_and_undone(window: Page, address: str) -> None:
    opened_upload(window, address)
    drop_all(window, [CORPUS / name for name in EXPORTS])
    for name, title in EXPORTS.items():
        line = line_of(window, Path(name).name)
        expect(line).to_contain_text(title)
        expect(line).to_contain_text("ready")
    window.get_by_role("button", name=f"Store all {len(EXPORTS)} that are ready").click()
    expect(window.get_by_text(f"{len(EXPORTS)} files are stored:")).to_be_visible(timeout=60_000)

    for path in ("spend", "unattributed"):
        window.goto(f"{address}/{path}?period=All+data")
        settled(window)
        expect(window.locator(CHART).first).to_be_visible()

    opened_upload(window, address)
    expect(badges(window, "undone")).to_have_count(0)
    window.get_by_role("button", name="Undo").first.click()
    window.get_by_role("button", name="Undo this upload").click()
    expect(window.get_by_test_id("stToast")).to_contain_text("was undone")
    expect(badges(window, "undone")).to_have_count(1)


def test_a_question_is_asked_once_and_answered(window: Page, address: str) -> None:
    opened_upload(window, address)
    content = b"date,channel,campaign,amount\n03/04/2025,Email,Spring,10\n05/06/2025,Email,Spring,11\n"
    drop(window, address, "both_ways.csv", content)
    expect(badges(window, "needs an answer")).to_be_visible()
    expect(window.get_by_role("button", name="Store 2 rows")).to_be_disabled()
    window.get_by_text("03/04/2025 is 4 March 2025").click()
    expect(badges(window, "ready")).to_be_visible()
    window.get_by_role("button", name="Store 2 rows").click()
    expect(window.get_by_text("both_ways.csv is stored:")).to_be_visible()
    # As the history says it: the preview, which is on its way out of the page, names the days, too.
    expect(window.get_by_text("Spend · 4 Mar - 6 May 2025")).to_be_visible()


def test_a_reload_during_a_commit_changes_nothing(opened: Browser, address: str) -> None:
    context = opened.new_context()
    page = context.new_page()
    drop(page, address, "touchpoints.csv", touchpoints_csv(60_000))
    page.get_by_role("button", name=re.compile("Store .* row")).click()
    page.get_by_text("You may close this page").or_(page.get_by_text("is stored:")).first.wait_for()
    page.reload()
    expect(line_of(page, "touchpoints.csv")).to_contain_text("stored", timeout=60_000)
    expect(page.get_by_text("60,000 new").first).to_be_visible()
    context.close()


def test_a_reload_before_the_commit_stores_nothing(window: Page, address: str) -> None:
    opened_upload(window, address)
    drop(window, address, "left.csv", b"date,channel,campaign,amount\n2025-02-01,Email,Left,10\n")
    window.reload()
    settled(window)
    expect(window.get_by_text("left.csv")).to_have_count(0)
