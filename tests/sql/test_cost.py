"""What is scanned costs money: of half a year, a question about four weeks reads these weeks and not the half year."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import cast

import pyarrow as pa
import pytest
from sqlalchemy import text

from pipelines import default_view
from pipelines.calendar import Period
from pipelines.questions import QUESTIONS
from pipelines.slots import Slots
from pipelines.stores.base import LakeQuery, Stores
from pipelines.stores.catalog import NAMESPACE, arrow_schema
from pipelines.stores.engine_athena import AthenaEngine
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.lake_remote import RemoteLake
from tests.cloud.lakes import URL, Cloud, copy_lake
from tests.sql import events
from tests.sql.events import Conversion, Touch, at

pytestmark = pytest.mark.parametrize(
    "cloud", [pytest.param("trino", marks=pytest.mark.trino)], indirect=True, scope="module"
)
"""Trino reads of a file what Athena does, and tells it; DuckDB's bytes would be ours."""

FIRST, DAYS = date(2026, 1, 1), 180
WHOLE = Period(FIRST, FIRST + timedelta(days=DAYS - 1))
FOUR_WEEKS = Period(date(2026, 4, 1), date(2026, 4, 28))
TOUCHES, CONVERSIONS, MENTIONS = 60, 15, 40
"""Of each day. Every person is met on some days in a row."""

IN_ONE_FILE = 10
"""Days whose derived rows lie together: at each end of a period so many more may be read."""

Scanned = Counter[str]
"""Statement -> bytes."""


@pytest.fixture(scope="module")
def half_a_year(bench: Stores) -> Stores:
    """Embedded stores with as much on each of 180 days."""
    days = [(FIRST + timedelta(days=number)).isoformat() for number in range(DAYS)]
    touches = [
        Touch(
            f"t{day}{number}", at(day, f"{number % 24:02}:{number:02}"), _person(place, number), f"channel {number % 7}"
        )
        for place, day in enumerate(days)
        for number in range(TOUCHES)
    ]
    conversions = [
        Conversion(f"c{day}{number}", at(day, "23:30"), _person(place, number))
        for place, day in enumerate(days)
        for number in range(CONVERSIONS)
    ]
    events.fill(bench, touches, conversions)
    mentions = [
        {"mention_id": f"m{day}{number}", "occurred_at": at(day), "dt": day, "account": f"a{number % 9}", "mentions": 1}
        | {"text": f"what was said {number} of it on {day}"}
        for day in days
        for number in range(MENTIONS)
    ]
    bench.own_lake.write("mentions", pa.Table.from_pylist(mentions, arrow_schema("mentions")), "mentions")
    return bench


def _person(day: int, number: int) -> str:
    return f"person {day // 5} {number}"


@pytest.fixture(scope="module")
def scanned(cloud: Cloud, half_a_year: Stores) -> Iterator[Callable[[Callable[[Stores], object]], Scanned]]:
    """Does something with the stores of the same rows in the cloud, and tells what Athena says that its statements scanned."""
    copy_lake(cast(DuckDBLake, half_a_year.lake), cloud.catalog)
    told: list[LakeQuery] = []
    engine = AthenaEngine(
        database=NAMESPACE,
        workgroup="primary",
        results=f"{URL}/results/",
        deadline_seconds=300,
        reuse_minutes=0,
        dollars_per_terabyte=5.0,
    )
    lake = RemoteLake(cloud.catalog, NAMESPACE, engine, told.append)

    def run(ask: Callable[[Stores], object]) -> Scanned:
        told.clear()
        ask(Stores(half_a_year.settings, half_a_year.warehouse, lake))
        found = Scanned()
        for query in told:
            found[query.statement] += query.scanned_bytes
        return found

    yield run
    lake.close()


ASKED = {
    "credit": ("channel_credit", ("credit", "outcomes")),
    "unattributed": ("unattributed", ("outcomes",)),
}
"""What is asked -> the question, and those of its statements that read rows of the period."""


@pytest.mark.parametrize("what", ASKED)
def test_four_weeks_of_half_a_year(scanned: Callable[[Callable[[Stores], object]], Scanned], what: str) -> None:
    name, statements = ASKED[what]

    def asked(period: Period) -> Scanned:
        question = QUESTIONS[name]
        said = {"start": period.start.isoformat(), "end": period.end.isoformat(), "model": "linear"}
        return scanned(lambda stores: question.answer(stores.read(), question.complete(said, stores.settings)))

    some, every = asked(FOUR_WEEKS), asked(WHOLE)
    for statement in statements:
        assert 0 < some[statement] <= every[statement] * (28 + 2 * IN_ONE_FILE) / DAYS


def test_mentions_of_four_weeks(scanned: Callable[[Callable[[Stores], object]], Scanned]) -> None:
    """They lie by single days."""

    def asked(period: Period) -> Scanned:
        bounds = period.bounds("Europe/Berlin")
        return scanned(lambda stores: stores.read().lake("mentions", bounds, slots=Slots("account")))

    some, every = asked(FOUR_WEEKS)["mentions"], asked(WHOLE)["mentions"]
    assert 0 < some <= every * (28 + 2) / DAYS * 1.1


OVER_ALL_TIME = {"names", "conversion_types", "hashtags", "campaign_mentions"}
"""What lists all that there ever was, and so reads all days: what the filters and the page of names offer. docs/aws.md says what it costs. (The
mentions of campaigns are read of the asked days, too.)"""


def test_pages_that_are_opened_read_their_days_and_the_lists(
    scanned: Callable[[Callable[[Stores], object]], Scanned], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that the pages ask when they are opened, of four weeks (and the four before) and of the half year."""

    def opened(days: int) -> Scanned:
        monkeypatch.setattr(default_view, "DAYS", days)

        def ask(stores: Stores) -> None:
            with stores.warehouse.transaction() as connection:
                connection.execute(text("delete from answers"))
            default_view.refresh(stores)

        return scanned(ask)

    some, every = opened(28), opened(DAYS)
    assert some.keys() == every.keys()
    their_days = 2 * (28 + 2 * IN_ONE_FILE) / DAYS
    assert {statement for statement, read in some.items() if read > every[statement] * their_days} == OVER_ALL_TIME
    assert "feeds" not in every, "how far they reach is told by metadata"
    for statement in OVER_ALL_TIME - {"campaign_mentions"}:
        assert some[statement] == every[statement]
    assert some["campaign_mentions"] <= every["campaign_mentions"] * (1 + their_days)
    assert some.total() <= every.total() * their_days, "the lists are no large part of it"
