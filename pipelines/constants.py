"""What a parsed statement tells or groups by that is one and the same value in every row, written as that value: an engine groups by less then.

Invariant: the statement's rows and columns stay what they were. What rows are filtered by stays as it is written: without such filters DuckDB
reads the same files more slowly.
"""

from collections.abc import Iterator, Mapping

from sqlglot import exp

from pipelines.unread import common_tables

Constants = Mapping[str, exp.Expr]
"""Column -> the value that it has in every row."""


def put_constants(select: exp.Expr, tables: Mapping[str, Constants]) -> Constants:
    """Write constants of the tables instead of the columns that hold them, in the select and its common tables; returns its own columns'."""
    known = dict(tables)
    for table in common_tables(select):
        known[table.alias] = put_constants(table.this, known)
    if not isinstance(select, exp.Select):
        return {}
    name, constants = _first_source(select, known)
    for column in list(_selected_columns(select)):
        if column.name in constants and column.table in ("", name):
            value = constants[column.name].copy()
            column.replace(exp.alias_(value, column.name) if column.parent is select else value)
    return {column.alias_or_name: column.unalias() for column in select.expressions if is_constant(column.unalias())}


def is_constant(value: exp.Expr) -> bool:
    """Whether an expression is a text, a flag, or a null of some type."""
    null = isinstance(value, exp.Cast) and isinstance(value.this, exp.Null)
    return null or isinstance(value, exp.Boolean) or (isinstance(value, exp.Literal) and value.is_string)


def _first_source(select: exp.Select, known: Mapping[str, Constants]) -> tuple[str, Constants]:
    """The table that a select reads first, as it is called there, and its constants: those of one joined to it may be null in places."""
    first = select.args.get("from_")
    kept = all(join.side not in ("RIGHT", "FULL") for join in select.args.get("joins") or [])
    if first is None or not isinstance(first.this, exp.Table) or not kept:
        return "", {}
    return first.this.alias_or_name, known.get(first.this.name, {})


def _selected_columns(select: exp.Select) -> Iterator[exp.Column]:
    """The columns of which a select makes its own, but for those in selects within it and those that a window is sorted by."""
    for expression in select.expressions:
        for part in expression.walk(prune=lambda part: isinstance(part, (exp.Subquery, exp.Order))):
            if isinstance(part, exp.Column):
                yield part
