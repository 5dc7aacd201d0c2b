"""The demo's files are the same everywhere, are read without a question, and tell the story they were made for.

The story is told here by plain arithmetic on the files, not by the engine: the numbers that the pages should show.
"""

import hashlib
import io
import os
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd
import pytest

from pipelines.demo import FIRST_DAY, LAST_DAY, DemoFile, demo_files
from pipelines.demo.world import CAMPAIGNS, CHANNELS
from pipelines.ingest import prepare
from pipelines.settings import PROJECT
from pipelines.sources import SOURCES

PERIODS = [pytest.param(days, id=f"last {days} days") for days in (28, 90)]
LOOKBACK = pd.Timedelta(days=30)
FAULT_WEEK = "2026-06-08"


def digest(files: tuple[DemoFile, ...]) -> str:
    """One fingerprint of all files."""
    return hashlib.sha256(b"".join(file.content for file in files)).hexdigest()


def folded(names: pd.Series) -> pd.Series:
    """Names as they are compared."""
    return names.map({name: unicodedata.normalize("NFC", name).strip().casefold() for name in names.unique()})


@dataclass(frozen=True)
class Demo:
    """The files as tables with joined names (folded), amounts in EUR, and each conversion's touches in the look-back window."""

    files: tuple[DemoFile, ...]
    reach: pd.DataFrame
    account_reach: pd.DataFrame
    spend: pd.DataFrame
    mentions: pd.DataFrame
    touchpoints: pd.DataFrame
    conversions: pd.DataFrame
    refunds: pd.DataFrame
    touched: pd.DataFrame

    def credit(self, end: str, by: str, first_day: str = "") -> pd.Series:
        """Conversions since a day by the channel or campaign of their 'first' or 'last' touch."""
        touches = self.touched[self.touched["date"] >= first_day].groupby("id")
        return touches.nth(0 if end == "first" else -1).groupby(by).size()


@pytest.fixture(scope="module")
def demo() -> Demo:
    files = demo_files()
    tables = {file.source: pd.read_csv(io.BytesIO(file.content), dtype=str, keep_default_na=False) for file in files}
    touchpoints, conversions = tables["touchpoints"], tables["conversions"]
    pair = (touchpoints["source"] + " / " + touchpoints["medium"]).replace(" / ", "direct")
    touchpoints["channel"] = touchpoints["channel"].where(touchpoints["channel"] != "", pair)
    aliases = tables["aliases"]
    join = {kind: folded(group["to"]).set_axis(folded(group["from"])) for kind, group in aliases.groupby("kind")}
    for table in tables.values():
        for kind in join.keys() & set(table.columns):
            names = folded(table[kind])
            table[kind] = names.map(join[kind]).fillna(names)

    rates = tables["fx_rates"].set_index(["date", "quote"])["rate"].astype(float).to_dict()

    def in_euros(amounts: pd.Series, dates: pd.Series, currencies: pd.Series) -> list[float]:
        cells = zip(pd.to_numeric(amounts), dates, currencies, strict=True)
        return [amount / rates.get((date, currency), 1.0) for amount, date, currency in cells]

    reach, spend, mentions = tables["first_stream"], tables["spend"], tables["mentions"]
    reach["reach"] = reach["reach"].astype(int)
    tables["account_reach"]["reach"] = tables["account_reach"]["reach"].astype(int)
    spend["amount"] = in_euros(spend["amount"], spend["date"], spend["currency"])
    mentions["date"] = mentions["time"].str[:10]

    for table in (touchpoints, conversions):
        table["time"] = pd.to_datetime(table["time"])
    conversions["date"] = conversions["time"].dt.strftime("%Y-%m-%d")
    conversions["revenue"] = in_euros(conversions["revenue"], conversions["date"], conversions["currency"])
    refunds = conversions[conversions["revenue"] < 0]
    conversions = conversions[~conversions["id"].isin(refunds["id"])]

    touched = conversions[conversions["person"] != ""].merge(
        touchpoints.loc[touchpoints["consent"] == "true", ["id", "person", "time", "channel", "campaign"]],
        on="person",
        suffixes=("", "_of_touch"),
    )
    age = touched["time"] - touched["time_of_touch"]
    touched = touched[(age >= pd.Timedelta(0)) & (age <= LOOKBACK)].sort_values(["time_of_touch", "id_of_touch"])
    return Demo(files, reach, tables["account_reach"], spend, mentions, touchpoints, conversions, refunds, touched)


