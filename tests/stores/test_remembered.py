"""Mappings that people want remembered, by the header of the file and its source."""

import pytest

from pipelines.errors import NotFound
from pipelines.ingest import prepare, remembered
from pipelines.ingest.load import commit
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores

CONTENT = b"when,what,paid,note\n2026-03-02,Spring,1.5,x\n"
MAPPING = {"date": "when", "campaign": "what", "amount": "paid", "creative": None}
FIXED = {"channel": "Search"}


def put(stores: Stores, user: str, content: bytes = CONTENT, **fixed: str) -> None:
    prepared = prepare(SOURCES["spend"], content, "odd.csv", MAPPING, FIXED | fixed, decimal="point")
    commit(stores, prepared, content, user, remember=True)


def test_a_mapping_is_recalled_by_header_and_source(stores: Stores) -> None:
    put(stores, "mia")
    known = remembered.recall_for(stores, "spend", ["When", " WHAT", "Paid", "Note"])
    assert known is not None
    assert known.mapping == {"date": "when", "campaign": "what", "amount": "paid", "creative": ""}
    assert (known.fixed, known.options["decimal"], known.saved_by) == (FIXED, "point", "mia")
    again = known.said.prepare(SOURCES["spend"], CONTENT, "odd.csv", stores.settings)
    assert (dict(again.mapping), again.accepted) == ({"date": "when", "campaign": "what", "amount": "paid"}, 1)
    assert remembered.recall_for(stores, "first_stream", known.header) is None
    assert remembered.recall(stores, ["when", "what", "paid"]) == []


def test_the_newest_holds_and_forgetting_forgets_all(stores: Stores) -> None:
    put(stores, "mia")
    put(stores, "tom", CONTENT.replace(b"1.5", b"2.5"), currency="USD")
    [known] = remembered.listed(stores)
    assert (known.saved_by, known.fixed) == ("tom", FIXED | {"currency": "USD"})
    remembered.forget(stores, known.id, "mia")
    assert (remembered.listed(stores), remembered.recall(stores, known.header)) == ([], [])
    with pytest.raises(NotFound, match="No mapping"):
        remembered.forget(stores, known.id, "mia")


def test_a_file_that_is_there_already_can_still_be_remembered(stores: Stores) -> None:
    prepared = prepare(SOURCES["spend"], CONTENT, "odd.csv", MAPPING, FIXED)
    first = commit(stores, prepared, CONTENT, "mia")
    assert commit(stores, prepared, CONTENT, "mia", remember=True)["upload_id"] == first["upload_id"]
    assert len(remembered.listed(stores)) == 1
