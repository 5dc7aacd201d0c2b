"""The corpus: nasty files, each with what a careful person reads in it.

Invariant: beside every file stands its case of the same name, `<name>.toml`; README.md says how to write one.
"""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.errors import FileRefused
from pipelines.ingest import Prepared, prepare
from pipelines.ingest.guess import guess_source
from pipelines.sources import SOURCES, Source

FOLDER = Path(__file__).parent
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
"""The moment at which the corpus is read: later days lie in the future."""


@dataclass(frozen=True)
class Case:
    """A file, what the person says about it, and what must become of it."""

    file: Path
    words: dict[str, Any]

    @property
    def name(self) -> str:
        """Area and name, as the test shows it."""
        return f"{self.file.parent.name}/{self.file.name}"

    @cached_property
    def content(self) -> bytes:
        """The file's bytes."""
        return self.file.read_bytes()

    @property
    def expected(self) -> dict[str, Any]:
        """The case's [expect]."""
        return dict(self.words["expect"])

    def prepare(self, content: bytes | None = None) -> Prepared:
        """Prepare the file (or other bytes in its place) as the page does. Raises TouchlineError where it is refused."""
        given = self.content if content is None else content
        source = self._source(given)
        return prepare(source, given, self.file.name, **{"now": NOW, **self.words.get("said", {})})

    def _source(self, content: bytes) -> Source:
        if self.words["source"] != "auto":
            return SOURCES[self.words["source"]]
        guess = guess_source(content, self.file.name)
        if guess.source is None:
            raise FileRefused(f"What is in '{self.file.name}'? {guess.doubt}", "Choose it.")
        return guess.source


def cases() -> list[Case]:
    """Every case of the corpus, by name."""
    return [Case(_file(words), tomllib.loads(words.read_text("utf-8"))) for words in sorted(FOLDER.glob("*/*.toml"))]


def _file(words: Path) -> Path:
    """The one file beside a case's words."""
    (found,) = (path for path in words.parent.glob(f"{words.stem}.*") if path.suffix != ".toml")
    return found
