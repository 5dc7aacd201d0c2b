"""Maintenance in the cloud, by the real clients: the engine runs it, says what it lacks, and is asked again where it did a part."""

import pytest

from pipelines.errors import LakeUnavailable
from pipelines.stores.base import LakeQuery
from pipelines.stores.engine_athena import AthenaEngine
from pipelines.stores.lake_remote import RemoteLake
from tests.cloud.lakes import URL, Cloud


@pytest.fixture
def recorded() -> list[LakeQuery]:
    """What the lake was told of its queries."""
    return []


@pytest.fixture
def lake(cloud: Cloud, recorded: list[LakeQuery], monkeypatch: pytest.MonkeyPatch) -> RemoteLake:
    """The lake of the local cloud. What stands behind Athena there knows no OPTIMIZE and no VACUUM: it is asked for a number instead."""
    engine = AthenaEngine(
        database="touchline",
        workgroup="primary",
        results=f"{URL}/results/",
        deadline_seconds=60,
        reuse_minutes=60,
        dollars_per_terabyte=5,
    )
    run = engine.command
    monkeypatch.setattr(engine, "command", lambda statement, ran: run(f"select 1 /* {statement} */", ran))
    return RemoteLake(cloud.catalog, "touchline", engine, recorded.append)


def test_athena_is_asked_for_each_table(cloud: Cloud, lake: RemoteLake) -> None:
    before = len(cloud.endpoint.queries)
    said = list(lake.maintain(90))
    asked = [query.sql for query in cloud.endpoint.queries[before:]]
    assert any("VACUUM touchline.journeys" in sql for sql in asked)
    assert any("OPTIMIZE touchline.mentions REWRITE DATA USING BIN_PACK" in sql for sql in asked)
    assert said[0] == "mentions: small files were compacted."


def test_athena_that_did_a_part_is_asked_again(cloud: Cloud, lake: RemoteLake) -> None:
    part = "ICEBERG_OPTIMIZE_MORE_RUNS_NEEDED: rewrote a part of the files"
    cloud.endpoint.faults.queries.failures[:] = [part, part]
    assert next(iter(lake.maintain(90))) == "mentions: small files were compacted, in 3 rounds."


def test_what_athena_refuses_is_said_with_the_query(cloud: Cloud, lake: RemoteLake, recorded: list[LakeQuery]) -> None:
    cloud.endpoint.faults.queries.failures[:] = ["Insufficient permissions: Access Denied"]
    with pytest.raises(LakeUnavailable, match=r"not allowed .*Athena query [0-9a-f-]{36}"):
        list(lake.maintain(90))
    [query] = recorded
    assert (query.state, query.query_id) == ("failed", cloud.endpoint.queries[-1].id)
    assert query.error is not None


def test_what_maintenance_bills_is_written_down(cloud: Cloud, lake: RemoteLake, recorded: list[LakeQuery]) -> None:
    before = len(cloud.endpoint.queries)
    list(lake.maintain(90))
    assert [query.query_id for query in recorded] == [query.id for query in cloud.endpoint.queries[before:]]
    assert {query.state for query in recorded} == {"succeeded"}
    assert "OPTIMIZE touchline.mentions" in recorded[0].statement
