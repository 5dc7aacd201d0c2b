"""A dashboard of a test's own: started on a home, driven by a browser, stopped again."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import chromium

PROJECT = Path(__file__).resolve().parent.parent.parent
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_START_SECONDS = 60


def build_demo(home: Path) -> None:
    """Load the demo data into a home, by the command line as people do."""
    subprocess.run([sys.executable, "-m", "pipelines", "demo"], cwd=PROJECT, env=environment(home), check=True)


@contextmanager
def dashboard(home: Path) -> Iterator[str]:
    """Run the dashboard on a home; yields its address. Raises RuntimeError where it does not come up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "streamlit", "run", "app/main.py"),
        *("--server.port", str(port), "--server.headless", "true", "--server.fileWatcherType", "none"),
    ]
    log = (home.parent / f"dashboard-{port}.log").open("wb")
    process = subprocess.Popen(command, cwd=PROJECT, env=environment(home), stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    path = chromium()  # before playwright runs: it may have to ask playwright itself
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield opened
        opened.close()


def settled(page: Page) -> None:
    """Wait until the page has its title and nothing on it is being computed or stale."""
    page.wait_for_selector("h1")
    page.wait_for_function(
        "!document.querySelector('[data-testid=stStatusWidget], [data-stale=true], [data-testid=stSkeleton]')"
        " && document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    )


def environment(home: Path) -> dict[str, str]:
    """The environment in which everything works on that home."""
    return {**os.environ, "TOUCHLINE_HOME": str(home), "TOUCHLINE_USER": "tester"}


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The dashboard did not come up at {address}.")
