"""Every question, on an empty home and on the small brand: what is missing is named, a row is what the grain says, days are the zone's."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from pipelines.errors import WrongUsage
from pipelines.questions import QUESTIONS, ask
from pipelines.questions.question import ATTRIBUTION_STATEMENTS, OUTCOME_STATEMENTS
from pipelines.stores.base import Memory, Stores
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse
from tests.sql import brand

POINT = {"by": "account", "point": "A"}
ASKED: dict[str, dict[str, Any]] = {
    "movers": {
        "start": "2026-03-12",
        "end": "2026-03-18",
        "compare_start": "2026-03-05",
        "compare_end": "2026-03-11",
    },
    "point_trend": POINT,
    "point_mentions": POINT,
    "decision_trace": {"conversion": "c0001"},
}
"""What a question must be told to have rows."""

KEYS = {
    "overview": ["metric"],
    "credit_by_day": ["day", "by"],
    "model_comparison": ["by", "model"],
    "model_windows": ["model", "window_days"],
    "parity": ["model"],
    "unattributed": ["reason"],
    "unattributed_by_day": ["day", "type"],
    "point_trend": ["day"],
    "options": ["kind", "value"],
    "freshness": ["source"],
    "feed_days": ["source", "day"],
    "lake_queries": ["query_id"],
    "uploads": ["upload_id"],
    "unmatched_names": ["kind", "name", "found_in"],
    "naming_rules": ["kind", "hashtag"],
    "top_paths": ["path"],
    "path_lengths": ["touches"],
    "time_lags": ["days"],
    "steps": ["step", "from", "to"],
    "conversions_list": ["conversion_id"],
    "decision_trace": ["touchpoint_id"],
    "ordered_credit": ["by", "position"],
    "credit_completion": ["touch_day"],
    "window_curve": ["window_days"],
    "unmatched_people": ["person"],
    "unattributed_conversions": ["conversion_id"],
    "aliases": ["kind", "from"],
}
"""Question -> what one row stands for; the value of `by` where nothing is said."""

ONE_OF_EACH = (None, "w_shaped", "time_decay", "markov", "shapley", "ordered_shapley")
"""The default model, and one of each kind that reads other statements than it."""

OF_EVERY_SCOPE = {
    *("lake/feeds", "lake/names"),
    *("warehouse/names", "warehouse/aliases", "warehouse/rules", "warehouse/days"),
}
"""Statements that say what there is and what it is called: any question may read them."""
WHERE_NEEDED = {"warehouse/fx_rates", "warehouse/posts", "lake/origins", "warehouse/origins"}
"""Statements that are read only for other currencies, for mentions that name no campaign, or for rules that ask for more than a channel."""


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_empty_home_has_no_rows_and_says_what_is_missing(bench: Stores, name: str) -> None:
    question = QUESTIONS[name]
    answer = ask(bench, name)
    assert set(answer.missing) <= {"account_reach", "first_stream", "spend", "mentions", "touchpoints", "conversions"}
    assert (answer.missing != []) == bool(question.sources)
    assert (answer.demo, answer.stale, answer.warnings) == (False, False, [])
    assert answer.rows.empty or name == "options"
    assert len(answer.rows.columns) > 1
    assert answer.question == name
    assert re.fullmatch(r"w\d+\.l[0-9a-f]{12}", answer.data_version)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_full_home_has_rows_of_the_same_columns(bench: Stores, branded: Stores, name: str) -> None:
    full = ask(branded, name, ASKED.get(name))
    assert len(full.rows) or name == "lake_queries"  # of a lake in the cloud alone
    assert full.missing == []
    assert full.rows.columns.tolist() == ask(bench, name, ASKED.get(name)).rows.columns.tolist()


CUTS = [
    (name, choice)
    for name, question in QUESTIONS.items()
    for choice in next((parameter.choices for parameter in question.parameters if parameter.name == "by"), ("",))
]


@pytest.mark.parametrize(("name", "by"), [cut for cut in CUTS if cut[0] != "point_mentions"])
def test_a_row_is_what_the_grain_says(branded: Stores, name: str, by: str) -> None:
    rows = ask(branded, name, ASKED.get(name, {}) | ({"by": by} if by else {})).rows
    key = [by if column == "by" else column for column in KEYS.get(name, ["by"])]
    assert not rows.duplicated(key).any()
    assert rows.index.tolist() == list(range(len(rows)))


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_reads_the_statements_it_declares(
    branded: Stores, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()

    def record(store: str, kind: type) -> None:
        run: Callable[..., pd.DataFrame] = kind.frame  # type: ignore[attr-defined]

        def frame(self: object, statement: str, *given: Any, **named: Any) -> pd.DataFrame:
            read.add(f"{store}/{statement}")
            return run(self, statement, *given, **named)

        monkeypatch.setattr(kind, "frame", frame)

    record("lake", DuckDBLake)
    record("warehouse", Warehouse)
    stores = replace(branded, memory=Memory())
    question = QUESTIONS[name]
    choices = {parameter.name: parameter.choices for parameter in question.parameters}
    for by in choices.get("by", (None,)):
        for model in ONE_OF_EACH if "model" in choices and by in (None, "channel") else (None,):
            said = {"by": by, "model": model}
            given = ASKED.get(name, {}) | {key: value for key, value in said.items() if value}
            question.answer(stores.read(), question.complete(given, stores.settings))
    beside = OF_EVERY_SCOPE | WHERE_NEEDED
    declared = set(question.statements)
    assert read - beside <= declared
    # Which of the engine's statements are read depends on the model, of which a few are asked for.
    assert declared - set(ATTRIBUTION_STATEMENTS) - beside <= read | set(OUTCOME_STATEMENTS)


def test_a_question_that_is_none(bench: Stores) -> None:
    with pytest.raises(WrongUsage, match="There is no question 'quadrant'"):
        ask(bench, "quadrant")


def test_one_sided_homes_name_the_other_side(stores: Stores) -> None:
    """Spend alone is shown, and what it lacks is said."""
    brand.upload(stores, "spend", brand.spend[brand.spend["currency"] == "EUR"])
    answer = ask(stores, "spend_and_cpa")
    assert answer.missing == ["touchpoints", "conversions"]
    assert answer.rows["spend"].sum() == pytest.approx(20 * 72.5)
    assert answer.rows["cpa"].isna().all()
    assert ask(stores, "quadrants").missing == ["first_stream", "mentions"]
    assert ask(stores, "channel_credit").rows.empty


@pytest.fixture(params=["America/New_York", "Pacific/Kiritimati"])
def abroad(branded: Stores, request: pytest.FixtureRequest) -> tuple[Stores, str]:
    """The brand's stores as a team in another zone sees them."""
    zone: str = request.param
    return replace(branded, settings=replace(branded.settings, reporting_time_zone=zone)), zone


