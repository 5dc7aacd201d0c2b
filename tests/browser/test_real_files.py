"""Files that people really have, from the command line and the browser to the pages, held against pandas.

They lie beside the repository and not in it: they are not ours to copy.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import PROJECT, dashboard, environment
from tests.browser.test_journeys import CHART, POINTS, drop, store, turn_to

REAL = PROJECT.parent / "shared" / "real"
MENTIONS, REACH, TOUCHPOINTS = "airline_mentions.csv", "account_reach_airlines.csv", "touchpoints_damabytes.csv"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the real files are not on this machine")


def said(home: Path, *arguments: str) -> dict[str, Any]:
    """What the command line prints as JSON."""
    command = [sys.executable, "-m", "pipelines", *arguments, "--format", "json"]
    done = subprocess.run(command, cwd=PROJECT, env=environment(home), check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_airlines_become_six_points_in_four_quadrants(window: Page, tmp_path: Path) -> None:
    home = tmp_path / "home"
    ingest = ("ingest", "mentions", str(REAL / MENTIONS), "--map", "account=airline", "--set", "platform=X")
    assert said(home, *ingest)["new"] == 14_640
    again = said(home, *ingest)
    assert (again["new"], again["replaced"], again["unchanged"]) == (0, 0, 14_640)

    with dashboard(home) as address:
        drop(window, address, REACH, (REAL / REACH).read_bytes())
        store(window, REACH)
        turn_to(window, "Quadrants")
        window.get_by_role("radio", name="Accounts").click()
        expect(window.locator(POINTS)).to_have_count(6)
        for quadrant in ("High Performers", "Platform Push", "Underdogs", "Leave It"):
            expect(window.locator(f"{CHART} .annotation-text", has_text=quadrant)).to_be_visible()
        expect(window.get_by_text("6 of 6 accounts and 49 of 54 account-days")).to_be_visible()

    file = pd.read_csv(REAL / MENTIONS)
    found = pd.DataFrame(said(home, "ask", "quadrants", "--by", "account")["rows"]).set_index("account")
    counted = pd.crosstab(file["airline"], file["airline_sentiment"])
    assert found["mentions"].to_dict() == counted.sum(axis=1).to_dict()
    for sentiment in ("positive", "neutral", "negative"):
        assert found[sentiment].to_dict() == counted[sentiment].to_dict()
    assert found["negative_share"].to_dict() == pytest.approx((counted["negative"] / counted.sum(axis=1)).to_dict())
    assert set(found["quadrant"]) == {"High Performers", "Platform Push", "Underdogs", "Leave It"}
    assert (found.loc["United", "mentions"], found.loc["Virgin America", "mentions"]) == (3_822, 504)


def test_channels_earn_what_pandas_says(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert said(home, "ingest", "touchpoints", str(REAL / TOUCHPOINTS))["new"] == 10_000
    ask = ("ask", "channel_credit", "--lookback-days", "90", "--model")
    last, linear = (said(home, *ask, model)["rows"] for model in ("last_touch", "linear"))

    file = pd.read_csv(REAL / TOUCHPOINTS, parse_dates=["Timestamp"])
    flagged = file[file["Conversion_Flag"] == 1]
    assert (len(flagged), flagged["User_ID_Anon"].nunique()) == (4_944, 2_381)
    # Every conversion is a flagged row, and so is its own last touch: there are no two rows of a person at one moment.
    assert not file.duplicated(["User_ID_Anon", "Timestamp"]).any()
    expected = flagged["Channel"].value_counts().astype(float).to_dict()
    assert {row["channel"]: row["attributed_conversions"] for row in last} == pytest.approx(expected)

    pairs = flagged.reset_index().merge(file, on="User_ID_Anon", suffixes=("_converted", ""))
    earned = pairs[pairs["Timestamp"] <= pairs["Timestamp_converted"]]
    credit = 1 / earned.groupby("index")["Channel"].transform("size")
    expected = credit.groupby(earned["Channel"]).sum().to_dict()
    assert {row["channel"]: row["attributed_conversions"] for row in linear} == pytest.approx(expected)
