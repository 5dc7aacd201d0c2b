"""How long people wait: from a click on a selector to the repainted chart, in the real browser on the demo data.

The clock starts in the page at the click and stops at the first frame with the new chart, so it counts everything: the way to the
server, the question, the figure, the way back and the paint.
"""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Locator, Page

from app.filter_model import TITLES
from tests.browser.dashboard import browser, build_demo, dashboard, settled

ROUNDS = 4
BAR_MS = 500

_ARM = """() => {
  // Streamlit mounts a new chart for a new figure: it is repainted when another node than before holds drawn traces.
  const before = document.querySelector('.js-plotly-plot');
  window.clicked = window.painted = null;
  const watch = () => {
    const now = document.querySelector('.js-plotly-plot');
    if (now && now !== before && now.querySelector('.trace')) window.painted = performance.now();
    else requestAnimationFrame(watch);
  };
  document.addEventListener('click', () => { window.clicked = performance.now(); watch() }, { capture: true, once: true });
}"""

MODELS = tuple(TITLES)
CASES: dict[str, tuple[str, int | None, tuple[str, ...]]] = {
    "overview: model": ("overview", 1, MODELS),
    "overview: period": ("overview", 0, ("Last 7 days", "Last 90 days", "All data", "Last 28 days")),
    "quadrants: model": ("quadrants", 1, MODELS),
    "quadrants: point": ("quadrants", None, ("Accounts", "Platforms", "Posts", "Campaigns")),
    "credit: model": ("credit", 1, MODELS),
    "spend: by": ("spend", None, ("Campaigns", "Platforms", "Channels")),
}
"""Case -> page, which button of the filter bar opens the selector (None: it is on the page), what is picked in turn."""


def measure() -> dict[str, list[float]]:
    """Milliseconds of every change, by case."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        build_demo(home)
        with dashboard(home) as address, browser() as opened:
            page = opened.new_page(viewport={"width": 1440, "height": 900})
            return {
                case: list(_changes(page, f"{address}/{path}", button, picks))
                for case, (path, button, picks) in CASES.items()
            }


def _changes(page: Page, address: str, button: int | None, picks: tuple[str, ...]) -> Iterator[float]:
    page.goto(address)
    page.wait_for_selector(".js-plotly-plot")
    settled(page)
    if button is not None:
        page.get_by_test_id("stPopoverButton").nth(button).click()
    for number in range(ROUNDS * len(picks)):
        pick = _selector(page, button, picks).get_by_text(picks[number % len(picks)], exact=True)
        pick.scroll_into_view_if_needed()
        page.evaluate(_ARM)
        pick.click()
        page.wait_for_function("window.painted")
        yield page.evaluate("window.painted - window.clicked")
        settled(page)


def _selector(page: Page, button: int | None, picks: tuple[str, ...]) -> Locator:
    """What holds the things to pick, opened where it has to be: the clock starts at the pick."""
    if picks != MODELS:
        return page.get_by_test_id("stButtonGroup" if button is None else "stRadio").first
    page.get_by_test_id("stPopoverBody").get_by_test_id("stSelectbox").first.locator("input").click()
    return page.get_by_role("listbox")


def report(figures: dict[str, list[float]]) -> str:
    """The figures as a table: median and 95th percentile in milliseconds, and whether the bar is met."""
    lines = [f"{'change':<24}{'changes':>8}{'median ms':>11}{'p95 ms':>9}"]
    for case, values in figures.items():
        p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
        missed = "" if p95 <= BAR_MS else f"   over {BAR_MS}"
        lines.append(f"{case:<24}{len(values):>8}{statistics.median(values):>11.0f}{p95:>9.0f}{missed}")
    return "\n".join(lines)
