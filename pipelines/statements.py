"""Lake statements: one SQL file each under sql/lake, in Athena's dialect, with values bound and slots filled on the parsed tree.

Invariant: no text of a user ever becomes SQL. Values are bound parameters, a list becomes one placeholder a value, and the only other slots,
@dimension, @channel, @last, @slice, those on the window (@touches, @within, @first), those on marks (@marked, @lead, @opportunity,
@last_non_direct) and those of a model's weights and credit, take expressions that this module parses from the code's own allow-lists.

A statement that reads the table `members`, `marks` or `told` gets it from sql/lake/parts: what counts as a touch, what credit asks of a whole
journey, and why a conversion has no credit, is written once for all that ask.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import sqlglot
from sqlglot import exp

from pipelines.errors import WrongUsage
from pipelines.settings import PROJECT
from pipelines.unread import common_tables, leave_out_unread

FOLDER = PROJECT / "sql" / "lake"

DIMENSIONS = ("channel", "campaign", "platform", "account", "creative", "post", "kind")
"""Columns a statement may be grouped by, beside the one that tells a touch's channel: the allow-list of @dimension."""

CHANNELS = {"channel": "last_channel", "origin": "last_origin"}
"""Columns that may tell a touch's channel -> the column that tells that of the journey's last touch: the allow-list of @channel and @last."""

LONGEST_PARAMETER = 1024
"""What Athena takes of one value, in characters of its SQL literal."""

Slice = Literal["whole", "bucket", "day", "day_pair"]

_OFFSET = "element_at(array[cast(:zone_offsets as bigint)], {place})"
_BREAKS_BEFORE = "cardinality(filter(array[cast(:zone_breaks as timestamp)], moment -> moment <= {instant}))"
_DAY = "cast(date_add('second', cast({offset} as bigint), {instant}) as date)"


def _slices(place: str) -> dict[Slice, str]:
    """place: SQL of which of the zone's offsets holds at an instant."""

    def day(instant: str) -> str:
        return _DAY.format(offset=_OFFSET.format(place=place.format(instant=instant)), instant=instant)

    touched = "date_add('millisecond', age_ms, reported_at)"
    return {
        "whole": "cast(null as varchar)",
        "bucket": "bucket",
        "day": day("reported_at"),
        "day_pair": f"concat(cast({day('reported_at')} as varchar), ' ', cast({day(touched)} as varchar))",
    }


SLICES = _slices(f"1 + {_BREAKS_BEFORE}")
"""What the rows of a statement may be summed by: the allow-list of @slice. A day is one of the reporting zone: zone_breaks are the instants at
which its offset changes, zone_offsets the offsets in seconds, one more than breaks. A day pair, of what is reported on the day of the touch, is
that day and the day of the conversion."""

_STEADY_SLICES = _slices("1")
"""The same where the offset does not change: to look for the one that holds takes longer than all else."""

USUAL_WINDOWS = {days: f"touches_{days}" for days in (1, 7, 14, 28, 30, 60, 90)}
"""Look-back windows that people choose most, in days -> the column that holds the touches of a journey within it."""

AGED = tuple(range(2, 9))
"""Places from the last touch on: each row of a journey tells how much older the touches are that stand there (gap_2_ms, ...)."""

_COUNTED = " + ".join(
    f"case when gap_{place}_ms + last_age_ms <= cast(:lookback_ms as bigint) then 1 else 0 end" for place in AGED
)

_OF_WINDOW = {
    # Rows that were made before they told gaps, which are not marked either, count no touches, instead of too few.
    "touches": f"coalesce(l.touches, case when marked is not null then 1 + {_COUNTED} end)",
    "within": "age_ms <= cast(:lookback_ms as bigint)",
    "first": "coalesce(older_age_ms > cast(:lookback_ms as bigint), true)",
}
_OF_USUAL_WINDOW = {
    "touches": "{touches}",
    "within": "position_from_last <= {touches}",
    "first": "position_from_last = {touches}",
}
"""Slots on the window: touches stand in order of their age, so that where a journey's touches within it are known, no age need be read."""

Members = Literal["members", "members_anew"]
"""The parts that say which touches count."""


@dataclass(frozen=True)
class _Mark:
    """Something that credit may ask of a whole journey (sql/lake/parts/marks.sql): the column that credit then reads, the one of the marks that
    it comes from, and the touches that have to be looked at."""

    asked: str
    column: str
    touches: str


_MARKED = "marked > 0 or marked is null"  # null in rows that were made before they told
_MARKS = {
    "lead": _Mark("lead_position", "lead_from_last", _MARKED),
    "opportunity": _Mark("opportunity_position", "opportunity_from_last", _MARKED),
    "last_non_direct": _Mark("last_non_direct_position", "last_non_direct_position", "last_is_direct"),
    "further_weight": _Mark("further_weight", "further_weight", f"position_from_last > {AGED[-1]}"),
}


