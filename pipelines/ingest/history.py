"""The history of uploads: what was committed, by whom, and how it is taken back.

Invariants:
- Commits and undos happen one at a time, in a session that holds the commit lock; the counter moves in the transaction that makes a
  change hold.
- An upload's own lock is held by the session that works on it: a `pending` upload whose lock is free has a dead worker.
- An undo in the lake is begun (`undone_at`), done in the lake, then made to hold (`undone_version`); one that was begun is finished at the
  next opening. Doing it twice does no harm.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from pipelines import journeys
from pipelines.errors import NotFound, TouchlineError
from pipelines.stores.base import Stores
from pipelines.stores.warehouse import alone, bump, session

COMMIT_LOCK = 7_401_002  # PostgreSQL advisory lock
SECONDS_TO_NOTICE = 3  # that a client was killed
INTERRUPTED = "The program ended before the upload was stored. Nothing of it was kept; upload the file again."


def get_upload(stores: Stores, upload_id: str) -> dict[str, Any]:
    """The status row of one upload: the columns of the uploads table. Raises NotFound where there is none of that id."""
    with stores.warehouse.transaction() as connection:
        return _upload(connection, upload_id)


def undo(stores: Stores, upload_id: str, user: str) -> dict[str, Any]:
    """Take a committed upload back: what it replaced holds again, what later uploads brought stays. Returns its status row.

    Raises NotFound where there is no such upload, TouchlineError where it was not committed or is undone already.
    """
    with commits_stopped(stores) as connection:
        with connection.begin():
            upload = _upload(connection, upload_id)
            if upload["status"] != "committed":
                raise TouchlineError(f"Upload {upload_id} was not committed.", "There is nothing to undo.")
            if upload["undone_at"] is not None:
                raise TouchlineError(f"Upload {upload_id} was undone already, by {upload['undone_by']}.")
            begin_undo(connection, [upload_id], user)
        finish_undos(stores, connection)
    journeys.build(stores)
    return get_upload(stores, upload_id)


def recover(stores: Stores) -> None:
    """Finish or forget what a dead process left half done. To be called whenever the stores are opened; costs milliseconds if all is well.

    While another process commits, nothing is done: all is well there, or the next opening finds it.
    """
    with session(stores.warehouse.engine) as connection:
        if not _is_our_turn(connection):
            return
        with connection.begin():
            pending = connection.execute(text("select * from uploads where status = 'pending'")).mappings().all()
        for upload in map(dict, pending):
            if _try_lock(connection, _lock_of(connection, upload["upload_id"])):
                _settle(stores, connection, upload)
        finish_undos(stores, connection)
        journeys.build(stores)


@contextmanager
def commits_stopped(stores: Stores) -> Iterator[Connection]:
    """A session during which nobody else commits or undoes."""
    with alone(stores.warehouse.engine, COMMIT_LOCK) as connection:
        yield connection


def wait_for_turn(connection: Connection) -> None:
    """Wait until nobody else commits or undoes, and keep them waiting until the session ends."""
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": COMMIT_LOCK})
    connection.commit()


def lock_upload(connection: Connection, upload_id: str) -> None:
    """Show that the upload has a living worker, for as long as the session lasts."""
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _lock_of(connection, upload_id)})
    connection.commit()


def mark_committed(connection: Connection, upload: Mapping[str, Any]) -> int:
    """Within a transaction: make an upload hold, move the counter, and begin to take the demo back where it clears it.

    Returns the new version. Raises TouchlineError where the upload is not pending any more.
    """
    version = bump(connection)
    changed = connection.execute(
        text(
            "update uploads set status = 'committed', committed_at = clock_timestamp(), committed_version = :version"
            " where upload_id = :upload_id and status = 'pending'"
        ),
        {"version": version, "upload_id": upload["upload_id"]},
    )
    if changed.rowcount != 1:
        raise TouchlineError(f"Upload {upload['upload_id']} is not pending any more.", "Look at its status.")
    if upload["clears_demo"]:
        begin_undo(connection, standing_demo(connection), upload["uploaded_by"])
        # What only the warehouse holds is gone in this very version; what the lake holds, once it is out of there.
        connection.execute(
            text(
                "update uploads set undone_version = :version"
                " where undone_at is not null and undone_version is null and lake_tables = '{}'"
            ),
            {"version": version},
        )
    return version


def mark_failed(connection: Connection, upload_id: str, error: str) -> None:
    """Within a transaction: say why a pending upload was not stored."""
    connection.execute(
        text(
            "update uploads set status = 'failed', error = :error where upload_id = :upload_id and status = 'pending'"
        ),
        {"error": error, "upload_id": upload_id},
    )


def standing_demo(connection: Connection) -> list[str]:
    """Ids of the demo uploads that count."""
    rows = connection.execute(
        text(
            "select upload_id from uploads where demo and status = 'committed' and undone_at is null order by upload_id"
        )
    )
    return list(rows.scalars())


def begin_undo(connection: Connection, upload_ids: list[str], user: str) -> None:
    """Within a transaction: say that these uploads are being taken back. `finish_undos` does it."""
    connection.execute(
        text("update uploads set undone_at = clock_timestamp(), undone_by = :user where upload_id = any(:upload_ids)"),
        {"user": user, "upload_ids": upload_ids},
    )


def finish_undos(stores: Stores, connection: Connection) -> None:
    """Take the rows of all uploads whose undo has begun out of the lake, then make the undos hold, in one move of the counter."""
    with connection.begin():
        begun = connection.execute(
            text("select upload_id, lake_tables from uploads where undone_at is not null and undone_version is null")
        ).all()
        standing = _standing(connection)
    if not begun:
        return
    for table in sorted({table for row in begun for table in row.lake_tables}):
        of_table = [row.upload_id for row in begun if table in row.lake_tables]
        stores.lake.undo(table, of_table, standing)
    with connection.begin():
        connection.execute(
            text("update uploads set undone_version = :version where upload_id = any(:upload_ids)"),
            {"version": bump(connection), "upload_ids": [row.upload_id for row in begun]},
        )


def forget(stores: Stores, connection: Connection, upload: Mapping[str, Any], error: str) -> None:
    """Take a pending upload's rows out of the lake again and mark it failed."""
    with connection.begin():
        standing = _standing(connection)
    for table in upload["lake_tables"]:
        if stores.lake.holds_upload(table, upload["upload_id"]):
            stores.lake.undo(table, [upload["upload_id"]], standing)
    with connection.begin():
        mark_failed(connection, upload["upload_id"], error)


