"""What people do, done in the real browser."""

import re
from datetime import date, timedelta

import numpy as np
import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect

from tests.browser.dashboard import build_demo, dashboard, settled

ACCOUNTS = ("Northern", "Southern", "Eastern", "Western", "Coastal", "Inland")
DAYS = [(date(2026, 2, 1) + timedelta(days=i)).isoformat() for i in range(28)]
CHART = ".js-plotly-plot"
POINTS = f"{CHART} .scatterlayer .points path"


def reach_csv() -> bytes:
    rows = [f"{day},{name},X,{(place + 1) * 1000}" for day in DAYS for place, name in enumerate(ACCOUNTS)]
    return "\n".join(["Date,Account,Network,Reach", *rows]).encode()


def mentions_csv() -> bytes:
    loud = (9, 1, 8, 2, 7, 1)
    rows = [
        f"{day} 12:00,{name},X,{'negative' if turn % 3 else 'positive'},{name} {day} {turn}"
        for day in DAYS
        for name, times in zip(ACCOUNTS, loud, strict=True)
        for turn in range(times)
    ]
    return "\n".join(["time,account,platform,sentiment,text", *rows]).encode()


def touchpoints_csv(rows: int) -> bytes:
    draw = np.random.default_rng(7)
    people, minutes = draw.integers(0, rows // 4, rows), draw.integers(0, 60 * 24 * 60, rows)
    channels = draw.choice(["Email", "Paid Search", "Display"], rows)
    lines = [
        f"p{person},2026-01-{1 + minute // 1440 % 28:02} {minute // 60 % 24:02}:{minute % 60:02},{channel},{int(person % 9 == 0)}"
        for person, minute, channel in zip(people, minutes, channels, strict=True)
    ]
    return "\n".join(["person,time,channel,converted", *lines]).encode()


def drop(page: Page, address: str, name: str, content: bytes) -> None:
    """Drop a file on the Upload page and wait for its preview."""
    if not page.url.startswith(f"{address}/upload"):
        page.goto(f"{address}/upload")
    settled(page)
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    expect(page.get_by_text("What will happen")).to_be_visible()
    settled(page)


def store(page: Page, name: str) -> None:
    """Press the button and wait until the page says that this file is stored; it may still say so of the one before."""
    page.get_by_role("button", name=re.compile("^Store|Store .* row")).click()
    expect(page.get_by_text(f"{name} is stored:")).to_be_visible()
    settled(page)


def badges(page: Page, state: str) -> Locator:
    """The badges of uploads and files that are in a state; each begins with an icon."""
    return page.locator(".stMarkdownBadge").filter(has_text=re.compile(rf"^\w+ *{state}$"))


def turn_to(page: Page, title: str) -> None:
    """Choose a page of the menu and wait until it stands there whole."""
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    settled(page)


def open_filter(window: Page, number: int) -> None:
    """Open one of the filter bar's buttons: 0 period, 1 model, 2 conversions, 3 names."""
    window.get_by_test_id("stPopoverButton").nth(number).click()


def test_from_two_files_to_six_points_in_four_quadrants(window: Page, empty_address: str) -> None:
    drop(window, empty_address, "reach.csv", reach_csv())
    store(window, "reach.csv")
    drop(window, empty_address, "mentions.csv", mentions_csv())
    store(window, "mentions.csv")
    turn_to(window, "Quadrants")
    window.get_by_role("radio", name="Accounts").click()
    expect(window.locator(POINTS)).to_have_count(len(ACCOUNTS))
    for quadrant in ("High Performers", "Platform Push", "Underdogs", "Leave It"):
        expect(window.locator(f"{CHART} .annotation-text", has_text=quadrant)).to_be_visible()
    expect(window.get_by_text("6 of 6 accounts and 168 of 168 account-days")).to_be_visible()


def test_one_own_file_clears_the_demo_from_the_page_without_a_reload(
    window: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("cleared") / "home"
    build_demo(home)
    with dashboard(home) as address:
        drop(window, address, "reach.csv", reach_csv())
        expect(window.get_by_role("button", name="Clear demo data")).to_be_visible()
        store(window, "reach.csv")
        expect(window.get_by_text("The demo data was cleared.")).to_be_visible()
        expect(window.get_by_role("button", name="Clear demo data")).to_have_count(0)
        expect(window.get_by_text("found no match")).to_have_count(0)
        expect(badges(window, "stored")).to_have_count(2)  # in the list and in the history


def test_the_menu_marks_the_overview_under_its_own_name(window: Page, demo_address: str) -> None:
    for path in ("overview", ""):
        window.goto(f"{demo_address}/{path}")
        settled(window)
        expect(window.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")


def test_an_undone_upload_leaves_every_page(window: Page, empty_address: str) -> None:
    drop(window, empty_address, "touchpoints.csv", touchpoints_csv(2000))
    store(window, "touchpoints.csv")
    window.get_by_role("link", name="Channel credit").click()
    expect(window.locator(CHART).first).to_be_visible()
    window.get_by_role("link", name="Upload").click()
    settled(window)
    window.get_by_role("button", name="Undo").first.click()
    window.get_by_role("button", name="Undo this upload").click()
    expect(badges(window, "undone").first).to_be_visible()
    expect(window.get_by_test_id("stToast")).to_contain_text("touchpoints.csv was undone")
    window.get_by_role("link", name="Channel credit").click()
    expect(window.get_by_text("No credit yet")).to_be_visible()
    expect(window.locator(CHART)).to_have_count(0)


def test_a_commit_goes_on_when_the_tab_is_closed(opened: Browser, empty_address: str) -> None:
    context = opened.new_context()
    page = context.new_page()
    drop(page, empty_address, "touchpoints.csv", touchpoints_csv(60_000))
    page.get_by_role("button", name=re.compile("Store .* row")).click()
    page.get_by_text("You may close this page").or_(page.get_by_text("is stored:")).wait_for()
    context.close()
    later = opened.new_context()
    page = later.new_page()
    page.goto(f"{empty_address}/upload")
    expect(badges(page, "stored")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("60,000 new", exact=False).first).to_be_visible()
    settled(page)
    expect(page.get_by_text("Bringing all pages up to date")).to_have_count(
        0
    )  # journeys are built after the rows are stored
    page.goto(f"{empty_address}/credit")
    expect(page.locator(CHART).first).to_be_visible(timeout=60_000)
    later.close()


def test_model_and_window_change_the_credit_and_the_address(window: Page, demo_address: str) -> None:
    window.goto(f"{demo_address}/credit")
    expect(window.locator(CHART).first).to_be_visible()
    settled(window)
    before = window.locator(f"{CHART} .bars").first.inner_html()
    open_filter(window, 1)
    window.get_by_test_id("stPopoverBody").get_by_test_id("stSelectbox").first.locator("input").click()
    window.get_by_role("option", name="First touch", exact=True).click()
    expect(window.get_by_text("earns most under First touch")).to_be_visible()
    settled(window)
    middle = window.locator(f"{CHART} .bars").first.inner_html()
    assert middle != before
    window.get_by_role("combobox", name=re.compile("Look-back window")).click()
    window.get_by_role("option", name="7 days", exact=True).click()
    expect(window).to_have_url(re.compile(r"window=7\+days"))
    expect(window.get_by_test_id("stPopoverButton").nth(1)).to_contain_text("First touch · 7 days")
    settled(window)
    assert window.locator(f"{CHART} .bars").first.inner_html() != middle


def test_a_shared_address_shows_the_same(window: Page, opened: Browser, demo_address: str) -> None:
    window.goto(f"{demo_address}/overview")
    settled(window)
    open_filter(window, 0)
    window.get_by_text("Last 90 days", exact=True).click()
    expect(window).to_have_url(re.compile("Last"))
    window.keyboard.press("Escape")
    turn_to(window, "Quadrants")
    window.get_by_role("radio", name="Platforms").click()
    expect(window).to_have_url(re.compile(r"quadrants\?.*period=Last\+90\+days.*points=Platforms"))
    settled(window)
    elsewhere = opened.new_context(viewport={"width": 1440, "height": 900}).new_page()
    elsewhere.goto(window.url)
    settled(elsewhere)
    for shown in ("[data-testid=stMetricValue]", f"{CHART} .annotation-text", f"{CHART} .textpoint"):
        expect(elsewhere.locator(shown).first).to_be_visible()
        assert elsewhere.locator(shown).all_inner_texts() == window.locator(shown).all_inner_texts()
    assert elsewhere.url == window.url
    elsewhere.context.close()


def test_picking_a_point_opens_its_trend_and_its_mentions(window: Page, demo_address: str) -> None:
    window.goto(f"{demo_address}/quadrants")
    expect(window.locator(POINTS).first).to_be_visible()
    settled(window)
    drawer = window.get_by_role("dialog")
    for _ in range(2):  # closing it empties the selection, so the same point opens again
        pick_a_point(window)
        expect(drawer.locator(CHART)).to_be_visible()
        expect(drawer.get_by_text("What people said")).to_be_visible()
        window.keyboard.press("Escape")
        expect(drawer).to_have_count(0)


def pick_a_point(window: Page) -> None:
    """Click a point until its drawer opens: a chart that is just being mounted anew does not hear the first click, or takes the point away
    under it."""
    for _ in range(5):
        settled(window)
        try:
            window.locator(POINTS).first.hover(force=True)  # plotly's own layer lies above the points
            window.locator(f"{CHART} .hovertext").first.wait_for(timeout=3000)
            window.locator(POINTS).first.click(force=True)
            window.get_by_role("dialog").wait_for(timeout=3000)
        except Error:
            continue
        return
    raise AssertionError("no drawer opened")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(width: int, opened: Browser, demo_address: str) -> None:
    context = opened.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    for path in ("overview", "quadrants", "credit", "spend", "unattributed", "upload"):
        page.goto(f"{demo_address}/{path}")
        settled(page)
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
        assert page.evaluate(_CLIPPED) == [], path
    context.close()


_CLIPPED = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(chart => {
  const edge = chart.getBoundingClientRect();
  return [...chart.querySelectorAll('text')].filter(text => {
    const box = text.getBoundingClientRect();
    return box.width && (box.left < edge.left - 1 || box.right > edge.right + 1);
  }).map(text => text.textContent);
})"""
"""The texts of charts that reach beyond their chart."""


def test_the_button_of_an_open_popover_is_read_on_dark_paper(opened: Browser, empty_address: str) -> None:
    context = opened.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{empty_address}/upload")
    settled(page)
    button = page.get_by_role("button", name="What can I drop?")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(button).to_have_css("color", "rgb(231, 234, 240)")
    context.close()
