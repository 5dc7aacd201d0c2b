"""What of a parsed statement is read by nothing, and goes before the statement is run.

Invariant: the statement's rows and columns stay what they were.
"""

from sqlglot import exp


def leave_out_unread(tree: exp.Expr) -> None:
    """Take out common tables that nothing reads, columns of others that nothing reads, and joins for such columns alone: an engine may work out
    windows, or read files, for what it then throws away."""
    own = tree.args.get("with_")
    reading = list(tree.walk(prune=lambda part: part is own))
    for table in reversed(common_tables(tree)):
        if not any(isinstance(part, exp.Table) and part.name == table.alias for part in reading):
            table.pop()
            continue
        select = table.this
        if (
            isinstance(select, exp.Select)
            and not any(select.args.get(part) for part in ("group", "distinct", "order", "limit"))
            and not any(isinstance(column.unalias(), exp.AggFunc) for column in select.expressions)
            and not any(map(_is_star, [select, *reading]))
        ):
            read = {part.name for part in reading if isinstance(part, exp.Column)}
            kept = [column for column in select.expressions if column.alias_or_name in read]
            select.set("expressions", kept or select.expressions[:1])
        _leave_out_joins(select, [*common_tables(tree), *common_tables(select)])
        leave_out_unread(select)
        reading += select.walk()
    if own and not own.expressions:
        own.pop()


def _leave_out_joins(select: exp.Expr, tables: list[exp.CTE]) -> None:
    """Take out left joins that find one row at most, which is of a table grouped by what it is joined by, and of whose columns the select reads
    none."""
    made = {table.alias: table.this for table in tables}
    for join in list(select.args.get("joins") or []):
        name, keys = join.alias_or_name, _joined_by(join)
        group = made[join.this.name].args.get("group") if join.this.name in made else None
        if join.side != "LEFT" or group is None or not {key.name for key in group.expressions} <= keys:
            continue
        own = {column.alias_or_name for column in made[join.this.name].expressions} - keys
        of_join = set(map(id, join.find_all(exp.Column)))
        read = [column for column in select.find_all(exp.Column) if id(column) not in of_join]
        if not any(column.table == name or (not column.table and column.name in own) for column in read):
            join.pop()


def _joined_by(join: exp.Join) -> set[str]:
    """The columns of the joined table that each have to equal something."""
    conditions = join.args["on"].flatten() if isinstance(join.args.get("on"), exp.And) else [join.args.get("on")]
    sides = [condition.this for condition in conditions if isinstance(condition, exp.EQ)]
    return {side.name for side in sides if isinstance(side, exp.Column) and side.table == join.alias_or_name}


def _is_star(part: exp.Expr) -> bool:
    return isinstance(part, exp.Select) and part.is_star


def common_tables(tree: exp.Expr) -> list[exp.CTE]:
    """The common tables that a statement begins with, in order."""
    return tree.args["with_"].expressions if tree.args.get("with_") else []