def local_days(times: pd.Series, zone: str) -> pd.Series:
    return pd.to_datetime(times, utc=True).dt.tz_convert(zone).dt.date.astype(str)


def test_days_are_those_of_the_reporting_zone(abroad: tuple[Stores, str]) -> None:
    """Over the change to summer time of New York, on 8 March. Times in the files said UTC by their zone; dates of spend are not shifted."""
    stores, zone = abroad
    counts = pd.to_numeric(brand.conversions["revenue"]).fillna(0) >= 0
    expected = counts.groupby(local_days(brand.conversions["time"], zone)).sum()
    days = ask(stores, "unattributed_by_day").rows.groupby("day")["conversions"].sum()
    assert days.to_dict() == expected.to_dict()
    credited = ask(stores, "credit_by_day", {"model": "linear"}).rows.groupby("day")["attributed_conversions"].sum()
    assert set(credited.index) <= set(expected.index)
    [first, *_, last] = expected.index
    inner = ask(stores, "unattributed", {"start": "2026-03-08", "end": "2026-03-08"})
    assert inner.facts["conversions"] == expected["2026-03-08"]
    fresh = ask(stores, "freshness").rows.set_index("source")
    assert (fresh.loc["conversions", "first_day"], fresh.loc["conversions", "last_day"]) == (first, last)
    assert fresh.loc["spend", "first_day"] == "2026-03-01"
    trend = ask(stores, "point_trend", {"by": "account", "point": "F"}).rows.set_index("day")["mentions"]
    said = brand.mentions[brand.mentions["account"] == "F"]
    by_day = said["mentions"].groupby(local_days(said["time"], zone)).sum()
    assert trend[trend > 0].to_dict() == by_day.to_dict()


