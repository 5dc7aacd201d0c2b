"""Mappings that people want remembered, by the header of the file and its source."""

import pytest

from pipelines.errors import FileRefused, NotFound, WarehouseUnavailable
from pipelines.ingest import prepare, read_raw, remembered
from pipelines.ingest.load import commit
from pipelines.settings import PROJECT
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


def test_a_file_is_stored_and_remembered_or_neither(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise WarehouseUnavailable("The warehouse does not answer.")

    monkeypatch.setattr(remembered, "save", fail)
    with pytest.raises(WarehouseUnavailable):
        put(stores, "mia")
    assert stores.warehouse.frame("uploads", version=99)["status"].tolist() == ["failed"]
    assert stores.warehouse.version() == 0


@pytest.mark.parametrize("odd", ["\\u0000", "a\\", '"', "é\U0001f600"])
def test_odd_texts_of_headers_and_values_are_stored_and_remembered(stores: Stores, odd: str) -> None:
    content = CONTENT.replace(b"what", f'"w{odd.replace(chr(34), chr(34) * 2)}"'.encode())
    prepared = prepare(SOURCES["spend"], content, "odd.csv", MAPPING | {"campaign": f"w{odd}"}, {"channel": odd})
    upload = commit(stores, prepared, content, "mia", remember=True)
    [known] = remembered.listed(stores)
    assert (upload["mapping"]["campaign"], upload["fixed"]) == (f"w{odd}", {"channel": odd})
    assert (known.mapping["campaign"], known.fixed) == (f"w{odd}", {"channel": odd})


def test_a_header_with_a_nul_is_read_without_it(stores: Stores) -> None:
    put(stores, "mia", CONTENT.replace(b"note", b"no\0te"))
    assert remembered.listed(stores)[0].header[-1] == "no te"


@pytest.mark.parametrize("character", ["\0", "\x1f", "\x7f", "\x85", "\udcff"])
def test_a_fixed_value_with_a_control_character_is_refused(character: str) -> None:
    with pytest.raises(FileRefused, match="The fixed value for channel has a character"):
        prepare(SOURCES["spend"], CONTENT, "odd.csv", MAPPING, {"channel": f"Sea{character}rch"})


def test_a_pivot_is_recalled_by_the_header_of_its_records() -> None:
    files = sorted((PROJECT / "tests" / "corpus" / "listening").glob("sprinklr_*.csv"))
    assert files
    for path in files:
        content = path.read_bytes()
        prepared = prepare(SOURCES["mentions"], content, path.name, date_order="month")
        assert remembered.header_of(read_raw(content, path.name)) == prepared.header, path.name
