"""Reading dropped files, each in a thread of its own while the page goes on: what it is, its first rows, then all of it.

Invariant: nothing here is stored, and nothing here calls Streamlit, so that a page that goes away leaves nothing half done.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from app.upload.files import Answers, Dropped
from app.upload.head import head_of
from pipelines.errors import FileRefused, TouchlineError
from pipelines.ingest import MappingNeeded, Prepared, prepare, read_raw
from pipelines.ingest.guess import Guess, guess_source
from pipelines.ingest.plan import Plan, preview
from pipelines.ingest.remembered import Remembered, header_of, recall
from pipelines.ingest.suggest import Suggestion, suggest
from pipelines.sources import SOURCES, Source
from pipelines.stores import Stores

log = logging.getLogger(__name__)

State = Literal["reading", "needs an answer", "cannot be read", "already stored", "ready"]

_READERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="reading")
"""Two for all sessions: more would not be faster on few cores, and each large file needs its memory."""


class Reading:
    """What is known so far of a file, read under the answers that were given. Its thread fills it in; the page only looks.

    `source` is None where the file must be said to be something (`guess` tells what it may be). `remembered`: how files with these columns are
    read, where it is used. `suggestions`: field -> columns that may hold it. `head`: the first rows of a large file, ready before all of it is.
    `asked`: which columns must be pointed at. `problem`: why it cannot be read. `plan`: what storing it would do to the data as of
    `compared_at`. `looked` is set when the first rows are there, `done` when nothing more will come. `step` (of what) and `fraction` say how far
    it is; `began` is 0 while it waits for its turn. `waited_for`: the page has waited for it once.
    """

    def __init__(self, file: Dropped, answers: Answers, stores: Stores, version: str) -> None:
        self.file = file
        self.answers = answers
        self.guess: Guess | None = None
        self.source: Source | None = None
        self.remembered: Remembered | None = None
        self.suggestions: Mapping[str, tuple[Suggestion, ...]] = {}
        self.head: Prepared | None = None
        self.prepared: Prepared | None = None
        self.asked: MappingNeeded | None = None
        self.plan: Plan | None = None
        self.problem: TouchlineError | None = None
        self.step, self.fraction = "First rows", 0.0
        self.began = 0.0
        self.looked = threading.Event()
        self.done = threading.Event()
        self.compared_at = ""
        self.waited_for = False
        self._wanted = True
        self._version = version
        self._stores = stores
        _READERS.submit(self._run, self._look)

    @property
    def state(self) -> State:
        """Where it stands, in the words of the page."""
        if self.problem:
            return "cannot be read"
        if self.done.is_set() and (self.source is None or self.asked):
            return "needs an answer"
        if self.prepared is None or self.plan is None:
            return "reading"
        if self.prepared.doubts:
            return "needs an answer"
        if not self.prepared.accepted:
            return "cannot be read"
        return "already stored" if self.plan.changes_nothing else "ready"

    @property
    def shown(self) -> Prepared | None:
        """The best there is to show rows and columns from: all of the file, else its head."""
        return self.prepared or self.head

    @property
    def title(self) -> str:
        """What the file is read as: the tool's export, if it is known, and the source."""
        if self.source is None:
            return ""
        export = self.shown.export if self.shown else None
        return f"{export.title} · {self.source.title}" if export else self.source.title

    @property
    def unfinished(self) -> bool:
        """Whether more will be known."""
        return not self.done.is_set() or (not self.problem and bool(self.plan) and self.compared_at != self._version)

    def give_up(self) -> None:
        """Stop as soon as possible: the file left the list, or is read under other answers."""
        self._wanted = False

    def compare_again(self, version: str) -> None:
        """Say anew what storing would do, where the data changed since it was said."""
        if self.done.is_set() and self.prepared and version != self._version:
            self._version = version
            _READERS.submit(self._run, self._compare)

    def _run(self, work: Callable[[], None]) -> None:
        """Do one piece of the work; whatever goes wrong becomes a sentence about this file."""
        if not self._wanted:
            return
        try:
            work()
        except MappingNeeded as needed:
            self.asked = needed
        except TouchlineError as problem:
            self.problem = problem
        except Exception:
            log.exception("reading %s", self.file.name)
            self.problem = FileRefused(
                f"Reading {self.file.name} failed through a fault of ours.",
                "The log of the dashboard has the details; nothing was stored.",
            )
        if self.problem or self.asked or self.plan or (self.looked.is_set() and self.source is None):
            self.looked.set()
            self.done.set()

    def _look(self) -> None:
        """Find out what it is and how such files are read, and read its first rows if there are many."""
        self.began = time.monotonic()
        content, name = self.file.content, self.file.name
        head = head_of(content)
        header = header_of(read_raw(head or content, name))
        known = recall(self._stores, header) if self.answers.use_remembered else []
        source = SOURCES.get(self.answers.source)
        if source is None and not known:
            source = self._guess()
        self.remembered = next((entry for entry in known if source is None or entry.source == source.name), None)
        self.source = source or (SOURCES[self.remembered.source] if self.remembered else None)
        if self.source is not None:
            self.suggestions = suggest(self.source, read_raw(head or content, name, self.source))
            if head is not None:
                self.head = self._prepare(head)
            _READERS.submit(self._run, self._read)
        self.looked.set()

    def _guess(self) -> Source | None:
        """The source that the columns tell; None where they tell none or leave a doubt, and a person must say it."""
        try:
            self.guess = guess_source(self.file.content, self.file.name)
        except FileRefused:  # it can be read, but its columns fit nothing
            return None
        return self.guess.source

    def _read(self) -> None:
        self.step, self.fraction = "All rows", 0.1
        self.prepared = self._prepare(self.file.content)
        self._compare()

    def _compare(self) -> None:
        assert self.prepared is not None
        self.step, self.fraction = "Effect on what is stored", 0.8
        version = self._version
        self.plan = preview(self._stores, self.prepared)
        self.compared_at = version

    def _prepare(self, content: bytes) -> Prepared:
        assert self.source is not None
        settings, options = self._stores.settings, self.options
        return prepare(
            self.source,
            content,
            self.file.name,
            self.mapping,
            self.fixed,
            zone=options.get("zone") or settings.reporting_time_zone,
            currency=settings.reporting_currency,
            date_order=options.get("date_order"),  # type: ignore[arg-type]
            decimal=options.get("decimal"),  # type: ignore[arg-type]
        )

    @property
    def mapping(self) -> dict[str, str | None]:
        """Field -> column as said now, else as remembered; a column that is given to a field now is no other's any more."""
        said = self.answers.mapping
        kept = self.remembered.mapping.items() if self.remembered else ()
        given = {column for column in said.values() if column}
        return {
            field: column for field, column in kept if column not in given and field not in self.answers.fixed
        } | dict(said)

    @property
    def fixed(self) -> dict[str, str]:
        """Field -> value of all rows as said now, else as remembered."""
        kept = self.remembered.fixed.items() if self.remembered else ()
        return {field: value for field, value in kept if field not in self.answers.mapping} | dict(self.answers.fixed)

    @property
    def options(self) -> dict[str, str]:
        """zone, date_order and decimal as said now, else as remembered."""
        said = {name: getattr(self.answers, name) for name in ("zone", "date_order", "decimal")}
        kept = self.remembered.options if self.remembered else {}
        return dict(kept) | {name: value for name, value in said.items() if value}
