"""What the snapshots of a lake table tell: whose rows came and went with each, and which of them hold the same rows.

Invariant: a compaction changes no row. Its snapshot says so by its operation (`replace`, as Athena, Trino and Spark write it) or by a property
(as we write it), and whoever asks what the rows are made of, or whether they changed, is told of the snapshot that first held them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot, ancestors_of

UPLOAD, UNDONE = "touchline.upload", "touchline.undone"
INSTEAD_OF, REPLACED = "touchline.instead_of", "touchline.replaced"
"""Snapshot properties: the uploads a commit stored, the uploads it took back; the upload whose rows went in its favour,
how many rows it replaced."""

PROGRAM, MADE_OF, NEXT_NUMBER = "touchline.program", "touchline.made_of", "touchline.next_number"
"""Snapshot properties of a build: the digest of what filled the table, the raw snapshots it read (JSON), the next free journey number."""

SAME_ROWS_AS = "touchline.same_rows_as"
"""Snapshot property of a compaction of ours: the snapshot that first held its rows."""


def in_order(table: Table) -> list[Snapshot]:
    """The snapshots that led to the present one, oldest first; a commit that a job could not bring to an end led nowhere.

    Where snapshots were let go, what is kept from before them is no longer tied to the present one, and counts all the same.
    """
    led = list(ancestors_of(table.current_snapshot(), table.metadata))
    tied, since = {snapshot.snapshot_id for snapshot in led}, min((_number(snapshot) for snapshot in led), default=0)
    kept = (snapshot for snapshot in table.snapshots() if snapshot.snapshot_id in tied or _number(snapshot) < since)
    return sorted(kept, key=_number)


def _number(snapshot: Snapshot) -> int:
    return snapshot.sequence_number or 0


def properties(table: Table, snapshot: int | None) -> Mapping[str, str]:
    """What the commit said that first stored the rows of a snapshot; nothing where it is not kept."""
    found = None if snapshot is None else table.snapshot_by_id(snapshot)
    while found is not None and _replaces(found) and found.parent_snapshot_id is not None:
        found = table.snapshot_by_id(found.parent_snapshot_id)
    return {} if found is None else own_properties(found)


def own_properties(snapshot: Snapshot) -> dict[str, str]:
    """What a commit said of itself."""
    return dict(snapshot.summary.additional_properties) if snapshot.summary is not None else {}


def history(table: Table) -> dict[int, dict[str, str]]:
    """The properties of every snapshot, oldest first."""
    return {snapshot.snapshot_id: own_properties(snapshot) for snapshot in in_order(table)}


def stored(table: Table) -> dict[str, int]:
    """Upload -> the snapshot in which its rows first stood."""
    return {upload: snapshot for snapshot, said in history(table).items() for upload in named(said, UPLOAD)}


def held(table: Table, until: int | None = None) -> set[str]:
    """The uploads in a table's history, until a snapshot (None: the present one), that were not taken back since."""
    found: set[str] = set()
    for snapshot, said in history(table).items():
        found -= named(said, UNDONE)
        found |= named(said, UPLOAD)
        if snapshot == until:
            break
    return found


def begins(table: Table) -> datetime | None:
    """The UTC instant of the oldest snapshot that is kept, where older ones were let go: what came and went before it cannot be told. None where
    the history is whole."""
    oldest = next(iter(in_order(table)), None)
    if oldest is None or _number(oldest) <= 1:  # the first commit of all
        return None
    return datetime.fromtimestamp(oldest.timestamp_ms / 1000, UTC)


def first_with_rows(table: Table, snapshot: int | None) -> int | None:
    """The snapshot that first held the rows of this one."""
    while (found := None if snapshot is None else table.snapshot_by_id(snapshot)) is not None:
        if (said := own_properties(found).get(SAME_ROWS_AS)) is not None:
            return int(said)
        if not _replaces(found) or found.parent_snapshot_id is None:
            break
        snapshot = found.parent_snapshot_id
    return snapshot


def newest_with_rows(table: Table, snapshot: int | None) -> int | None:
    """The last compaction of a snapshot: whoever looks for what changed since need not read what was only written anew."""
    first = first_with_rows(table, snapshot)
    same = [s.snapshot_id for s in in_order(table) if first_with_rows(table, s.snapshot_id) == first]
    return same[-1] if same else snapshot


def named(said: Mapping[str, str], name: str) -> set[str]:
    """The uploads that a property lists, separated by commas: a job commits those of many files at once."""
    return set(filter(None, said.get(name, "").split(",")))


def _replaces(snapshot: Snapshot) -> bool:
    return snapshot.summary is not None and snapshot.summary.operation is Operation.REPLACE
