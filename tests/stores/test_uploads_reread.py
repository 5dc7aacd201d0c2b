"""Reading an upload's file again: the new reading counts from the version on in which the old one stops, and its undo brings that back."""

from collections.abc import Callable

import pytest

from pipelines.errors import NotFound, TouchlineError
from pipelines.ingest import history, raw
from pipelines.ingest.load import commit, start_commit
from pipelines.ingest.said import Said
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores
from tests.stores.prepared_files import spend_file, touchpoint_file
from tests.stores.test_uploads import MONDAY, channels, put, spend

SPEND = b"Day,Channel,Campaign,Net,Gross\n2026-03-02,Search,Spring,10,12\n2026-03-02,Search,Summer,20,24\n"
TOUCHES = b"""id,time,person,channel,medium,converted,revenue
t1,2026-03-02T10:00:00Z,ann,Search,cpc,yes,5
t2,2026-03-03T10:00:00Z,bob,Mail,email,,
"""


def store(stores: Stores, source: str, content: bytes, said: Said) -> str:
    """Read a file as said, commit it and return the upload's id."""
    prepared = said.prepare(SOURCES[source], content, f"{source}.csv", stores.settings)
    upload_id: str = commit(stores, prepared, content, "mia")["upload_id"]
    return upload_id


def statuses(stores: Stores) -> dict[str, str]:
    uploads = stores.warehouse.frame("uploads", version=stores.warehouse.version())
    return dict(zip(uploads["upload_id"], uploads["status"], strict=True))


def conversions(stores: Stores) -> list[str]:
    return sorted(stores.lake.table("conversions").scan().to_arrow()["conversion_id"].to_pylist())  # type: ignore[attr-defined]


def test_the_corrected_reading_counts_instead_in_one_version(stores: Stores) -> None:
    old = store(stores, "spend", SPEND, Said({"amount": "Net"}, {"currency": "USD"}))
    assert spend(stores) == {"Spring": 10.0, "Summer": 20.0}
    new = history.reread(stores, old, "tom", {"amount": "Gross"}, {}, {})
    assert spend(stores) == {"Spring": 12.0, "Summer": 24.0}
    assert (new["replaces"], new["uploaded_by"], new["committed_version"]) == (old, "tom", 2)
    assert new["said_fixed"] == {"currency": "USD"}  # what was said then still holds
    assert spend(stores, version=1) == {"Spring": 10.0, "Summer": 20.0}
    assert statuses(stores) == {old: "replaced", new["upload_id"]: "committed"}
    assert new["raw_path"] == history.get_upload(stores, old)["raw_path"]
    assert raw.content(stores, new["upload_id"]) == SPEND


def test_keys_that_the_corrected_reading_lacks_do_not_stay(stores: Stores) -> None:
    old = store(stores, "spend", SPEND, Said({"amount": "Net", "campaign": "Channel"}, {"channel": "Search"}))
    assert spend(stores) == {"Search": 30.0}
    history.reread(stores, old, "tom", {"campaign": "Campaign"}, {}, {})
    assert spend(stores) == {"Spring": 10.0, "Summer": 20.0}


def test_what_it_removed_stays_removed(stores: Stores) -> None:
    before = b"Day,Channel,Campaign,Net,Gross\n2026-03-02,Search,Old,1,1\n2026-03-02,Search,Back,2,2\n2026-03-02,Mail,Letter,3,3\n"
    store(stores, "spend", before, Said({"amount": "Net"}))
    prepared = Said({"amount": "Net"}).prepare(SOURCES["spend"], SPEND, "spend.csv", stores.settings)
    old = commit(stores, prepared, SPEND, "mia", remove_missing=True)
    assert (old["rows_removed"], spend(stores)) == (2, {"Letter": 3.0, "Spring": 10.0, "Summer": 20.0})
    store(stores, "spend", b"Day,Channel,Campaign,Net,Gross\n2026-03-02,Search,Back,4,4\n", Said({"amount": "Net"}))
    new = history.reread(stores, old["upload_id"], "tom", {"amount": "Gross"}, {}, {})
    assert spend(stores) == {"Back": 4.0, "Letter": 3.0, "Spring": 12.0, "Summer": 24.0}  # what came later holds
    assert new["rows_removed"] == 1
    again = history.reread(stores, new["upload_id"], "tom", {"amount": "Net"}, {}, {})
    assert spend(stores) == {"Back": 4.0, "Letter": 3.0, "Spring": 10.0, "Summer": 20.0}
    history.undo(stores, again["upload_id"], "tom")
    assert spend(stores) == {"Back": 4.0, "Letter": 3.0, "Spring": 12.0, "Summer": 24.0}


