"""Names, done in the real browser: write a rule into the table, see what it would move, save it, see it on another page, undo it."""

import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.dashboard import PROJECT, environment, settled
from tests.browser.test_journeys import drop, store, turn_to

TOUCHPOINTS = "\n".join(
    [
        "time,person,source,medium,converted",
        *(
            f"2026-03-{1 + number % 28:02} 10:00,p{number},{('google', 'bing')[number % 2]},cpc,1"
            for number in range(60)
        ),
    ]
).encode()
ROW, MIDDLES = 33, {"medium": 300, "means": 900}
"""Of the table of channel rules: the height of a row, and where its columns are, in pixels."""
SETTLES_MS = 500


def write_cell(page: Page, column: str, text: str) -> None:
    """Type a text into the first row of the table."""
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + MIDDLES[column], box["y"] + ROW * 1.5)
    page.wait_for_timeout(SETTLES_MS)  # the table draws its editor over the cell, and takes it away again
    page.keyboard.type(text, delay=80)
    page.keyboard.press("Enter")
    page.wait_for_timeout(SETTLES_MS)
    settled(page)


def store_elsewhere(home: Path, folder: Path) -> None:
    """Store a file as somebody else does who works on the same home."""
    file = folder / "spend.csv"
    file.write_text("date,channel,campaign,amount\n2026-03-01,Paid Search,Spring,50\n")
    command = [sys.executable, "-m", "pipelines", "ingest", "spend", str(file)]
    subprocess.run(command, cwd=PROJECT, env=environment(home), check=True)


def test_a_rule_is_written_tried_saved_and_undone(window: Page, empty_address: str, tmp_path: Path) -> None:
    drop(window, empty_address, "touchpoints.csv", TOUCHPOINTS)
    store(window, "touchpoints.csv")
    window.goto(f"{empty_address}/names")
    settled(window)
    expect(window.get_by_role("heading", name="Names")).to_be_visible()
    window.get_by_role("radio", name="Channel rules").click()
    expect(window.get_by_text("There are no rules yet")).to_be_visible()
    settled(window)
    write_cell(window, "medium", "cpc")
    expect(window.get_by_text("Row 1, Means the channel:")).to_be_visible()
    store_elsewhere(tmp_path / "home", tmp_path)
    window.get_by_role("radio", name="Campaign rules").click()
    expect(window.get_by_text("Which campaign is meant")).to_be_visible()
    settled(window)
    window.get_by_role("radio", name="Channel rules").click()
    expect(window.get_by_text("Row 1, Means the channel:")).to_be_visible()  # what was written is still there
    settled(window)
    write_cell(window, "means", "Paid Search")
    expect(window.get_by_role("button", name="Save 1 change")).to_be_visible()
    expect(window.get_by_role("heading", name="What moves")).to_be_visible()
    settled(window)
    window.get_by_role("button", name="Save 1 change").click()
    expect(window.get_by_text("1 change saved.")).to_be_visible()
    expect(window.get_by_text(re.compile("Paid Search: attributed conversions 0.0 → 60.0"))).to_be_visible()
    turn_to(window, "Channel credit")
    expect(window.get_by_text("Paid Search").first).to_be_visible()
    turn_to(window, "Upload")
    window.get_by_role("button", name="Undo").first.click()
    window.get_by_role("button", name="Undo this upload").click()
    expect(window.get_by_test_id("stToast")).to_contain_text("was undone")
    turn_to(window, "Channel credit")
    expect(window.get_by_text("google / cpc").first).to_be_visible()
