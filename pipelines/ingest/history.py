"""What people do with uploads that were made: take one back, read its file again, and put right what a dead process left.

Invariant: each of these does all of its work or none, and what was begun is finished or forgotten at the next opening.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from pipelines import journeys
from pipelines.errors import TouchlineError
from pipelines.ingest import load, raw, uploads
from pipelines.ingest.prepared import Prepared
from pipelines.ingest.said import Said
from pipelines.ingest.uploads import get_upload
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores
from pipelines.stores.warehouse import session

__all__ = ["INTERRUPTED", "get_upload", "prepare_again", "recover", "reread", "undo"]

INTERRUPTED = "The program ended before the upload was stored. Nothing of it was kept; upload the file again."


def undo(stores: Stores, upload_id: str, user: str) -> dict[str, Any]:
    """Take a committed upload back: what it replaced holds again, what later uploads brought stays. Returns its status row.

    Raises NotFound where there is no such upload, TouchlineError where it was not committed, is undone already, or was read again.
    """
    with uploads.commits_stopped(stores) as connection:
        with connection.begin():
            upload = uploads.find(connection, upload_id)
            if upload["status"] != "committed":
                raise TouchlineError(f"Upload {upload_id} was not committed.", "There is nothing to undo.")
            if upload["undone_at"] is not None:
                raise TouchlineError(f"Upload {upload_id} was undone already, by {upload['undone_by']}.")
            if again := uploads.read_again_as(connection, upload_id):
                raise TouchlineError(f"Upload {upload_id} was read again as {again}.", "Undo that one first.")
            uploads.begin_undo(connection, [upload_id], user)
        uploads.finish_undos(stores, connection)
    journeys.build(stores)
    return get_upload(stores, upload_id)


def reread(
    stores: Stores,
    upload_id: str,
    user: str,
    mapping: Mapping[str, str | None],
    fixed: Mapping[str, str],
    options: Mapping[str, str],
) -> dict[str, Any]:
    """Read the kept file of an upload again and store it as a new upload, from whose version on the old one does not count.

    What is given here (see `prepare_again`) goes before what was said then. Undoing the new upload brings the old one back, unless that was
    undone itself. Returns the new status row; the old one's where nothing changes.
    Raises what `prepare_again` and `load.commit` raise.
    """
    prepared, content = prepare_again(stores, upload_id, Said(mapping, fixed, options))
    return load.commit(stores, prepared, content, user, replaces=upload_id)


def prepare_again(stores: Stores, upload_id: str, said: Said) -> tuple[Prepared, bytes]:
    """The kept file of an upload, prepared as it was then but for what is said now, and its bytes. Stores nothing.

    Raises NotFound where there is no such upload or its file is gone, and what `prepare` raises.
    """
    upload = get_upload(stores, upload_id)
    content = raw.content(stores, upload_id)
    then = Said(upload["said_mapping"], upload["said_fixed"], upload["options"])
    return said.over(then).prepare(SOURCES[upload["source"]], content, upload["file_name"], stores.settings), content


def recover(stores: Stores) -> None:
    """Finish or forget what a dead process left half done. To be called whenever the stores are opened; costs milliseconds if all is well.

    While another process commits, nothing is done: all is well there, or the next opening finds it.
    """
    with session(stores.warehouse.workers) as connection:
        if not uploads.is_our_turn(connection):
            return
        with connection.begin():
            pending = connection.execute(text("select * from uploads where status = 'pending'")).mappings().all()
        for upload in map(dict, pending):
            if uploads.has_no_worker(connection, upload["upload_id"]):
                _settle(stores, connection, upload)
        uploads.finish_undos(stores, connection)
        journeys.build(stores)


def _settle(stores: Stores, connection: Connection, upload: Mapping[str, Any]) -> None:
    """A dead worker's upload: all of it is in the lake, then it holds; otherwise, or where another reading was faster, none of it shall be."""
    tables = upload["lake_tables"]
    with connection.begin():
        again = uploads.read_again_as(connection, upload["replaces"])
    if tables and not again and all(upload["upload_id"] in stores.lake.held_uploads(table) for table in tables):
        with connection.begin():
            uploads.mark_committed(connection, upload)
    else:
        uploads.forget(stores, connection, upload, INTERRUPTED)
