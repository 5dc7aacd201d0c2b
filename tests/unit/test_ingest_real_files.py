"""Real exports, read as people have them. They are not ours to ship: the tests run where they lie beside the repository."""

from pathlib import Path

import pytest

from pipelines.ingest import Prepared, prepare
from pipelines.sources import SOURCES

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the real files are not on this machine")


def prepared(source: str, name: str, mapping: dict[str, str | None] | None, fixed: dict[str, str] | None) -> Prepared:
    result = prepare(SOURCES[source], (REAL / name).read_bytes(), name, mapping, fixed)
    assert result.accepted + result.refused.num_rows + result.totals_dropped + result.merged == result.rows_read
    return result


def test_account_reach_of_airlines() -> None:
    result = prepared("account_reach", "account_reach_airlines.csv", None, None)
    assert (result.accepted, result.totals_dropped, result.refused.num_rows) == (54, 1, 0)
    assert (result.encoding, result.delimiter, result.header_row) == ("utf-8-sig", ";", 3)
    assert set(result.tables["account_reach"]["platform"].to_pylist()) == {"X"}
    assert result.tables["account_reach"]["reach"][0].as_py() == 162_243
    assert (str(result.first_day), str(result.last_day)) == ("2015-02-16", "2015-02-24")


@pytest.mark.parametrize("mapping", [{"account": "airline", "time": "tweet_created"}, None])
def test_mentions_of_airlines(mapping: dict[str, str | None] | None) -> None:
    result = prepared("mentions", "airline_mentions.csv", mapping, {"platform": "X"})
    mentions = result.tables["mentions"]
    assert result.accepted == len(set(mentions["mention_id"].to_pylist())) == 14_640
    assert any("tweet_id" in warning for warning in result.warnings)
    assert (str(result.first_day), str(result.last_day)) == ("2015-02-16", "2015-02-24")
    accounts = {pair["values"]: pair["counts"] for pair in mentions["account"].value_counts().to_pylist()}
    assert (accounts["United"], accounts["Virgin America"]) == (3_822, 504)
    assert mentions["sentiment"].null_count == 0


def test_touchpoints_of_damabytes() -> None:
    result = prepared("touchpoints", "touchpoints_damabytes.csv", None, None)
    conversions = result.tables["conversions"]
    assert (result.accepted, conversions.num_rows) == (10_000, 4_944)
    assert len(set(conversions["person"].to_pylist())) == 2_381
