"""The lake's DDL files say what `stores.catalog` declares: replayed in order they give its tables, columns, types and partitions."""

import re

import sqlglot
from sqlglot import exp

from pipelines.settings import PROJECT
from pipelines.stores.catalog import COUNT, EVOLUTION, FLAG, INSTANT, MONEY, NUMBER, TABLES, TEN_DAYS, TEXT, partitions

FILES = sorted((PROJECT / "sql" / "lake" / "ddl").iterdir())
NAMES = {
    TEXT: "string",
    COUNT: "bigint",
    NUMBER: "double",
    INSTANT: "timestamp",
    FLAG: "boolean",
    MONEY: "decimal(18,4)",
}
KINDS = {exp.DataType.build(name, dialect="hive").sql("hive"): kind for kind, name in NAMES.items()}
LISTS = exp.DataType.build("array<bigint>", dialect="hive").sql("hive")
"""A type that columns had which are gone since."""


def replayed() -> tuple[dict[str, dict[str, object]], dict[str, list[str]]]:
    """Table -> column -> type, and table -> what it is partitioned by, after all files."""
    columns: dict[str, dict[str, object]] = {}
    lies_by: dict[str, list[str]] = {}
    for path in FILES:
        for statement in sqlglot.parse(path.read_text(encoding="utf-8"), read="athena"):
            assert isinstance(statement, exp.Create | exp.Alter), f"{path.name}: {statement}"
            table = statement.find(exp.Table)
            assert table is not None
            written = {column.name: column.args["kind"].sql("hive") for column in statement.find_all(exp.ColumnDef)}
            added = {name: LISTS if kind == LISTS else KINDS[kind] for name, kind in written.items()}
            dropped = {column.name for drop in statement.find_all(exp.Drop) for column in drop.find_all(exp.Column)}
            stays = {name: kind for name, kind in columns.get(table.name, {}).items() if name not in dropped}
            columns[table.name] = stays | added
            for by in statement.find_all(exp.PartitionedByProperty):
                lies_by[table.name] = [part.sql("hive").lower().strip("'`") for part in by.this.expressions]
    return columns, lies_by


def test_the_files_are_numbered_without_a_gap() -> None:
    assert [path.name[:5] for path in FILES] == [f"{number:04}_" for number in range(1, len(FILES) + 1)]
    assert len(FILES) == EVOLUTION


def test_the_files_make_the_declared_columns() -> None:
    columns, _ = replayed()
    assert {name: list(of_it.items()) for name, of_it in columns.items()} == {
        name: list(of_it.items()) for name, of_it in TABLES.items()
    }


def test_the_files_lie_by_the_declared_partitions() -> None:
    _, lies_by = replayed()
    declared = {
        name: [
            f"truncate({TEN_DAYS}, {column})" if field == "ten_days" else column for field, (column, _) in by.items()
        ]
        for name, by in ((name, partitions(name)) for name in TABLES)
    }
    assert {name: [re.sub(r"[`'\"]", "", part) for part in by] for name, by in lies_by.items()} == declared
