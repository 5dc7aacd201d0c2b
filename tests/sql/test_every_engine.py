"""One suite, many engines: every statement with all its slots and every question, of the embedded lake and of the same rows in a local cloud.

There the clients are the real ones: PyAthena and boto3, whose queries an engine runs behind the end point (DuckDB in the quick suite, a real
Trino in the whole one), and on a Trino its own client besides.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, cast

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import Phase, find, settings

from pipelines import statements
from pipelines.attribution import MODELS
from pipelines.attribution.asked import weighing
from pipelines.questions import QUESTIONS
from pipelines.questions.question import Found
from pipelines.settings import load_settings
from pipelines.slots import TOTALLED, Slots
from pipelines.stores import open_stores
from pipelines.stores.base import Stores
from pipelines.stores.catalog import arrow_schema
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse
from tests.cloud.lakes import URL, Cloud, copy_lake
from tests.sql import events
from tests.sql.events import at
from tests.sql.test_answers_of_questions import ASKED
from tests.sql.test_run import LAKE, MEMBERS, RULES, SAID, slices
from tests.sql.worlds import worlds

ENOUGH = 1e-9
DAY_MS = 86_400_000
MANY: dict[str, Any] = {
    **SAID,
    "zone_breaks": ["2026-03-10 01:00:00"],
    "zone_offsets": [3600, -7200],
    "with_unconverted": True,
    "lookback_ms": 7 * DAY_MS,
    "impression_lookback_ms": 3 * DAY_MS,
    "longest_ms": 90 * DAY_MS,
    "conversion_type": "purchase",
    "left_out_channels": ["Newsletter", "it's; not"],
    "direct_channels": ["(direct)"],
    "redistribute_direct": True,
    "restart": True,
    "collapse": True,
    "renamed": ["FB", "google / cpc"],
    "called": ["Paid Social", "Paid Search"],
    "rare": ["Newsletter"],
    "with_rare": False,
    "first_number": 2**40,
    "from_last": False,
    "steps": 3,
    "name": "Spring Sale",
    "conversion": "c0001",
    "person": "person 3",
    "names": ["A", "Brand", "Spring Sale"],
    "posts": ["example.com/p/1"],
    "places": [1, 2],
    "rule_count": 3,
    "rule_leads": ["#über", "rumour", "\x1fexample.com/p/1"],
    "rule_hashtags": [" #über ", " ", " "],
    "rule_keywords": [" größe ", " about rumour ", " "],
    "rule_posts": [" ", " ", " \x1fexample.com/p/1 "],
    "rule_starts": ["1900-01-01 00:00:00", "2026-03-02 12:00:00", "1900-01-01 00:00:00"],
    "rule_ends": ["2200-01-02 00:00:00"] * 3,
    "known_posts": ["example.com/p/1\x1fexample.com/p/2", "example.com/p/3"],
}
"""Values of all parameters, of which many are said; `SAID` says little."""

OF_CHANCE: dict[str, Any] = {
    "lookback_ms": 2 * DAY_MS,
    "longest_ms": 90 * DAY_MS,
    "person": "ann",
    "conversion": "c07919",
    **{
        name: value
        for name, value in MANY.items()
        if name.startswith("rule_") or name in ("known_posts", "posts", "most")
    },
}
"""What is said of the world by chance."""

SAYINGS = (
    ("#Über die Größe, zweimal #über", None, None, 3),
    ('"Rumour", about rumour', "https://example.com/p/2#c", None, 1),
    ("see there", None, "example.com/p/1#comment", 2),
    ("line one\nline two, 'quoted' #Жук_1", "example.com/p/1", None, 5),
    (None, None, None, 1),
    ("#spring sale", None, "example.com/p/2", 7),
)
"""Text, address, post and count of mentions that name no campaign."""


def _mentions() -> pa.Table:
    rows = [
        {
            "mention_id": f"m{number}",
            "occurred_at": at("2026-03-02", "23:30") + timedelta(hours=number),
            "dt": (at("2026-03-02", "23:30") + timedelta(hours=number)).date().isoformat(),
            "account": "A" if number % 2 else None,
            "mentions": count,
            "sentiment": ("positive", "negative", "neutral", None)[number % 4],
            "text": text,
            "url": url,
            "post": post,
        }
        for number, (text, url, post, count) in enumerate(SAYINGS)
    ]
    return pa.Table.from_pylist(rows, arrow_schema("mentions"))


@dataclass(frozen=True)
class Side:
    """The embedded lake's stores, and those of the same rows in the cloud by the client that reads them."""

    embedded: Stores
    clients: Mapping[str, Stores]


@pytest.fixture(scope="module")
def brands(cloud: Cloud, branded: Stores) -> Iterator[Side]:
    """The small brand."""
    yield from _both(cloud, branded, "touchline")


@pytest.fixture(scope="module")
def by_chance(cloud: Cloud, bench: Stores) -> Iterator[Side]:
    """A world by chance, always the same, and mentions that say much."""
    chosen = settings(phases=[Phase.generate], database=None, max_examples=1000)
    touches, conversions = find(
        worlds, lambda world: len(world[0]) > 35 and len(world[1]) > 18, settings=chosen, random=Random(20260301)
    )
    events.fill(bench, touches, conversions)
    bench.own_lake.write("mentions", _mentions(), "mentions")
    yield from _both(cloud, bench, "by_chance")


