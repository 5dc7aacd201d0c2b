"""The registry of questions: what each declares, and how its parameters are checked."""

from pathlib import Path
from typing import Any

import pytest

from pipelines import statements
from pipelines.attribution import MODELS
from pipelines.errors import WrongUsage
from pipelines.questions import QUESTIONS, Parameter
from pipelines.settings import PROJECT, Settings, load_settings
from pipelines.sources import SOURCES

SETTINGS: Settings = load_settings({"TOUCHLINE_CURRENCY": "EUR"})
PROMISED = {"quadrants", "channel_credit", "spend_and_cpa", "unattributed", "overview", "uploads"}
"""Questions that scripts rely on."""


def complete(question: str, **given: Any) -> dict[str, Any]:
    return QUESTIONS[question].complete(given, SETTINGS)


def test_scripts_find_what_they_rely_on() -> None:
    assert set(QUESTIONS) >= PROMISED
    assert all(question.name == name for name, question in QUESTIONS.items())


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_says_what_it_is(name: str) -> None:
    question = QUESTIONS[name]
    assert question.title.endswith("?")
    assert question.grain.startswith("one row a")
    assert set(question.sources) <= set(SOURCES)
    assert all(parameter.help for parameter in question.parameters)
    names = [parameter.name for parameter in question.parameters]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_questions_statements_are_files(name: str) -> None:
    assert QUESTIONS[name].statements
    assert [file for file in QUESTIONS[name].statements if not (PROJECT / "sql" / f"{file}.sql").exists()] == []


def test_every_statement_is_asked_by_a_question_or_builds_a_table() -> None:
    asked = {statement for question in QUESTIONS.values() for statement in question.statements}
    lake = {f"lake/{name}" for name in statements.names()} - {"lake/journeys", "lake/conversion_status"}
    warehouse = {f"warehouse/{path.stem}" for path in Path(PROJECT / "sql" / "warehouse").glob("[!0-9]*.sql")}
    assert asked == lake | warehouse - {"warehouse/refused"}


@pytest.mark.parametrize("name", QUESTIONS)
def test_defaults_hold_and_stay_what_they_are(name: str) -> None:
    once = complete(name)
    assert complete(name, **once) == once
    of_model = {parameter.name for parameter in MODELS[once["model"]].parameters} if "model" in once else set()
    assert {parameter.name for parameter in QUESTIONS[name].parameters} | of_model == set(once)


def test_all_parameters_are_said_defaults_included() -> None:
    assert complete("channel_credit", model="time_decay", lookback_days="1.5", excluded_channels="TV, Radio ,,TV") == {
        "start": None,
        "end": None,
        "model": "time_decay",
        "half_life_days": 7.0,
        "lookback_days": 1.5,
        "conversion_type": None,
        "excluded_channels": ["Radio", "TV"],
        "currency": "EUR",
        "by": "channel",
    }


@pytest.mark.parametrize("key", MODELS)
def test_a_models_own_parameters_come_with_it(key: str) -> None:
    said = complete("channel_credit", model=key)
    assert {name for name in said if name not in complete("channel_credit", model="linear")} == {
        parameter.name for parameter in MODELS[key].parameters
    }


def test_blank_is_not_said() -> None:
    assert complete("quadrants", start="", currency=" usd ".strip(), target_cpa="") == complete(
        "quadrants", currency="USD"
    )


@pytest.mark.parametrize(
    ("question", "given", "said"),
    [
        ("channel_credit", {"colour": "red"}, "channel_credit has no parameter 'colour'"),
        ("uploads", {"start": "2026-01-01"}, "uploads has no parameter 'start'"),
        ("channel_credit", {"half_life_days": 3}, "has no parameter 'half_life_days'"),
        ("channel_credit", {"model": "magic"}, "model is 'magic'"),
        ("channel_credit", {"by": "person"}, "by is 'person'"),
        ("channel_credit", {"by": "channel; drop table mentions"}, "by is 'channel; drop table"),
        ("channel_credit", {"start": "1 March"}, "start is '1 March'"),
        ("channel_credit", {"start": "2026-03-02", "end": "2026-03-01"}, "start 2026-03-02 is after end 2026-03-01"),
        ("overview", {"compare_start": "2026-03-02", "compare_end": "2026-03-01"}, "compare_start .* is after"),
        ("channel_credit", {"lookback_days": 0}, "lookback_days is 0"),
        ("channel_credit", {"lookback_days": -1}, "lookback_days is -1"),
        ("channel_credit", {"lookback_days": 90.5}, "lookback_days is 90.5"),
        ("channel_credit", {"lookback_days": "nan"}, "lookback_days is 'nan'"),
        ("channel_credit", {"lookback_days": "a week"}, "lookback_days is 'a week'"),
        ("channel_credit", {"model": "time_decay", "half_life_days": "x"}, "half_life_days is 'x'"),
        ("channel_credit", {"model": "time_decay", "half_life_days": -1}, "half_life_days is -1"),
        ("quadrants", {"reach_threshold": -1}, "reach_threshold is '-1'. Use a number of at least 0"),
        ("quadrants", {"threshold": "mode"}, "threshold is 'mode'"),
        ("point_mentions", {"limit": 0}, "limit is '0'"),
    ],
)
def test_what_does_not_hold_is_said_by_its_name(question: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        complete(question, **given)


def test_a_window_may_be_as_long_as_journeys_are_stored() -> None:
    assert complete("channel_credit", lookback_days=90)["lookback_days"] == 90
    longer = load_settings({"TOUCHLINE_LONGEST_LOOKBACK_DAYS": "180"})
    assert QUESTIONS["channel_credit"].complete({"lookback_days": 180}, longer)["lookback_days"] == 180


def test_a_whole_number_is_whole() -> None:
    assert Parameter("limit", "whole", 50, "").check("7") == 7
    with pytest.raises(WrongUsage, match=r"limit is '7\.5'\. Use a whole number"):
        Parameter("limit", "whole", 50, "").check("7.5")