@dataclass(frozen=True)
class Weighing:
    """A rule-based model in SQL: the credit of a touch, and its weight where credit follows from the ages of the journey's touches instead of
    from their places."""

    credit: str
    weight_by_age: str = ""


@dataclass(frozen=True)
class Slots:
    """What a statement's slots are filled with. models: key -> how it weighs; what @credit, @credit_by_place, @credit_by_age and @weight_by_age
    make is repeated for each that has it and called after its key, where that is not empty. window: the look-back window in days where it is a
    usual one (USUAL_WINDOWS): much is known about it then."""

    dimension: str | None = None
    channel: str = "channel"
    slice: Slice = "whole"
    members: Members = "members"
    models: tuple[tuple[str, Weighing], ...] = ()
    window: int | None = None

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise WrongUsage(f"'{self.channel}' does not tell channels.", f"Use one of {', '.join(CHANNELS)}.")
        if self.dimension is not None and self.dimension not in (*DIMENSIONS, *CHANNELS):
            raise WrongUsage(f"'{self.dimension}' is no dimension.", f"Use one of {', '.join(DIMENSIONS)}.")


NO_SLOTS = Slots()


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
    name: str, parameters: Mapping[str, Any], *, dialect: str, relation: Callable[[str], str], slots: Slots = NO_SLOTS
) -> Bound:
    """Fill one statement's slots and lists and write it in an engine's dialect.

    relation: lake table -> the SQL by which this engine reads it.

    parameters: name -> value; a list or tuple is expanded to one placeholder a value (an empty one to a single null); names that the
    statement does not use are left out. Raises WrongUsage for an unknown statement, KeyError for a parameter or slot that is missing.
    """
    if name not in names():
        raise WrongUsage(f"There is no lake statement '{name}'.")
    lengths = {key: max(len(value), 1) for key, value in parameters.items() if isinstance(value, (list, tuple))}
    steady = "zone_breaks" in parameters and not parameters["zone_breaks"]
    written = _written(FOLDER / f"{name}.sql", dialect, slots, tuple(sorted(lengths.items())), steady)
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
    return Bound(sql, values, written.order)


@dataclass(frozen=True)
class _Written:
    """A statement in an engine's dialect, with a mark where each table is read, and the names of its parameters."""

    sql: str
    parameters: tuple[str, ...]
    tables: tuple[str, ...]
    order: tuple[str, ...]


@lru_cache(maxsize=512)
def _written(path: Path, dialect: str, slots: Slots, lengths: tuple[tuple[str, int], ...], steady: bool) -> _Written:
    tree = _parsed(path).copy()
    _take_parts(tree, slots.members, dialect)
    _repeat_for_models(tree, slots.models)
    for slot in list(tree.find_all(exp.Parameter)):
        slot.replace(_slot(slot.name, slots, steady))
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


def _slot(slot: str, slots: Slots, steady: bool) -> exp.Expr:
    if slot == "channel":
        return exp.column(slots.channel)
    if slot == "dimension" and slots.dimension is not None:
        return exp.column(slots.dimension)
    if slot in _OF_WINDOW:
        if slots.window is None or slots.members != "members":
            return _expression(_OF_WINDOW[slot])
        return _expression(_OF_USUAL_WINDOW[slot].format(touches=USUAL_WINDOWS[slots.window]))
    if slot == "last":
        return exp.column(CHANNELS[slots.channel])
    if slot in _MARKS:
        mark = _MARKS[slot]
        return exp.column(mark.column) if _asks(slots, mark) else _expression("cast(null as bigint)")
    if slot == "marked":
        return _expression(
            " or ".join(sorted({mark.touches for mark in _MARKS.values() if _asks(slots, mark)})) or "false"
        )
    if slot == "slice":
        return _expression((_STEADY_SLICES if steady else SLICES)[slots.slice])
    raise KeyError(f"@{slot} has no value")


def _asks(slots: Slots, mark: _Mark) -> bool:
    return any(mark.asked in weighing.credit for _, weighing in slots.models)


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
    """Take what is null in every row out of GROUP BY: DuckDB would hash it for each of them."""
    for group in tree.find_all(exp.Group):
        select = group.parent
        assert isinstance(select, exp.Select)
        kept = [key for key in group.expressions if not _is_null(select, key)]
        if kept:
            group.set("expressions", kept)


def _is_null(select: exp.Select, key: exp.Expr) -> bool:
    column = select.selects[int(key.this) - 1].unalias() if isinstance(key, exp.Literal) else key
    return isinstance(column, exp.Cast) and isinstance(column.this, exp.Null)


_LITERALLY = str.maketrans({character: f"[{character}]" for character in "*?["})


def quoted(path: str) -> str:
    """A path to read from as an SQL text that DuckDB takes literally: a glob's special characters stand for themselves."""
    return text(path.translate(_LITERALLY))


def text(value: str) -> str:
    """An SQL text."""
    return "'" + value.replace("'", "''") + "'"
