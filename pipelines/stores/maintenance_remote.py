"""How a lake in the cloud is kept small and quick: the statements that its engine runs on each table.

Invariant: the age at which snapshots may go is said in the engine's own words before any goes.
"""

from collections.abc import Callable, Iterator

from pipelines.errors import LakeUnavailable
from pipelines.stores.catalog import DERIVED, TABLES

DAY_S = 86_400
MOST_ROUNDS = 50
_MORE = ("ICEBERG_OPTIMIZE_MORE_RUNS_NEEDED", "ICEBERG_VACUUM_MORE_RUNS_NEEDED")
"""How Athena says that it did a part, and wants to be asked again."""

Run = Callable[[str], None]
"""Runs one statement to its end, whatever its rows. Raises LakeUnavailable."""


def maintain(run: Run, dialect: str, database: str, keep_days: float) -> Iterator[str]:
    """Compact every table and let its old snapshots go; a sentence for each thing done. Raises LakeUnavailable."""
    for table in TABLES:
        for statement, done in statements(dialect, database, table, keep_days):
            rounds = _repeated(run, statement)
            if done:
                yield f"{table}: {done}{f', in {rounds} rounds' if rounds > 1 else ''}."


def statements(dialect: str, database: str, table: str, keep_days: float) -> list[tuple[str, str]]:
    """The statements for a table, in order, each with what it has done (nothing: it only prepares the next).

    Derived tables are not compacted: builds write whole partitions, and a compaction would stand between a table and what its build says of it.
    """
    seconds = round(keep_days * DAY_S)
    name = f"{database}.{table}"
    if dialect == "trino":
        compact = [(f"alter table {name} execute optimize", "small files were compacted")]
        expire = [
            (
                f"alter table {name} execute expire_snapshots(retention_threshold => '{seconds}s')",
                f"snapshots older than {keep_days:g} days expired",
            ),
            (
                f"alter table {name} execute remove_orphan_files(retention_threshold => '{seconds}s')",
                "files that no snapshot lists were removed",
            ),
        ]
    else:
        compact = [(f"OPTIMIZE {name} REWRITE DATA USING BIN_PACK", "small files were compacted")]
        expire = [
            (f"ALTER TABLE {name} SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds' = '{seconds}')", ""),
            (
                f"VACUUM {name}",
                f"snapshots older than {keep_days:g} days expired, and files that none lists were removed",
            ),
        ]
    return expire if table in DERIVED else compact + expire


def _repeated(run: Run, statement: str) -> int:
    """Run a statement until it has done all; how often."""
    for rounds in range(1, MOST_ROUNDS + 1):
        try:
            run(statement)
        except LakeUnavailable as problem:
            if rounds == MOST_ROUNDS or not any(more in problem.message for more in _MORE):
                raise
        else:
            return rounds
    raise AssertionError("the last round returns or raises")
