"""What a lake in the cloud asks of the engine that runs its queries: a bound query, answered with an Arrow table of the types the engine names.

Invariants: values are bound, never pasted; of every query that an engine took, or would not take, the asker is told once, with what it scanned.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from pipelines.stores.base import LakeQuery

_KINDS: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "real": pa.float32(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}


@dataclass(frozen=True)
class Asked:
    """A query: its text in the engine's dialect, the values of its `?` in order, the statement it comes from, the lake tables it reads."""

    statement: str
    sql: str
    values: Sequence[Any]
    tables: tuple[str, ...]


class Engine(Protocol):
    """Runs queries over the lake's tables. Safe to use from many threads."""

    @property
    def dialect(self) -> str:
        """What the engine speaks: athena, trino."""
        ...

    def run(self, asked: Asked, ran: Callable[[LakeQuery], None]) -> pa.Table:
        """The rows of a query. ran: told what became of it.

        Raises LakeUnavailable with the query's id, WrongUsage where a value cannot be bound.
        """
        ...

    def command(self, statement: str, ran: Callable[[LakeQuery], None]) -> None:
        """Run a statement that changes how a table is stored, however long it takes. ran: told what became of it.

        Raises LakeUnavailable with the query's id.
        """
        ...

    def close(self) -> None: ...


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type of what an engine calls `bigint`, `decimal(18,4)`, `timestamp(6)`. What has no type here comes as its text."""
    base, *numbers = re.findall(r"\w+", kind.lower())
    if base == "decimal":
        return pa.decimal128(*map(int, numbers))
    return _KINDS.get(base, pa.string())
