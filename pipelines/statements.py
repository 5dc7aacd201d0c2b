"""Lake statements: one SQL file each under sql/lake, in Athena's dialect, with values bound and slots filled on the parsed tree.

Invariant: no text of a user ever becomes SQL, but for a quoted text (what a column holds in every row that is read). Values are bound
parameters, a list becomes one placeholder a value, and the only other slots are those of pipelines/slots.py, which take expressions of the
code's own.

A statement that reads the table `members`, `marks` or `told` gets it from sql/lake/parts: what counts as a touch, what credit asks of a whole
journey, and why a conversion has no credit, is written once for all that ask.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from pipelines.constants import is_constant, put_constants
from pipelines.errors import WrongUsage
from pipelines.settings import PROJECT
from pipelines.slots import DAYS, NO_SLOTS, Members, Slots, Weighing, filling
from pipelines.unread import common_tables, leave_out_unread

FOLDER = PROJECT / "sql" / "lake"

LONGEST_PARAMETER = 1024
"""What Athena takes of one value, in characters of its SQL literal."""

POSITIONAL = ("athena", "trino")
"""Dialects of engines whose placeholders are `?`, and have no names."""


@dataclass(frozen=True)
class Bound:
    """A statement ready to run: its text in the engine's dialect and the values of the placeholders it has.

    order: in a positional dialect the names of the placeholders as they stand in the text, one a `?`; else none.
    """

    sql: str
    values: dict[str, Any]
    order: tuple[str, ...] = ()

    @property
    def in_order(self) -> list[Any]:
        """The values, one a `?`."""
        return [self.values[name] for name in self.order]


def names() -> list[str]:
    """The lake statements that there are, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def bind(
    name: str,
    parameters: Mapping[str, Any],
    *,
    dialect: str,
    relation: Callable[[str], str],
    constants: Callable[[str], Mapping[str, str | bool]] = lambda _: {},
    slots: Slots = NO_SLOTS,
) -> Bound:
    """Fill one statement's slots and lists and write it in an engine's dialect.

    relation: lake table -> the SQL by which this engine reads it. constants: lake table -> the columns that hold one and the same value in
    every row that is read, and that value: a text becomes a quoted one, and none that has a character that is not printed.

    parameters: name -> value; a list or tuple is expanded to one placeholder a value (an empty one to a single null); names that the
    statement does not use are left out. Raises WrongUsage for an unknown statement, KeyError for a parameter or slot that is missing.
    """
    if name not in names():
        raise WrongUsage(f"There is no lake statement '{name}'.")
    lengths = {key: max(len(value), 1) for key, value in parameters.items() if isinstance(value, (list, tuple))}
    steady = "zone_breaks" in parameters and not parameters["zone_breaks"]
    of_any = slots if slots.window is None else replace(slots, window=_ANY_USUAL)
    path = FOLDER / f"{name}.sql"
    same = tuple((table, _printable(constants(table))) for table in _tables(path, slots.members))
    written = _written(path, dialect, of_any, tuple(sorted(lengths.items())), steady, same)
    sql = written.sql.replace(DAYS, str(slots.window))
    for table in written.tables:
        sql = sql.replace(_mark(table), relation(table))
    values: dict[str, Any] = {}
    for key in written.parameters:
        value = parameters[key]
        if key in lengths:
            values |= {_item(key, index): item for index, item in enumerate(value or [None])}
        else:
            values[key] = value
    return Bound(sql, values, written.order)


@dataclass(frozen=True)
class _Written:
    """A statement in an engine's dialect, with a mark where each table is read, and the names of its parameters."""

    sql: str
    parameters: tuple[str, ...]
    tables: tuple[str, ...]
    order: tuple[str, ...]


@lru_cache(maxsize=512)
def _written(
    path: Path,
    dialect: str,
    slots: Slots,
    lengths: tuple[tuple[str, int], ...],
    steady: bool,
    same: tuple[tuple[str, tuple[tuple[str, str | bool], ...]], ...],
) -> _Written:
    tree = _parsed(path).copy()
    _take_parts(tree, slots.members, dialect)
    _repeat_for_models(tree, slots.models)
    for slot in list(tree.find_all(exp.Parameter)):
        slot.replace(_expression(filling(slot.name, slots, steady)))
    put_constants(tree, {table: {name: exp.convert(value) for name, value in told} for table, told in same})
    leave_out_unread(tree)
    placeholders = list(tree.find_all(exp.Placeholder))
    parameters = tuple(sorted({placeholder.name for placeholder in placeholders}))
    for placeholder in placeholders:
        if placeholder.name in dict(lengths):
            _expand(placeholder, dict(lengths)[placeholder.name])
    inner = _common_table_names(tree)
    read = [table for table in tree.find_all(exp.Table) if table.name not in inner]
    tables = tuple(sorted({table.name for table in read}))
    _group_by_no_constant(tree)
    for table in read:
        alias = table.alias_or_name
        table.set("this", exp.Var(this=_mark(table.name)))
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    if dialect not in POSITIONAL:
        return _Written(tree.sql(dialect=dialect), parameters, tables, ())
    for placeholder in list(tree.find_all(exp.Placeholder)):
        placeholder.replace(exp.Var(this=f"\x01{placeholder.name}\x01"))
    text = tree.sql(dialect=dialect, comments=False)
    return _Written(_PLACE.sub("?", text), parameters, tables, tuple(_PLACE.findall(text)))


def _printable(constants: Mapping[str, str | bool]) -> tuple[tuple[str, str | bool], ...]:
    """Constants without those that could hold a mark of ours (DAYS, _mark)."""
    return tuple((name, value) for name, value in constants.items() if isinstance(value, bool) or value.isprintable())


