"""Compare, done in the real browser: choose another model, read who leads under it, and check that the numbers hold."""

import re

from playwright.sync_api import Page, expect

from tests.browser.dashboard import settled
from tests.browser.test_journeys import open_filter

PATIENCE_MS = 90_000
"""A first look works out every model under every window."""


def test_another_model_is_compared_and_parity_is_checked(window: Page, demo_address: str) -> None:
    window.set_default_timeout(PATIENCE_MS)
    window.goto(f"{demo_address}/compare")
    settled(window)
    expect(window.get_by_role("heading", name="Compare")).to_be_visible()
    expect(window.get_by_text("How sure is Position-based?")).to_be_visible()
    expect(window.locator(".js-plotly-plot")).to_have_count(3)
    expect(window.get_by_text(re.compile("under Position-based.*The models disagree most about"))).to_be_visible()
    open_filter(window, 1)
    window.get_by_test_id("stPopoverBody").get_by_test_id("stSelectbox").first.locator("input").click()
    window.get_by_role("option", name="Linear", exact=True).click()
    expect(window.get_by_text("How sure is Linear?")).to_be_visible(timeout=PATIENCE_MS)
    window.keyboard.press("Escape")
    settled(window)
    expect(window.get_by_text(re.compile("under Linear.*The models disagree most about"))).to_be_visible()
    window.get_by_role("button", name="Check parity now").click()
    expect(window.get_by_text(re.compile(r"Parity: 17 models agree to 1e-9 on [\d,]+ of [\d,]+"))).to_be_visible(
        timeout=PATIENCE_MS
    )
