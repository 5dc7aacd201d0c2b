"""The command line in the test's own process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    new_database: Callable[[], str],
) -> Run:
    """Run a command on a home of the test's own: exit status, standard output, standard error."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOUCHLINE_DATABASE_URL", new_database())
    monkeypatch.setenv("TOUCHLINE_USER", "mia")

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = int(str(ended.code))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run
