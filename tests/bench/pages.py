"""How long people wait: from a click on a selector to the repainted chart, in the real browser, on the demo data and on a million journeys.

The clock starts in the page at the click and stops at the first frame with the new chart, so it counts everything: the way to the
server, the question, the figure, the way back and the paint.
"""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Locator, Page

from app import formats
from app.filter_model import TITLES
from pipelines.default_view import WINDOWS
from tests.bench.engine import ours
from tests.bench.engine.homes import load, opened
from tests.bench.engine.made import make
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

# Ordered Shapley tells what Shapley does where positions are not asked for: the chart before it would stay.
MODELS = tuple(title for title, key in TITLES.items() if key != "ordered_shapley")
LOOKBACKS = tuple(map(formats.days, WINDOWS))
Cases = dict[str, tuple[str, int | None, tuple[str, ...]]]
"""Case -> page, which button of the filter bar opens the selector (None: it is on the page), what is picked in turn."""

ON_DEMO: Cases = {
    "overview: model": ("overview", 1, MODELS),
    "overview: period": ("overview", 0, ("Last 7 days", "Last 90 days", "All data", "Last 28 days")),
    "quadrants: model": ("quadrants", 1, MODELS),
    "quadrants: point": ("quadrants", None, ("Accounts", "Platforms", "Posts", "Campaigns")),
    "credit: model": ("credit", 1, MODELS),
    "credit: window": ("credit", 1, LOOKBACKS),
    "spend: by": ("spend", None, ("Campaigns", "Platforms", "Channels")),
}
_UNLIKE = LOOKBACKS[:4]
"""Windows that differ where all touches lie within 30 days."""
ON_MILLION: Cases = {
    "credit: model": ("credit", 1, MODELS),
    "credit: window": ("credit", 1, _UNLIKE),
    "credit: model, all data": ("credit?period=All+data", 1, MODELS),
    "credit: window, all data": ("credit?period=All+data", 1, _UNLIKE),
}
JOURNEYS, SHARE = 1_000_000, 0.1


def measure() -> Iterator[tuple[str, list[float]]]:
    """Each case, and the milliseconds of its changes."""
    for name, fill, cases in (("demo", build_demo, ON_DEMO), ("1M journeys", _build_million, ON_MILLION)):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            fill(home)
            with dashboard(home) as address, browser() as chromium:
                page = chromium.new_page(viewport={"width": 1440, "height": 900})
                for case, (path, button, picks) in cases.items():
                    yield f"{name}, {case}", list(_changes(page, f"{address}/{path}", button, picks))


def _build_million(home: Path) -> None:
    made = make(JOURNEYS, SHARE)
    with opened(home) as stores:
        load(stores, made.touchpoints, made.conversions)
        ours.build_full(stores)


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
    if set(picks).isdisjoint((*MODELS, *LOOKBACKS)):
        return page.get_by_test_id("stButtonGroup" if button is None else "stRadio").first
    boxes = page.get_by_test_id("stPopoverBody").get_by_test_id("stSelectbox")
    boxes.nth(0 if picks == MODELS else 1).locator("input").click()
    return page.get_by_role("listbox")


def row(case: str, values: list[float]) -> str:
    """A case as a row of a Markdown table: its changes, their median and 95th percentile in milliseconds, and whether the bar is met."""
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
    met = "met" if p95 <= BAR_MS else "MISSED"
    return f"| {case} | {len(values)} | {statistics.median(values):.0f} | {p95:.0f} | ≤ {BAR_MS} | {met} |"
