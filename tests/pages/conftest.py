"""The dashboard in the test's own process, on the demo data and on an empty home."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.navigation import MENU
from tests.conftest import Environment, environment

MAIN = Path(__file__).resolve().parent.parent.parent / "app" / "main.py"

OpenPage = Callable[..., AppTest]


@pytest.fixture
def empty(tmp_path: Path, new_database: Callable[[], str]) -> Environment:
    """The environment of a home on which nothing ever happened."""
    return environment(tmp_path / "home", new_database())


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPage]:
    """Open a page of the dashboard (its script's name) on an environment, with query parameters in its address."""

    def open_(environment: Environment, script: str, **query: Any) -> AppTest:
        forget()
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        # As on opening an address: the parameters are there before the first run.
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        return app if script == MENU[0].file else app.switch_page(f"../pages/{script}").run()

    yield open_
    forget()


def forget() -> None:
    """Close the stores of the page before, which closes their connections, and drop its answers."""
    st.cache_data.clear()
    st.cache_resource.clear()