@lru_cache
def _tables(path: Path, members: Members) -> tuple[str, ...]:
    """The lake tables that a statement or one of its parts names."""
    tree = _parsed(path).copy()
    _take_parts(tree, members, "")
    inner = _common_table_names(tree)
    return tuple(sorted({table.name for table in tree.find_all(exp.Table)} - inner))


_ANY_USUAL = 0
"""A usual window, whichever: one text serves all."""

_PLACE = re.compile("\x01(.*?)\x01")
"""Where a value is to stand in a text, and its name."""


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
    return _parsed_text(path.read_text(encoding="utf-8"))


def _take_parts(tree: exp.Expr, members: Members, dialect: str) -> None:
    """Put the parts that say why a conversion has no credit, what credit asks of journeys, and which touches count, before a statement that
    reads `told`, `marks` or `members`."""
    if _reads(tree, "told"):
        _put_before(tree, "told", "told_anew" if members == "members_anew" else "told")
    if _reads(tree, "marks"):
        _put_before(tree, "marks", "marks")
    if _reads(tree, "members"):
        # DuckDB would keep all of its rows to read them a second time, which costs more than reading the files twice.
        plain = {"materialized": False} if dialect == "duckdb" and members == "members" else {}
        _put_before(tree, "members", members, **plain)


def _reads(tree: exp.Expr, table: str) -> bool:
    return any(read.name == table for read in tree.find_all(exp.Table))


def _put_before(tree: exp.Expr, table: str, part: str, **how: bool) -> None:
    own = _parsed(FOLDER / "parts" / f"{part}.sql").copy()
    first = exp.CTE(this=own, alias=exp.TableAlias(this=exp.to_identifier(table)), **how)
    tree.set("with_", exp.With(expressions=[first, *common_tables(tree)]))


def _repeat_for_models(tree: exp.Expr, models: tuple[tuple[str, Weighing], ...]) -> None:
    """Where a column is made of a model's credit, or of a column that is, put one a model, named after the column and the model."""
    by_age = tuple(model for model in models if model[1].weight_by_age)
    of_slot = {
        "credit": models,
        "credit_by_place": tuple(model for model in models if not model[1].weight_by_age),
        "credit_by_age": by_age,
        "weight_by_age": by_age,
    }
    made: dict[str, tuple[tuple[str, Weighing], ...]] = {}
    for select in (*(cte.this for cte in common_tables(tree)), tree):
        columns, of_select = [], dict[str, tuple[tuple[str, Weighing], ...]]()
        for column in select.expressions:
            slots = [of_slot[slot.name] for slot in column.find_all(exp.Parameter) if slot.name in of_slot]
            inner = [made[inner.name] for inner in column.find_all(exp.Column) if inner.name in made]
            if not slots and not inner:
                columns.append(column)
                continue
            own, name = [*slots, *inner][0], column.alias_or_name
            columns += [_of_model(column, made, key, weighing) for key, weighing in own]
            of_select[name] = tuple(model for model in models if model in (*of_select.get(name, ()), *own))
        made |= of_select
        select.set("expressions", columns)


def _of_model(column: exp.Expr, made: Mapping[str, object], key: str, weighing: Weighing) -> exp.Expr:
    copy = exp.alias_(column.unalias().copy(), _after(column.alias_or_name, key))
    for slot in list(copy.find_all(exp.Parameter)):
        if slot.name == "weight_by_age":
            slot.replace(exp.paren(_expression(weighing.weight_by_age)))
        elif slot.name.startswith("credit"):
            slot.replace(exp.paren(_expression(weighing.credit)))
    for inner in list(copy.find_all(exp.Column)):
        if inner.name in made:
            inner.set("this", exp.to_identifier(_after(inner.name, key)))
    return copy


def _expression(sql: str) -> exp.Expr:
    return _parsed_text(sql).copy()


@lru_cache
def _parsed_text(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read="athena")


def _after(name: str, key: str) -> str:
    return f"{name}_{key}" if key else name


def _expand(placeholder: exp.Placeholder, length: int) -> None:
    """Put one `cast(:name_i as type)` a value where the single `cast(:name as type)` stood."""
    cast = placeholder.parent
    if not isinstance(cast, exp.Cast) or not isinstance(cast.parent, (exp.In, exp.Array)):
        raise ValueError(
            f"the list :{placeholder.name} must stand as cast(:{placeholder.name} as type) in an IN or an ARRAY"
        )
    items = [exp.cast(exp.Placeholder(this=_item(placeholder.name, index)), cast.to.copy()) for index in range(length)]
    cast.parent.set("expressions", items)


def _group_by_no_constant(tree: exp.Expr) -> None:
    """Take what is the same in every row out of GROUP BY: DuckDB would hash it for each of them."""
    for group in tree.find_all(exp.Group):
        select = group.parent
        assert isinstance(select, exp.Select)
        kept = [key for key in group.expressions if not _is_constant(select, key)]
        if kept:
            group.set("expressions", kept)


def _is_constant(select: exp.Select, key: exp.Expr) -> bool:
    by_place = isinstance(key, exp.Literal) and key.is_int
    return by_place and is_constant(select.selects[int(key.this) - 1].unalias())


_LITERALLY = str.maketrans({character: f"[{character}]" for character in "*?["})


def quoted(path: str) -> str:
    """A path to read from as an SQL text that DuckDB takes literally: a glob's special characters stand for themselves."""
    return text(path.translate(_LITERALLY))


def text(value: str) -> str:
    """An SQL text."""
    return "'" + value.replace("'", "''") + "'"