def test_what_a_wrong_reading_removed_of_another_channel_comes_back(stores: Stores) -> None:
    store(stores, "spend", b"Day,Channel,Campaign,Net,Gross\n2026-03-02,Mail,Letter,3,3\n", Said({"amount": "Net"}))
    wrong = Said({"amount": "Net", "channel": None}, {"channel": "Mail"})
    prepared = wrong.prepare(SOURCES["spend"], SPEND, "spend.csv", stores.settings)
    old = commit(stores, prepared, SPEND, "mia", remove_missing=True)
    assert spend(stores) == {"Spring": 10.0, "Summer": 20.0}
    history.reread(stores, old["upload_id"], "tom", {"channel": "Channel"}, {"channel": ""}, {})
    assert spend(stores) == {"Letter": 3.0, "Spring": 10.0, "Summer": 20.0}


def test_its_undo_brings_the_old_reading_back(stores: Stores) -> None:
    old = store(stores, "spend", SPEND, Said({"amount": "Net"}))
    first = history.reread(stores, old, "tom", {"amount": "Gross"}, {}, {})["upload_id"]
    with pytest.raises(TouchlineError, match=f"read again already, as {first}"):
        history.reread(stores, old, "tom", {"amount": "Gross"}, {"currency": "USD"}, {})
    second = history.reread(stores, first, "tom", {}, {"currency": "USD"}, {})["upload_id"]
    with pytest.raises(TouchlineError, match=f"read again as {second}. Undo that one first"):
        history.undo(stores, first, "tom")
    assert statuses(stores)[old] == "replaced"
    history.undo(stores, second, "tom")
    assert (spend(stores), statuses(stores)[first]) == ({"Spring": 12.0, "Summer": 24.0}, "committed")
    history.undo(stores, first, "tom")
    assert (spend(stores), statuses(stores)[old]) == ({"Spring": 10.0, "Summer": 20.0}, "committed")
    history.undo(stores, old, "tom")
    assert spend(stores) == {}
    assert [len(spend(stores, version)) for version in range(1, 7)] == [2, 2, 2, 2, 2, 0]


def test_the_same_reading_changes_nothing(stores: Stores) -> None:
    old = store(stores, "spend", SPEND, Said({"amount": "Net"}))
    assert history.reread(stores, old, "tom", {"amount": "Net"}, {}, {})["upload_id"] == old
    assert stores.warehouse.version() == 1


