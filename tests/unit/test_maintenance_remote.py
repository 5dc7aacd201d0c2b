"""Maintenance in the cloud: what the engines are asked, in which order, and again where they did a part."""

import pytest

from pipelines.errors import LakeUnavailable
from pipelines.stores.catalog import DERIVED, TABLES
from pipelines.stores.maintenance_remote import MOST_ROUNDS, maintain, statements


def test_athena_is_told_the_age_before_it_lets_anything_go() -> None:
    asked: list[str] = []
    said = list(maintain(asked.append, "athena", "touchline", 90))
    assert asked[:3] == [
        "OPTIMIZE touchline.mentions REWRITE DATA USING BIN_PACK",
        "ALTER TABLE touchline.mentions SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds' = '7776000')",
        "VACUUM touchline.mentions",
    ]
    for table in TABLES:
        vacuum = asked.index(f"VACUUM touchline.{table}")
        assert asked[vacuum - 1].startswith(f"ALTER TABLE touchline.{table} SET TBLPROPERTIES")
    assert said[0] == "mentions: small files were compacted."
    assert len(said) == 2 * len(TABLES) - len(DERIVED)


@pytest.mark.parametrize("dialect", ["athena", "trino"])
def test_what_a_build_says_of_its_table_is_not_covered_by_a_compaction(dialect: str) -> None:
    for table in TABLES:
        compacts = any("optimize" in text.lower() for text, _ in statements(dialect, "touchline", table, 90))
        assert compacts is (table not in DERIVED)


def test_trino_expires_by_the_same_age() -> None:
    texts = [text for text, _ in statements("trino", "touchline", "mentions", 30)]
    assert texts == [
        "alter table touchline.mentions execute optimize",
        "alter table touchline.mentions execute expire_snapshots(retention_threshold => '2592000s')",
        "alter table touchline.mentions execute remove_orphan_files(retention_threshold => '2592000s')",
    ]


def test_an_engine_that_did_a_part_is_asked_again() -> None:
    left = [2]

    def run(statement: str) -> None:
        if statement == "VACUUM touchline.touchpoints" and left[0]:
            left[0] -= 1
            raise LakeUnavailable("ICEBERG_VACUUM_MORE_RUNS_NEEDED: Removed 1000 files in this round of vacuum")

    said = list(maintain(run, "athena", "touchline", 90))
    assert [sentence for sentence in said if sentence.startswith("touchpoints") and "in 3 rounds" in sentence]


def test_an_engine_that_is_never_done_is_not_asked_for_ever() -> None:
    asked: list[str] = []

    def run(statement: str) -> None:
        asked.append(statement)
        raise LakeUnavailable("ICEBERG_OPTIMIZE_MORE_RUNS_NEEDED")

    with pytest.raises(LakeUnavailable):
        list(maintain(run, "athena", "touchline", 90))
    assert len(asked) == MOST_ROUNDS


def test_another_failure_is_told_at_once() -> None:
    def run(statement: str) -> None:
        raise LakeUnavailable("Athena refuses: no permission")

    with pytest.raises(LakeUnavailable, match="no permission"):
        list(maintain(run, "athena", "touchline", 90))
