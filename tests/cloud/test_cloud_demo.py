"""The whole way through the cloud, on this machine: the demo's files land, Spark's jobs curate them, PyAthena's answers fill the pages. What is
shown and what is answered is what the embedded lake shows and answers."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.navigation import MENU, MenuEntry
from pipelines.cli_output import answered
from pipelines.questions import QUESTIONS, ask
from pipelines.settings import load_settings
from pipelines.stores import Stores, open_stores
from tests.cloud.demo import fill, variables
from tests.cloud.endpoint import Endpoint, environment
from tests.conftest import Environment
from tests.pages.conftest import MAIN, forget

pytestmark = pytest.mark.cloud

OWN = ("uploads", "lake_queries", "freshness")
"""Questions whose answers name the uploads and queries of a home, and the moments at which they were made."""
ASKED: dict[str, dict[str, str]] = {
    "point_mentions": {"by": "campaign", "point": "Spring Sale"},
    "model_windows": {"name": "Email"},
}


@pytest.fixture(scope="module")
def in_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The environment of a home whose lake in the cloud holds the demo data. The end point's part of it holds for the whole module."""
    with pytest.MonkeyPatch.context() as patch, Endpoint() as endpoint:
        said = variables(endpoint.url, tmp_path_factory.mktemp("cloud") / "home")
        fill(said)
        for name, value in environment(endpoint.url).items():
            patch.setenv(name, value)
        yield said


@pytest.fixture(scope="module")
def both(in_cloud: Environment, demo: Environment) -> Iterator[tuple[Stores, Stores]]:
    """The stores of the home in the cloud, and those of the embedded one."""
    ours, theirs = (open_stores(load_settings(said)) for said in (in_cloud, demo))
    yield ours, theirs
    ours.close()
    theirs.close()


def asked(stores: Stores, question: str) -> dict[str, Any]:
    """What `ask --format json` prints."""
    answer: dict[str, Any] = json.loads(answered(ask(stores, question, ASKED.get(question)), "json"))
    return answer


def close(ours: Any, theirs: Any) -> bool:
    """Whether two JSON values are the same, numbers to 1e-9."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(close(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(close, ours, theirs))
    if isinstance(ours, float) or isinstance(theirs, float):
        return ours is not None and theirs is not None and ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)
    return bool(ours == theirs)


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name not in OWN])
def test_a_question_has_the_same_answer(question: str, both: tuple[Stores, Stores]) -> None:
    ours, theirs = (asked(stores, question) for stores in both)
    assert ours["parameters"].keys() == theirs["parameters"].keys()
    for part in ("rows", "facts", "warnings"):
        assert close(ours[part], theirs[part]), part


def shown(file: str, home: Environment, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a page shows: its cards, tables and sentences."""
    forget()
    with monkeypatch.context() as patched:
        for name, value in home.items():
            patched.setenv(name, value)
        app = AppTest.from_file(str(MAIN), default_timeout=120).run()
        app = app.switch_page(f"../pages/{file}").run()
        forget()
    assert not app.exception
    cards = [f"{card.label}: {card.value} {card.delta}" for card in app.metric]
    tables = [table.value.to_json(orient="split", double_precision=6) for table in app.dataframe]
    # Moments and data versions are those of each home, and so is how its demo goes.
    said = [re.sub(r"(computed|last upload|Your first own upload) .*", "", str(text.value)) for text in app.markdown]
    return [*cards, *tables, *said]


@pytest.mark.parametrize("entry", [entry for entry in MENU if entry.question], ids=lambda entry: entry.title)
def test_a_page_shows_the_same_numbers(
    entry: MenuEntry, demo: Environment, in_cloud: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(entry.file, in_cloud, monkeypatch) == shown(entry.file, demo, monkeypatch)
