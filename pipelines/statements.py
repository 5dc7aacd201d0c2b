"""Lake statements: one SQL file each under sql/lake, in Athena's dialect, with values bound and slots filled on the parsed tree.

Invariant: no text of a user ever becomes SQL. Values are bound parameters, a list becomes one placeholder a value, and the only other slots,
@dimension and @weights, take expressions that this module parses from the code's own allow-lists.
"""

from collections.abc import Callable, Mapping, Sequence
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
"""Columns a statement may be grouped by: the allow-list of @dimension."""


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
    if dimension is not None and dimension not in DIMENSIONS:
        raise WrongUsage(f"'{dimension}' is no dimension.", f"Use one of {', '.join(DIMENSIONS)}.")
    tree = _parsed(FOLDER / f"{name}.sql").copy()
    for slot in list(tree.find_all(exp.Parameter)):
        slot.replace(_slot(slot.name, dimension, weights))
    values: dict[str, Any] = {}
    for placeholder in list(tree.find_all(exp.Placeholder)):
        value = parameters[placeholder.name]
        if isinstance(value, (list, tuple)):
            _expand(placeholder, value, values)
        else:
            values[placeholder.name] = value
    inner = _common_table_names(tree)
    for table in list(tree.find_all(exp.Table)):
        if table.name not in inner:
            alias = table.alias_or_name
            table.set("this", exp.Var(this=relation(table.name)))
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return Bound(tree.sql(dialect=dialect), values)


def _common_table_names(tree: exp.Expr) -> set[str]:
    return {cte.alias_or_name for cte in tree.find_all(exp.CTE)}


@lru_cache
def _parsed(path: Path) -> exp.Expr:
    return sqlglot.parse_one(path.read_text(encoding="utf-8"), read="athena")


def _slot(slot: str, dimension: str | None, weights: str | None) -> exp.Expr:
    if slot == "dimension" and dimension is not None:
        return exp.column(dimension)
    if slot == "weights" and weights is not None:
        return exp.paren(sqlglot.parse_one(weights, read="athena"))
    raise KeyError(f"@{slot} has no value")


def _expand(placeholder: exp.Placeholder, value: Sequence[Any], values: dict[str, Any]) -> None:
    """Put one `cast(:name_i as type)` a value where the single `cast(:name as type)` stood."""
    cast = placeholder.parent
    if not isinstance(cast, exp.Cast) or not isinstance(cast.parent, (exp.In, exp.Array)):
        raise ValueError(
            f"the list :{placeholder.name} must stand as cast(:{placeholder.name} as type) in an IN or an ARRAY"
        )
    items: list[exp.Expr] = []
    for index, item in enumerate(value or [None]):
        key = f"{placeholder.name}_{index}"
        values[key] = item
        items.append(exp.cast(exp.Placeholder(this=key), cast.to.copy()))
    holder = cast.parent
    holder.set("expressions", items)
