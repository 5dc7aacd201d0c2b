"""A page in the real browser that is opened between an upload and the build of its journeys: nobody has to touch it."""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.dashboard import PROJECT, environment, settled

WITHOUT_BUILDING = """
import sys
from pipelines import cli, journeys
journeys.build = lambda *_, **__: None
sys.exit(cli.main(sys.argv[1:]))
"""
"""The command line as it is while its build of the journeys is still to come."""


def run(home: Path, *command: str) -> None:
    """Run Python as somebody else does who works on the same home."""
    subprocess.run([sys.executable, *command], cwd=PROJECT, env=environment(home), check=True)


def test_a_page_follows_the_build_of_its_journeys(window: Page, empty_address: str, tmp_path: Path) -> None:
    window.goto(f"{empty_address}/credit")  # whoever opens a home first builds what is to be built
    expect(window.get_by_text("No credit yet")).to_be_visible()
    file = tmp_path / "touchpoints.csv"
    file.write_text("time,person,channel,converted\n2026-03-01 10:00,ann,Mail,1\n")
    run(tmp_path / "home", "-c", WITHOUT_BUILDING, "ingest", "touchpoints", str(file))
    window.reload()
    expect(window.get_by_text("once the newest uploads are joined")).to_be_visible()
    settled(window)
    expect(window.get_by_text("Every channel in numbers")).to_have_count(0)
    run(tmp_path / "home", "-m", "pipelines", "journeys")
    expect(window.get_by_text("Every channel in numbers")).to_be_visible()
    expect(window.get_by_text("once the newest uploads are joined")).to_have_count(0)