def _is_our_turn(connection: Connection) -> bool:
    """Take the commit lock if nobody holds it. Where something is unfinished, its holder may just have died: PostgreSQL notices soon."""
    deadline = time.monotonic() + SECONDS_TO_NOTICE
    while not _try_lock(connection, COMMIT_LOCK):
        unfinished = connection.execute(
            text(
                "select exists (select 1 from uploads where status = 'pending'"
                " or undone_at is not null and undone_version is null)"
            )
        ).scalar_one()
        connection.commit()
        if not unfinished or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _settle(stores: Stores, connection: Connection, upload: Mapping[str, Any]) -> None:
    """A dead worker's upload: all of it is in the lake, then it holds; otherwise none of it shall be."""
    tables = upload["lake_tables"]
    if tables and all(stores.lake.holds_upload(table, upload["upload_id"]) for table in tables):
        with connection.begin():
            mark_committed(connection, upload)
    else:
        forget(stores, connection, upload, INTERRUPTED)


def _standing(connection: Connection) -> list[str]:
    """Ids of the uploads that count, oldest commit first."""
    rows = connection.execute(
        text(
            "select upload_id from uploads where status = 'committed' and undone_at is null order by committed_version"
        )
    )
    return list(rows.scalars())


def _upload(connection: Connection, upload_id: str) -> dict[str, Any]:
    row = connection.execute(text("select * from uploads where upload_id = :upload_id"), {"upload_id": upload_id})
    found = row.mappings().one_or_none()
    if found is None:
        raise NotFound(f"There is no upload '{upload_id}'.", "The history of uploads lists those there are.")
    return dict(found)


def _lock_of(connection: Connection, upload_id: str) -> int:
    number = connection.execute(text("select hashtextextended(:upload_id, 0)"), {"upload_id": upload_id}).scalar_one()
    connection.commit()
    return int(number)


def _try_lock(connection: Connection, lock: int) -> bool:
    taken = bool(connection.execute(text("select pg_try_advisory_lock(:lock)"), {"lock": lock}).scalar_one())
    connection.commit()
    return taken
