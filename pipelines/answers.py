"""Kept answers: each question's last good answer by its parameters, with the data version it was computed from.

Invariant: an answer is served as current only where its data version equals the present one; an older one only when a store fails, and it
says so. The warehouse keeps them for all processes; a copy in memory serves when the warehouse itself is gone.
"""

import hashlib
import io
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from pipelines.errors import TouchlineError
from pipelines.settings import PROJECT, Settings
from pipelines.stores.base import Scan, Stores

_KEPT_IN_MEMORY = 256
_LARGEST_KEPT_BYTES = 4_000_000
_DAYS_KEPT = 30

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """Rows and their pedigree.

    facts: values that belong to all rows (totals, thresholds, coverage). missing: the sources without rows that the question needs.
    stale: computed from an older data version because a store does not answer now; the first warning says which.
    scan: what was read in the cloud for it when it was computed, beside what questions of the same data version had read already.
    """

    question: str
    parameters: dict[str, Any]
    rows: pd.DataFrame
    data_version: str
    demo: bool = False
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    computed_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    stale: bool = False
    scan: Scan | None = None


class KeptAnswers:
    """The kept answers of one pair of stores. Safe to use from many threads."""

    def __init__(self) -> None:
        self._memory: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, stores: Stores, question: str, parameters: Mapping[str, Any]) -> Answer | None:
        """The newest kept answer, of whatever data version; None where there is none or the warehouse does not answer."""
        key = (question, _key(parameters, stores.settings))
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        try:
            with stores.warehouse.transaction() as connection:
                row = connection.execute(
                    text(
                        "select data_version, computed_at, answer from answers where question = :q and parameters_key = :k"
                    ),
                    {"q": key[0], "k": key[1]},
                ).one_or_none()
        except (TouchlineError, SQLAlchemyError):
            return None
        if row is None:
            return None
        answer = _read(question, dict(parameters), row.data_version, row.computed_at, bytes(row.answer))
        self._remember(key, answer)
        return answer

    def keep(self, stores: Stores, answer: Answer) -> None:
        """Keep an answer for all processes. One that cannot be kept is still an answer: that is only logged."""
        key = (answer.question, _key(answer.parameters, stores.settings))
        self._remember(key, answer)
        content = _written(answer)
        if len(content) > _LARGEST_KEPT_BYTES:
            return
        values = {
            "q": key[0],
            "k": key[1],
            "p": json.dumps(answer.parameters, default=str),
            "v": answer.data_version,
            "t": answer.computed_at,
            "a": content,
        }
        try:
            with stores.warehouse.transaction() as connection:
                connection.execute(
                    text(
                        "insert into answers (question, parameters_key, parameters, data_version, computed_at, answer) "
                        "values (:q, :k, cast(:p as jsonb), :v, :t, :a) on conflict (question, parameters_key) do update set "
                        "data_version = excluded.data_version, computed_at = excluded.computed_at, answer = excluded.answer"
                    ),
                    values,
                )
        except (TouchlineError, SQLAlchemyError) as error:
            log.warning("an answer to %s was not kept: %s", answer.question, type(error).__name__)

    def _remember(self, key: tuple[str, str], answer: Answer) -> None:
        with self._lock:
            self._memory[key] = answer
            self._memory.move_to_end(key)
            while len(self._memory) > _KEPT_IN_MEMORY:
                self._memory.popitem(last=False)


_kept: "WeakKeyDictionary[Stores, KeptAnswers]" = WeakKeyDictionary()


def kept_answers(stores: Stores) -> KeptAnswers:
    """The kept answers of these stores. Those that nobody renewed for long are forgotten when a process first asks for them."""
    if stores not in _kept:
        _kept[stores] = KeptAnswers()
        _forget_old(stores)
    return _kept[stores]


def _forget_old(stores: Stores) -> None:
    try:
        with stores.warehouse.transaction() as connection:
            connection.execute(
                text("delete from answers where computed_at < now() - make_interval(days => :days)"),
                {"days": _DAYS_KEPT},
            )
    except (TouchlineError, SQLAlchemyError) as error:
        log.warning("old answers were not forgotten: %s", type(error).__name__)


def stale(answer: Answer, because: TouchlineError) -> Answer:
    """A kept answer as it is shown while a store fails: marked, and opened by the reason."""
    return replace(answer, stale=True, warnings=[f"{because.message} {because.remedy}".strip(), *answer.warnings])


@cache
def _program() -> str:
    """A digest of the code that computes, so that no answer outlives the program that gave it."""
    digest = hashlib.sha256()
    for folder, kind in (("pipelines", "*.py"), ("sql", "*.sql")):
        for path in sorted((PROJECT / folder).rglob(kind)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(parameters: Mapping[str, Any], settings: Settings) -> str:
    """A digest of the parameters, of the settings that change what they mean, and of the program."""
    said = [
        sorted(parameters.items()),
        settings.reporting_time_zone,
        settings.direct_channels,
        settings.primary_conversion_type,
        settings.reporting_currency,
        settings.longest_lookback_days,
        _program(),
    ]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


def _written(answer: Answer) -> bytes:
    rows = io.BytesIO()
    answer.rows.to_parquet(rows, index=False)
    beside = {
        "demo": answer.demo,
        "warnings": answer.warnings,
        "facts": answer.facts,
        "missing": answer.missing,
        "scan": asdict(answer.scan) if answer.scan else None,
    }
    head = json.dumps(beside, default=str).encode()
    return len(head).to_bytes(4, "big") + head + rows.getvalue()


def _read(question: str, parameters: dict[str, Any], version: str, computed_at: datetime, content: bytes) -> Answer:
    size = int.from_bytes(content[:4], "big")
    beside = json.loads(content[4 : 4 + size])
    rows = pd.read_parquet(io.BytesIO(content[4 + size :]))
    scan = Scan(**found) if (found := beside.pop("scan", None)) else None
    return Answer(question, parameters, rows, version, computed_at=computed_at, scan=scan, **beside)
