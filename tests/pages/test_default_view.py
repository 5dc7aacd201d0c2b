"""What `refresh` asks ahead is all that the pages ask on opening: they work nothing out themselves then."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.navigation import MENU
from pipelines import questions
from pipelines.default_view import refresh
from pipelines.questions import Answer, Question
from pipelines.settings import load_settings
from pipelines.stores import Reading, open_stores
from tests.conftest import Environment
from tests.pages.conftest import OpenPage

SCRIPTS = [entry.file for entry in MENU]


@pytest.fixture(scope="module")
def warm(demo: Environment) -> Environment:
    """The demo, refreshed by a process of its own."""
    stores = open_stores(load_settings(demo))
    done = refresh(stores)
    assert refresh(stores).renewed == 0
    assert done.answers > 25
    stores.close()
    return demo


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_opens_with_what_was_answered_ahead(
    script: str, warm: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_out: list[tuple[str, Mapping[str, Any]]] = []
    answer = questions._answer

    def noted(question: Question, reading: Reading, parameters: dict[str, Any]) -> Answer:
        if not question.live:
            worked_out.append((question.name, parameters))
        return answer(question, reading, parameters)

    monkeypatch.setattr(questions, "_answer", noted)
    page = open_page(warm, script)
    assert not page.exception
    assert worked_out == []