def _both(cloud: Cloud, embedded: Stores, database: str) -> Iterator[Side]:
    copy_lake(cast(DuckDBLake, embedded.lake), cloud.catalog, database)
    clients = {
        client: open_stores(
            load_settings(
                {
                    "TOUCHLINE_HOME": str(embedded.settings.home),
                    "TOUCHLINE_DATABASE_URL": cast(Warehouse, embedded.warehouse).url,
                    "TOUCHLINE_LAKE": client,
                    "TOUCHLINE_LAKE_URL": URL,
                    "TOUCHLINE_GLUE_DATABASE": database,
                    "TOUCHLINE_TRINO_URL": cloud.trino_url or "",
                    "TOUCHLINE_ATHENA_WORKGROUP": "primary",
                    "TOUCHLINE_ATHENA_REUSE_MINUTES": "0",
                    "TOUCHLINE_LAKE_DEADLINE_SECONDS": "300",
                    "TOUCHLINE_USER": "tester",
                }
            )
        )
        for client in (("athena", "trino") if cloud.trino_url else ("athena",))
    }
    yield Side(embedded, clients)
    for stores in clients.values():
        stores.close()


@dataclass(frozen=True)
class Asking:
    """A statement with its slots filled."""

    statement: str
    slots: Slots

    def __str__(self) -> str:
        return (
            f"{self.statement}-{self.slots.slice}-{self.slots.members}-{'+'.join(key for key, _ in self.slots.models)}"
        )

    @property
    def ordered(self) -> bool:
        """Whether its rows have an order that says something."""
        return "order by" in self.text.rpartition("\nfrom ")[2]

    @property
    def text(self) -> str:
        return (statements.FOLDER / f"{self.statement}.sql").read_text(encoding="utf-8")


def askings(name: str) -> Iterator[Asking]:
    """A statement with all that it is asked with. Its rules go all at once; single conversions are asked under one."""
    rules = tuple(weighing(rule) for rule in RULES) if name.startswith("credit") else ()
    every = [(("", weighing(rule)[1]),) for rule in ("linear", "w_shaped")] if name == "conversions" else [rules]
    text = (statements.FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    parts = re.search(r"\b(from|join) (members|marks|told)\b", text) is not None
    for members in MEMBERS if parts else MEMBERS[:1]:
        for slice_ in slices(name):
            for models in every:
                yield Asking(name, Slots("campaign", "channel", slice_, members, models, order=3))
    if name.startswith("credit"):
        totalled = tuple(weighing(rule, totalled=True) for rule in TOTALLED)
        yield Asking(name, Slots("campaign", "channel", "bucket", "members", totalled, window=7))


ASKINGS = [asking for name in LAKE for asking in askings(name)]


@pytest.mark.parametrize("asking", ASKINGS, ids=str)
def test_a_statement_has_the_same_rows_of_the_brand(brands: Side, asking: Asking) -> None:
    same_rows(brands, asking, MANY)


on_trino = pytest.mark.parametrize(
    "cloud", [pytest.param("trino", marks=pytest.mark.trino)], indirect=True, scope="module"
)
"""Not in the quick suite."""


@on_trino
@pytest.mark.parametrize("asking", ASKINGS, ids=str)
def test_a_statement_has_the_same_rows_of_a_world_by_chance(by_chance: Side, asking: Asking) -> None:
    same_rows(by_chance, asking, SAID | OF_CHANCE)


def same_rows(side: Side, asking: Asking, said: Mapping[str, Any]) -> None:
    want = side.embedded.lake.frame(asking.statement, said, slots=asking.slots)
    for client, stores in side.clients.items():
        got = stores.lake.frame(asking.statement, said, slots=asking.slots)
        if not asking.ordered:
            want, got = (rows.sort_values(list(rows.columns), ignore_index=True) for rows in (want, got))
        pd.testing.assert_frame_equal(got, want, rtol=ENOUGH, atol=ENOUGH, obj=client)


@on_trino
def test_no_comparison_is_of_nothing(brands: Side, by_chance: Side) -> None:
    """Every statement has rows in the one data set or in the other."""
    for name in LAKE:
        [asking, *_] = askings(name)
        found = (
            side.embedded.lake.frame(name, said, slots=asking.slots)
            for side, said in ((brands, MANY), (by_chance, SAID | OF_CHANCE))
        )
        assert sum(map(len, found)), name


QUESTIONS_ASKED: list[tuple[str, dict[str, str]]] = [(name, {}) for name in QUESTIONS] + [
    ("channel_credit", {"model": model}) for model in MODELS
]


@on_trino
@pytest.mark.parametrize(("name", "more"), QUESTIONS_ASKED)
def test_a_question_has_the_same_answer_by_trinos_own_client(brands: Side, name: str, more: dict[str, str]) -> None:
    """By Athena's, tests/cloud asks them."""
    question = QUESTIONS[name]

    def answered(stores: Stores) -> Found:
        return question.answer(stores.read(), question.complete({**ASKED.get(name, {}), **more}, stores.settings))

    want, got = answered(brands.embedded), answered(brands.clients["trino"])
    pd.testing.assert_frame_equal(got.rows, want.rows, rtol=ENOUGH, atol=ENOUGH)
    assert (got.warnings, got.missing) == (want.warnings, want.missing)
    assert_same_facts(got.facts, want.facts)


def assert_same_facts(got: Any, want: Any) -> None:
    """What stands beside the rows: numbers and what is made of them."""
    if isinstance(want, Mapping):
        assert list(got) == list(want)
        for key in want:
            assert_same_facts(got[key], want[key])
    elif isinstance(want, (list, tuple)):
        assert len(got) == len(want)
        for one, other in zip(got, want, strict=True):
            assert_same_facts(one, other)
    elif isinstance(want, pd.DataFrame):
        pd.testing.assert_frame_equal(got, want, rtol=ENOUGH, atol=ENOUGH)
    elif isinstance(want, float):
        assert got == pytest.approx(want, rel=ENOUGH, abs=ENOUGH, nan_ok=True)
    else:
        assert got == want
