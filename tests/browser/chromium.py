"""The browser that tests drive: one that is on the machine, else one that can be had.

Run as a script it prints its path, or one sentence and exit status 1.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


@cache
def chromium() -> Path:
    """The path of a Chromium that starts, installed if need be. Raises RuntimeError where none can be had."""
    found = _on_the_machine()
    if found is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        _try(["apt-get", "update", "--quiet"])
        _try(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium"])
        found = _on_the_machine()
    if found is None:
        _try([sys.executable, "-m", "playwright", "install", "chromium"])
        found = _on_the_machine()
    if found is None:
        raise RuntimeError(
            "The browser tests need Chromium: none is here, and neither apt-get (as root) nor playwright could install one."
        )
    return found


def _on_the_machine() -> Path | None:
    candidates = [Path(path) for path in map(shutil.which, NAMES) if path]
    return next((path for path in (*candidates, MAC_CHROME, _playwrights()) if _starts(path)), None)


def _playwrights() -> Path:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _starts(path: Path) -> bool:
    """Whether it is a browser; some distributions put a stub in its place that only says where to get one."""
    return path.exists() and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


def _try(command: list[str]) -> None:
    print(" ".join(command), file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, stdout=sys.stderr, check=False)


if __name__ == "__main__":
    try:
        print(chromium())
    except RuntimeError as problem:
        sys.exit(str(problem))