def campaigns(demo: Demo, days: int) -> pd.DataFrame:
    """The quadrant page by campaign for the last days: reach, mentions, share of negative ones, spend, CPA by last touch, quadrant."""
    since = (LAST_DAY - timedelta(days=days - 1)).isoformat()
    mentions = demo.mentions[(demo.mentions["date"] >= since) & (demo.mentions["campaign"] != "")]
    rated = mentions[mentions["sentiment"] != "Uncategorized"]
    table = pd.DataFrame(
        {
            "reach": demo.reach[demo.reach["date"] >= since].groupby("campaign")["reach"].sum(),
            "mentions": mentions.groupby("campaign").size(),
            "rated": rated.groupby("campaign").size(),
            "negative_share": (rated["sentiment"] == "negative").groupby(rated["campaign"]).mean(),
            "spend": demo.spend[demo.spend["date"] >= since].groupby("campaign")["amount"].sum(),
            "credit": demo.credit("last", "campaign", since).drop(""),
        }
    )
    table["cpa"] = table["spend"] / table["credit"]
    high_reach = table["reach"] > table["reach"].median()
    high_mentions = table["mentions"] > table["mentions"].median()
    names = {
        (True, True): "High Performers",
        (True, False): "Platform Push",
        (False, True): "Underdogs",
        (False, False): "Leave It",
    }
    table["quadrant"] = [names[pair] for pair in zip(high_reach, high_mentions, strict=True)]
    return table


@pytest.fixture(scope="module")
def reasons(demo: Demo) -> pd.Series:
    """Why each conversion has no credit; blank where it has."""
    made = demo.conversions
    consented = demo.touchpoints[demo.touchpoints["consent"] == "true"]
    reason = pd.Series("outside_window", index=made.index)
    reason[~made["person"].isin(consented["person"])] = "no_consent"
    reason[~made["person"].isin(demo.touchpoints["person"])] = "no_touchpoint"
    reason[made["person"] == ""] = "unknown_person"
    reason[made["id"].isin(demo.touched["id"])] = ""
    return reason


def test_the_bytes_depend_on_nothing_but_the_code(demo: Demo) -> None:
    """Another process with other hashes, another zone, and (as another machine) without the vector instructions."""
    script = (
        "import hashlib; from pipelines.demo import demo_files;"
        "print(hashlib.sha256(b''.join(file.content for file in demo_files())).hexdigest())"
    )
    elsewhere = {
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    }
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env=os.environ | elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == digest(demo.files)


def test_every_file_is_read_without_a_question(demo: Demo) -> None:
    assert {file.source for file in demo.files} == set(SOURCES)
    for file in demo.files:
        prepared = prepare(SOURCES[file.source], file.content, file.file_name)
        assert set(prepared.mapping.values()) == set(prepared.header), file.source
        assert prepared.accepted == prepared.rows_read > 0, file.source
        assert prepared.warnings == (), file.source


def test_the_files_are_as_large_as_promised(demo: Demo) -> None:
    assert (FIRST_DAY.isoformat(), LAST_DAY.isoformat()) == ("2026-01-02", "2026-06-30")
    assert 195_000 <= len(demo.touchpoints) <= 205_000
    assert 11_500 <= len(demo.conversions) <= 12_500
    assert len(demo.mentions) == 60_000
    assert set(demo.conversions["type"]) == {"purchase", "signup", "lead"}
    assert 100 <= len(demo.refunds) <= 300
    assert sum(len(file.content) for file in demo.files) < 40_000_000
    assert demo.touchpoints["channel"].nunique() == len(CHANNELS) == 10
    assert len(CAMPAIGNS) == 24
    assert demo.account_reach["account"].nunique() == 6
    assert demo.account_reach["platform"].nunique() == 5


