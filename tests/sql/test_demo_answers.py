"""Questions on the demo, the largest data set of the tests: small results, whatever the lake holds."""

from collections.abc import Iterator

import pytest

from pipelines.attribution import MODELS, model_parameters
from pipelines.attribution.asked import weighing
from pipelines.calendar import Period
from pipelines.demo import FIRST_DAY, LAST_DAY
from pipelines.questions import ask
from pipelines.settings import load_settings
from pipelines.stores import open_stores
from pipelines.stores.base import Stores
from tests.conftest import Environment
from tests.sql import events

DAYS = (LAST_DAY - FIRST_DAY).days + 1


@pytest.fixture(scope="module")
def opened(demo: Environment) -> Iterator[Stores]:
    stores = open_stores(load_settings(demo))
    yield stores
    stores.close()


def named(stores: Stores, kind: str) -> set[str]:
    """The names that the filters offer."""
    rows = ask(stores, "options").rows
    return set(rows.loc[rows["kind"] == kind, "value"])


@pytest.mark.parametrize("dimension", ["channel", "campaign"])
def test_no_more_rows_than_days_and_names(opened: Stores, dimension: str) -> None:
    names = named(opened, dimension)
    credited = ask(opened, "credit_by_day", {"by": dimension, "model": "linear"}).rows
    assert not credited.duplicated(["day", dimension]).any()
    assert set(credited[dimension].dropna()) <= names
    assert 0 < len(credited) <= DAYS * (len(names) + 1)
    whole = ask(opened, "channel_credit", {"by": dimension, "model": "linear"}).rows
    assert len(whole) == credited[dimension].nunique(dropna=False)


def test_only_sums_leave_the_lake(opened: Stores) -> None:
    """200,000 touchpoints, and no statement of credit hands over more than a row a day, spelling and currency."""
    spellings = set(opened.lake.frame("names", {}).query("source == 'touchpoints'")["channel"])
    currencies = opened.lake.frame("conversion_types", {})["currency"].nunique()
    asked = events.asked(opened, Period(FIRST_DAY, LAST_DAY), "time_decay")
    slots = asked.slots("day", (weighing("time_decay"),))
    rows = asked.lake("credit", slots, asked.parameters(**asked.how.model_parameters))
    assert len(rows) <= DAYS * len(spellings) * currencies
    assert not rows.duplicated(["slice", "name", "currency"]).any()


@pytest.mark.parametrize("model", [key for key, model in MODELS.items() if model.additive])
def test_credit_is_conserved_on_the_demo(opened: Stores, model: str) -> None:
    answer = ask(opened, "channel_credit", {"model": model, "lookback_days": 21.5, **model_parameters(model, {})})
    lost = ask(opened, "unattributed", {"lookback_days": 21.5}).rows
    assert answer.rows["attributed_conversions"].sum() + lost["conversions"].sum() == pytest.approx(
        answer.facts["conversions"], rel=1e-9
    )