def test_instants_are_cut_to_milliseconds(branded: Stores) -> None:
    fine = brand.touchpoints[brand.touchpoints["time"].str.endswith(".123000")]
    rows = branded.lake.table("touchpoints").scan().to_pandas().set_index("touchpoint_id")  # type: ignore[attr-defined]
    assert rows.loc[fine["id"], "occurred_at"].dt.microsecond.eq(123_000).all()
    assert (rows["dt"] == rows["occurred_at"].dt.date.astype(str)).all()


def test_stale_days_are_flagged_beside_the_reason(branded: Stores) -> None:
    """The brand's touchpoints end on 18 March; conversions go on for two days."""
    answer = ask(branded, "unattributed", {"lookback_days": 0.5})
    assert set(answer.facts["stale_days"]) == {"2026-03-19", "2026-03-20"}
    last = ask(branded, "unattributed", {"lookback_days": 0.5, "start": "2026-03-19"})
    assert last.rows["on_stale_days"].sum() == last.rows["conversions"].sum() == answer.rows["on_stale_days"].sum()


def test_the_edges_of_the_data_are_said(branded: Stores) -> None:
    early = ask(branded, "channel_credit", {"lookback_days": 6.5, "end": "2026-03-18"}).warnings
    assert [warning for warning in early if "conversions before 2026-03-08" in warning] == early
    assert (
        ask(branded, "channel_credit", {"lookback_days": 7, "start": "2026-03-08", "end": "2026-03-18"}).warnings == []
    )
    late = ask(branded, "channel_credit", {"lookback_days": 7, "start": "2026-03-08", "end": "2026-03-19"}).warnings
    assert late == ["The last complete day is 2026-03-18: what comes after it may still grow."]


def test_the_last_complete_day_is_the_last_one_that_the_sources_share(branded: Stores) -> None:
    facts = ask(branded, "options").facts
    assert facts["last_complete_day"]["channel_credit"] == "2026-03-18"
    assert facts["last_complete_day"]["quadrants"] == "2026-03-03"
    assert facts["first_day"] == "2026-03-01"
    assert facts["primary_conversion_type"] == "purchase"


def test_the_day_of_the_upload_is_not_complete(stores: Stores) -> None:
    now = datetime.now(UTC)
    times = [(now - timedelta(days=days)).isoformat() for days in (0, 3)]
    brand.upload(stores, "touchpoints", pd.DataFrame({"time": times, "person": "ann", "channel": "Mail"}))
    row = ask(stores, "freshness").rows.set_index("source").loc["touchpoints"]
    uploaded = row["last_upload_at"].date()
    assert row["last_complete_day"] == (uploaded - timedelta(days=1)).isoformat()
    assert row["last_day"] == now.date().isoformat()


def test_unmatched_names_are_ranked_with_the_most_alike(branded: Stores) -> None:
    rows = ask(branded, "unmatched_names").rows
    assert rows.iloc[0][["kind", "name", "found_in", "weight_unit"]].tolist() == ["channel", "TV", "spend", "spend"]
    assert rows.loc[rows["name"] == "TV", "weight"].item() == pytest.approx(400.0)
    assert set(rows["name"]) == {"TV", "Newsletter", "Rumour", "Autumn", "Silent", "Summer Sale"}


def test_a_further_model_asks_the_lake_for_nothing_that_it_shares(
    branded: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule by place brings the others; what has to be known of the money is said under each model."""
    ran: list[str] = []
    frame = DuckDBLake.frame

    def seen(self: DuckDBLake, statement: str, *given: Any, **more: Any) -> pd.DataFrame:
        ran.append(statement)
        return frame(self, statement, *given, **more)

    monkeypatch.setattr(DuckDBLake, "frame", seen)
    reading = replace(branded, memory=Memory()).read()

    def answered(name: str, model: str) -> tuple[list[str], list[str]]:
        ran.clear()
        question = QUESTIONS[name]
        found = question.answer(reading, question.complete({"model": model, "currency": "CHF"}, branded.settings))
        return [*ran], [warning for warning in found.warnings if "of attributed revenue" in warning]

    first, warned = answered("channel_credit", "linear")
    assert {"credit", "outcomes"} <= set(first)
    assert warned
    for name, model, asked in (
        ("channel_credit", "last_touch", []),
        ("credit_by_day", "position_based", []),
        ("channel_credit", "markov", ["grams"]),
        ("credit_by_day", "markov", []),
        ("overview", "markov", []),
    ):
        assert answered(name, model) == (asked, warned), (name, model)
