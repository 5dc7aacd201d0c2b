"""From the page Journeys to one conversion, why it was credited as it was, and the file that says so."""

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.dashboard import settled


def pick_row(window: Page, number: int) -> None:
    """Tick a row of the first table: it is drawn on a canvas, so that there is nothing to ask for but a place."""
    table = window.get_by_test_id("stDataFrame").first
    expect(table.locator("canvas").first).to_be_visible()
    # What scrolls lies above the canvas and takes the click for it.
    table.locator("canvas").first.click(position={"x": 18, "y": 33 * number + 16}, force=True)


def test_a_conversion_is_picked_explained_and_saved(window: Page, demo_address: str, tmp_path: Path) -> None:
    window.goto(f"{demo_address}/journeys?model=Linear")
    settled(window)
    expect(window.get_by_text("Which paths lead to conversions?")).to_be_visible()
    window.get_by_role("radio", name="Single conversions").click()
    expect(window.get_by_text("All conversions")).to_be_visible()
    settled(window)
    pick_row(window, 1)
    expect(window.get_by_text("What each model gives them")).to_be_visible()
    settled(window)
    conversion = window.get_by_role("textbox", name="Conversion").input_value()
    assert f"conversion={conversion}" in window.url
    assert "model=Linear" in window.url
    with window.expect_download() as saving:
        window.get_by_role("button", name="Download JSON").click()
    saving.value.save_as(tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))
    assert trace["facts"]["conversion"]["conversion_id"] == conversion
    counted = [row for row in trace["rows"] if row["excluded"] is None]
    assert sum(row["credit_linear"] for row in counted) == 1


def test_a_bar_leads_to_its_conversions(window: Page, demo_address: str) -> None:
    window.goto(f"{demo_address}/credit?model=Linear")
    settled(window)
    window.locator(".js-plotly-plot .bars .point path").first.click(force=True)
    link = window.get_by_role("link", name="See the conversions of")
    expect(link).to_be_visible()
    name = (link.inner_text()).partition("conversions of ")[2].strip()
    link.click()
    expect(window.get_by_text(f"Conversions with a touch of {name} (channel)")).to_be_visible()
    expect(window.get_by_text("under Linear")).to_be_visible()
    assert "model=Linear" in window.url
