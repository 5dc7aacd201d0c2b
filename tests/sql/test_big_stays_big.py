"""Big things are aggregated where they lie: a question is handed as many rows as the grain of its statements allows, however many people,
touchpoints and mentions there are.
"""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from pipelines.attribution import MODELS
from pipelines.questions import QUESTIONS, ask
from pipelines.slots import NO_SLOTS, Slots
from pipelines.stores.base import Stores
from pipelines.stores.catalog import arrow_schema
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.sql import brand
from tests.sql.events import UPLOAD, Conversion, Touch, at, fill

PEOPLE, DAYS = 1200, 20
CHANNELS, CAMPAIGNS = ("Search", "Social", "Mail", "(direct)"), ("Spring", "Summer", "#sale")
NAMES = len(CHANNELS) + 1
"""And none."""
TYPES, REASONS, TOUCHES = ("purchase", "lead"), 6, 4
CURRENCIES = 2
"""That of conversions, and none where a journey has no conversion."""

SLICES = {"whole": 1, "day": DAYS, "bucket": 1024, "day_pair": DAYS * (DAYS + 1) // 2}

MOST: dict[str, Callable[[int, Mapping[str, Any]], int]] = {
    "campaign_mentions": lambda slices, asked: DAYS * (len(CAMPAIGNS) + 1),
    "conversion_types": lambda slices, asked: len(TYPES),
    "conversions": lambda slices, asked: asked["most"],
    "credit": lambda slices, asked: slices * NAMES,
    "credit_by_bucket": lambda slices, asked: slices * NAMES,
    "feed_days": lambda slices, asked: 3 * DAYS,
    "feeds": lambda slices, asked: 3,
    "grams": lambda slices, asked: slices * 4 * NAMES ** (asked["order"] + 1),
    "hashtags": lambda slices, asked: asked["most"],
    "journey_rows": lambda slices, asked: asked["most"],
    "key_shapes": lambda slices, asked: 2 * 10,
    "mention_samples": lambda slices, asked: asked["most"] * 2 * NAMES,
    "mentions": lambda slices, asked: DAYS * (len(CAMPAIGNS) + 1),
    "milestones": lambda slices, asked: 1,
    "name_sets": lambda slices, asked: slices * 2**NAMES,
    "names": lambda slices, asked: NAMES + 2 * (len(CAMPAIGNS) + 1),
    "nearest_ages": lambda slices, asked: 3 * (DAYS + 3),
    "one_conversion": lambda slices, asked: 1,
    "origins": lambda slices, asked: NAMES,
    "outcomes": lambda slices, asked: slices * len(TYPES) * REASONS,
    "path_lengths": lambda slices, asked: slices * CURRENCIES * TOUCHES,
    "paths": lambda slices, asked: slices * CURRENCIES * (asked["most"] + 1),
    "shares": lambda slices, asked: slices * NAMES * TOUCHES,
    "steps": lambda slices, asked: 8 * TOUCHES * (NAMES + 1) ** 2,
    "time_lags": lambda slices, asked: slices * (DAYS + 1),
    "touchpoint_days": lambda slices, asked: DAYS,
    "touchpoints_of_person": lambda slices, asked: asked["most"],
    "unattributed_conversions": lambda slices, asked: asked["most"],
    "unmatched_people": lambda slices, asked: asked["most"] * slices,
}
"""Statement -> what its grain comes to: by the slices that are asked, the names there are, and what is listed at most."""

ALSO: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("channel_credit", {"model": model}) for model in MODELS),
    ("channel_credit", {"direct": "exclude"}),
    ("quadrants", {"by": "account"}),
)
"""What is asked beside each question as it is: under every model, and where other statements are read."""

Handed = list[tuple[str, str, int, int]]
"""(question, statement, the rows that it handed over, the most that it may)."""


@pytest.fixture(scope="module")
def handed(bench: Stores) -> Handed:
    """What every question reads of many people."""
    _fill(bench, PEOPLE)
    found: Handed = []
    lake = DuckDBLake.frame

    def frame(
        self: DuckDBLake, statement: str, parameters: Mapping[str, Any], *, slots: Slots = NO_SLOTS, **how: Any
    ) -> pd.DataFrame:
        rows = lake(self, statement, parameters, slots=slots, **how)
        found.append(
            (name, statement, len(rows), MOST[statement](SLICES[slots.slice], {**parameters, "order": slots.order}))
        )
        return rows

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuckDBLake, "frame", frame)
        for name, question in QUESTIONS.items():
            known = {parameter.name for parameter in question.parameters}
            ask(bench, name, {"conversion": "c1"} if "conversion" in known else {})
        for name, parameters in ALSO:
            ask(bench, name, parameters)
        brand.upload(bench, "rules", pd.DataFrame([{"kind": "channel", "source": "google", "means": "Search"}]))
        name = "options"  # channels are told by their origin now
        ask(bench, name, {})
    return found


def test_no_question_is_handed_more_rows_than_its_grain_allows(handed: Handed) -> None:
    assert [asked for asked in handed if asked[2] > asked[3]] == []


def test_every_statement_was_read(handed: Handed) -> None:
    of_questions = {statement for question in QUESTIONS.values() for statement in question.statements}
    lake = {statement.removeprefix("lake/") for statement in of_questions if statement.startswith("lake/")}
    assert lake == set(MOST)
    assert {statement for _, statement, _, _ in handed} == set(MOST)


def _fill(stores: Stores, people: int) -> None:
    """So many people at random moments of twenty days."""
    chance = random.Random(people)
    start = at("2026-03-01", "00:00")

    def moment() -> Any:
        return start + timedelta(milliseconds=chance.randrange(DAYS * 86_400_000))

    touches, conversions = [], []
    for number in range(people):
        who = f"p{number}"
        touches += [
            Touch(f"t{number}.{n}", moment(), who, chance.choice(CHANNELS), kind=chance.choice(["click", "impression"]))
            for n in range(chance.randint(1, TOUCHES))
        ]
        person = who if number % 5 else f"stranger {number}"
        conversions.append(Conversion(f"c{number}", moment(), person, chance.choice(TYPES)))
    fill(stores, touches, conversions)
    rows = [
        {
            "mention_id": f"m{n}",
            "occurred_at": (when := moment()),
            "dt": f"{when:%Y-%m-%d}",
            "account": chance.choice("AB"),
        }
        | {"platform": "X", "campaign": chance.choice(CAMPAIGNS), "mentions": 1, "text": f"so #sale {n}"}
        | {"sentiment": chance.choice(["positive", "negative"])}
        for n in range(people * 3)
    ]
    stores.own_lake.undo("mentions", [UPLOAD], [])
    stores.own_lake.write("mentions", pa.Table.from_pylist(rows, arrow_schema("mentions")), UPLOAD)
