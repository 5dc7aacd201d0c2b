"""Lake statements: one SQL file each under sql/lake, in Athena's dialect, with values bound and slots filled on the parsed tree.

Invariant: no text of a user ever becomes SQL. Values are bound parameters, a list becomes one placeholder a value, and the only other slots,
@dimension, @channel and @weights, take expressions that this module parses from the code's own allow-lists.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from pipelines.errors import WrongUsage
from pipelines.settings import PROJECT

FOLDER = PROJECT / "sql" / "lake"

DIMENSIONS = ("channel", "campaign", "platform", "account", "creative", "post", "kind")
"""Columns a statement may be grouped by, beside the one that tells a touch's channel: the allow-list of @dimension."""

CHANNELS = ("channel", "origin")
"""Columns that may tell a touch's channel: the allow-list of @channel."""


@dataclass(frozen=True)
class Bound:
    """A statement ready to run: its text in the engine's dialect and the values of the placeholders it has."""

    sql: str
    values: dict[str, Any]


def names() -> list[str]:
    """The lake statements that there are, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def bind(
    name: str,
    parameters: Mapping[str, Any],
    *,
    dialect: str,
    relation: Callable[[str], str],
    dimension: str | None = None,
    channel: str = "channel",
    weights: str | None = None,
) -> Bound:
    """Fill one statement's slots and lists and write it in an engine's dialect.

    relation: lake table -> the SQL by which this engine reads it.

    parameters: name -> value; a list or tuple is expanded to one placeholder a value (an empty one to a single null); names that the
    statement does not use are left out. weights: an expression in Athena's dialect from the MODELS registry, which may use parameters.
    Raises WrongUsage for an unknown statement or a dimension that is not allowed, KeyError for a parameter that is missing.
    """
    if name not in names():
        raise WrongUsage(f"There is no lake statement '{name}'.")
    if channel not in CHANNELS:
        raise WrongUsage(f"'{channel}' does not tell channels.", f"Use one of {', '.join(CHANNELS)}.")
    if dimension is not None and dimension not in (*DIMENSIONS, *CHANNELS):
        raise WrongUsage(f"'{dimension}' is no dimension.", f"Use one of {', '.join(DIMENSIONS)}.")
    lengths = {key: max(len(value), 1) for key, value in parameters.items() if isinstance(value, (list, tuple))}
    written = _written(FOLDER / f"{name}.sql", dialect, dimension, channel, weights, tuple(sorted(lengths.items())))
    sql = written.sql
    for table in written.tables:
        sql = sql.replace(_mark(table), relation(table))
    values: dict[str, Any] = {}
    for key in written.parameters:
        value = parameters[key]
        if key in lengths:
            values |= {_item(key, index): item for index, item in enumerate(value or [None])}
        else:
            values[key] = value
    return Bound(sql, values)


@dataclass(frozen=True)
class _Written:
    """A statement in an engine's dialect, with a mark where each table is read, and the names of its parameters."""

    sql: str
    parameters: tuple[str, ...]
    tables: tuple[str, ...]


@lru_cache(maxsize=256)
def _written(
    path: Path,
    dialect: str,
    dimension: str | None,
    channel: str,
    weights: str | None,
    lengths: tuple[tuple[str, int], ...],
) -> _Written:
    tree = _parsed(path).copy()
    for slot in list(tree.find_all(exp.Parameter)):
        slot.replace(_slot(slot.name, dimension, channel, weights))
    placeholders = list(tree.find_all(exp.Placeholder))
    parameters = tuple(sorted({placeholder.name for placeholder in placeholders}))
    for placeholder in placeholders:
        if placeholder.name in dict(lengths):
            _expand(placeholder, dict(lengths)[placeholder.name])
    inner = _common_table_names(tree)
    read = [table for table in tree.find_all(exp.Table) if table.name not in inner]
    tables = tuple(sorted({table.name for table in read}))
    for table in read:
        alias = table.alias_or_name
        table.set("this", exp.Var(this=_mark(table.name)))
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return _Written(tree.sql(dialect=dialect), parameters, tables)


def _mark(table: str) -> str:
    """What stands for a table until it is known how to read it: no SQL text has such a character."""
    return f"\x00{table}\x00"


def _item(name: str, index: int) -> str:
    """The placeholder of one value of a list."""
    return f"{name}_{index}"


def _common_table_names(tree: exp.Expr) -> set[str]:
    return {cte.alias_or_name for cte in tree.find_all(exp.CTE)}


@lru_cache
def _parsed(path: Path) -> exp.Expr:
    return sqlglot.parse_one(path.read_text(encoding="utf-8"), read="athena")


def _slot(slot: str, dimension: str | None, channel: str, weights: str | None) -> exp.Expr:
    if slot == "channel":
        return exp.column(channel)
    if slot == "dimension" and dimension is not None:
        return exp.column(dimension)
    if slot == "weights" and weights is not None:
        return exp.paren(sqlglot.parse_one(weights, read="athena"))
    raise KeyError(f"@{slot} has no value")


def _expand(placeholder: exp.Placeholder, length: int) -> None:
    """Put one `cast(:name_i as type)` a value where the single `cast(:name as type)` stood."""
    cast = placeholder.parent
    if not isinstance(cast, exp.Cast) or not isinstance(cast.parent, (exp.In, exp.Array)):
        raise ValueError(
            f"the list :{placeholder.name} must stand as cast(:{placeholder.name} as type) in an IN or an ARRAY"
        )
    items = [exp.cast(exp.Placeholder(this=_item(placeholder.name, index)), cast.to.copy()) for index in range(length)]
    cast.parent.set("expressions", items)


def quoted(path: str) -> str:
    """A file's path as an SQL text that DuckDB takes literally: a glob's special characters stand for themselves."""
    literal = "".join(f"[{character}]" if character in "*?[" else character for character in path)
    return "'" + literal.replace("'", "''") + "'"