def test_an_undone_upload_and_a_failed_one_may_be_read_again(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    old = store(stores, "spend", SPEND, Said({"amount": "Net"}))
    history.undo(stores, old, "mia")
    new = history.reread(stores, old, "tom", {"amount": "Gross"}, {}, {})["upload_id"]
    assert spend(stores) == {"Spring": 12.0, "Summer": 24.0}
    history.undo(stores, new, "tom")
    assert spend(stores) == {}

    def fail(*_: object, **__: object) -> None:
        raise TouchlineError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr("pipelines.ingest.rows.store", fail)
        with pytest.raises(TouchlineError, match="disk is full"):
            store(stores, "spend", SPEND, Said({"amount": "Gross"}))
    [failed] = [upload_id for upload_id, status in statuses(stores).items() if status == "failed"]
    history.reread(stores, failed, "tom", {}, {}, {})
    assert spend(stores) == {"Spring": 12.0, "Summer": 24.0}


def test_lake_rows_change_in_one_snapshot(stores: Stores) -> None:
    put(stores, touchpoint_file([("t1", "2026-03-02T10:00:00", "ann", "Before")]))
    old = store(stores, "touchpoints", TOUCHES, Said())
    snapshot = stores.lake.snapshots()["touchpoints"]
    assert (channels(stores), conversions(stores)) == ({"t1": "Search", "t2": "Mail"}, ["t1:conversion"])
    # Without their own ids rows are told apart by what they say: none of the old ones is replaced by key.
    new = history.reread(stores, old, "tom", {"channel": "medium", "id": "", "converted": "", "revenue": ""}, {}, {})
    held = channels(stores)
    assert (held.pop("t1"), sorted(held.values())) == ("Before", ["cpc", "email"])
    assert conversions(stores) == []
    table = stores.lake.table("touchpoints")  # type: ignore[attr-defined]
    since = [
        s
        for s in table.snapshots()
        if s.parent_snapshot_id == snapshot or s.snapshot_id == table.current_snapshot().snapshot_id
    ]
    told = {s.summary.additional_properties.get("touchline.upload") for s in since}
    assert told == {new["upload_id"]}  # nothing was committed between the old state and the new one
    history.undo(stores, new["upload_id"], "tom")
    assert (channels(stores), conversions(stores)) == ({"t1": "Search", "t2": "Mail"}, ["t1:conversion"])
    history.undo(stores, old, "mia")
    assert channels(stores) == {"t1": "Before"}


def test_an_undone_lake_upload_may_be_read_again(stores: Stores) -> None:
    old = store(stores, "touchpoints", TOUCHES, Said())
    history.undo(stores, old, "mia")
    new = history.reread(stores, old, "tom", {"channel": "medium"}, {}, {})["upload_id"]
    assert channels(stores) == {"t1": "cpc", "t2": "email"}
    history.undo(stores, new, "tom")
    assert (channels(stores), conversions(stores)) == ({}, [])


def test_it_goes_on_in_a_thread_as_any_commit(stores: Stores, join: Callable[[str], None]) -> None:
    old = store(stores, "spend", SPEND, Said({"amount": "Net"}))
    prepared, content = history.prepare_again(stores, old, Said({"amount": "Gross"}))
    join(start_commit(stores, prepared, content, "tom", replaces=old))
    assert spend(stores) == {"Spring": 12.0, "Summer": 24.0}


def test_two_rereads_at_once_leave_one(stores: Stores, join: Callable[[str], None]) -> None:
    old = store(stores, "spend", SPEND, Said({"amount": "Net"}))
    begun = []
    for currency in ("USD", "GBP"):
        prepared, content = history.prepare_again(stores, old, Said({"amount": "Gross"}, {"currency": currency}))
        begun.append(start_commit(stores, prepared, content, "tom", replaces=old))
    for upload_id in begun:
        join(upload_id)
    assert sorted(statuses(stores).values()) == ["committed", "failed", "replaced"]
    assert spend(stores) == {"Spring": 12.0, "Summer": 24.0}


def test_a_file_that_is_gone_or_changed_is_not_read(stores: Stores) -> None:
    old = put(stores, spend_file(MONDAY))
    path = stores.settings.home / history.get_upload(stores, old)["raw_path"]
    path.write_bytes(b"Day,Channel,Campaign,Net\n")
    with pytest.raises(TouchlineError, match="was changed"):
        history.reread(stores, old, "tom", {}, {}, {})
    path.unlink()
    with pytest.raises(NotFound, match=r"not in raw/spend/.* any more"):
        raw.content(stores, old)
    with pytest.raises(NotFound, match="no upload 'nonsense'"):
        raw.content(stores, "nonsense")
