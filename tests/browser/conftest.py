"""Dashboards and a browser for the journeys: one on the demo data for the whole run, an empty one for each test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.dashboard import browser, build_demo, dashboard

TIMEOUT_MS = 60_000
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    """The browser. It lasts a module: while playwright runs, no other test may start an event loop of its own."""
    with browser() as started:
        yield started


@pytest.fixture(scope="session")
def demo_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard on the demo data. Tests only look at it."""
    home = tmp_path_factory.mktemp("demo") / "home"
    build_demo(home)
    with dashboard(home) as address:
        yield address


@pytest.fixture
def empty_address(tmp_path: Path) -> Iterator[str]:
    """The address of a dashboard of the test's own, without data."""
    with dashboard(tmp_path / "home") as address:
        yield address


@pytest.fixture
def window(opened: Browser) -> Iterator[Page]:
    """A window on a desk."""
    context = opened.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()