def test_every_source_reaches_from_the_first_to_the_last_day(demo: Demo) -> None:
    for table in (demo.reach, demo.account_reach, demo.spend, demo.mentions, demo.conversions):
        assert table["date"].min() == FIRST_DAY.isoformat()
        assert table["date"].max() == LAST_DAY.isoformat()
    assert demo.touchpoints["time"].min().date() == FIRST_DAY
    assert demo.touchpoints["time"].max().date() == LAST_DAY


@pytest.mark.parametrize("days", PERIODS)
def test_campaigns_tell_their_story(demo: Demo, days: int) -> None:
    table = campaigns(demo, days)
    quadrant, cpa, median = table["quadrant"], table["cpa"], table["cpa"].median()
    for winner in ("summer kick-off", "trail ready"):
        assert quadrant[winner] == "High Performers"
        assert cpa[winner] < 0.8 * median
    assert quadrant["summit sessions"] == "High Performers"
    assert cpa["summit sessions"] > 2 * median
    assert quadrant["price promise"] == "High Performers"
    assert table["rated"]["price promise"] >= 30
    assert 0.55 < table["negative_share"]["price promise"] < 0.65
    assert table["negative_share"].drop("price promise").max() < 0.35
    assert quadrant["big sky"] == "Platform Push"
    assert table["reach"].idxmax() == "big sky"
    assert quadrant["micro adventures"] == "Underdogs"
    assert cpa["micro adventures"] < 0.5 * median
    assert {quadrant["winter clearance"], quadrant["catalogue 2026"]} == {"Leave It"}
    assert cpa["winter clearance"] > median


@pytest.mark.parametrize("days", PERIODS)
def test_few_names_meet_nothing(demo: Demo, days: int) -> None:
    table = campaigns(demo, days)
    own = {campaign.name.casefold() for campaign in CAMPAIGNS}
    assert own - set(table["reach"].dropna().index) == {"fan film contest"}
    assert own - set(table["mentions"].dropna().index) == {"store openings"}
    assert own - set(table["credit"].dropna().index) == set()
    assert set(table.index) - own == {"test_do_not_use", "trail raedy"}
    assert set(demo.spend["channel"]) - set(demo.touchpoints["channel"]) == {"podcast"}
    assert set(demo.mentions["account"]) - set(demo.account_reach["account"]) == {"@northwind_fans"}
    strange = demo.spend["campaign"].eq("test_do_not_use") | demo.spend["channel"].eq("podcast")
    assert 0 < demo.spend.loc[strange, "amount"].sum() < 0.02 * demo.spend["amount"].sum()


def test_last_touch_flatters_what_first_touch_starves(demo: Demo) -> None:
    first, last = demo.credit("first", "channel"), demo.credit("last", "channel")
    assert last["retargeting"] > 10 * first["retargeting"]
    assert first["influencer"] > 2 * last["influencer"]
    assert first["paid social"] > 2 * last["paid social"]


def test_the_tracking_fault_shows_in_its_week_only(demo: Demo, reasons: pd.Series) -> None:
    lost = reasons != ""
    week = demo.conversions["time"].dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time.dt.strftime("%Y-%m-%d")
    rate = lost.groupby(week).mean()
    assert 0.27 < rate[FAULT_WEEK] < 0.35
    assert rate.drop(FAULT_WEEK).max() < 0.15
    assert 0.08 < lost[week != FAULT_WEEK].mean() < 0.12


def test_every_reason_without_credit_occurs(reasons: pd.Series) -> None:
    counts = reasons.value_counts()
    for reason in ("unknown_person", "no_touchpoint", "no_consent", "outside_window"):
        assert counts[reason] > 150, reason


def test_the_economics_are_plausible(demo: Demo) -> None:
    spend = demo.spend.groupby("channel")["amount"].sum().drop("podcast")
    last = demo.touched[demo.touched["type"] == "purchase"].groupby("id").nth(-1).groupby("channel")
    purchases, revenue = last.size()[spend.index], last["revenue"].sum()[spend.index]
    assert (spend / purchases).between(15, 200).all()
    assert (revenue / spend).between(0.5, 8).all()
    assert 350_000 < spend.sum() < 600_000
