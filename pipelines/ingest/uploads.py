"""The uploads table: what state each upload is in, who may change it, and how its rows leave the stores again.

Invariants:
- Commits and undos happen one at a time, in a session that holds the commit lock; the counter moves in the transaction that makes a
  change hold.
- An upload's own lock is held by the session that works on it: a `pending` upload whose lock is free has a dead worker.
- An undo in the lake is begun (`undone_at`), done in the lake, then made to hold (`undone_version`). Doing it twice does no harm.
- An upload that reads another one's file again (`replaces`) covers it for as long as it stands itself.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from pipelines.errors import NotFound, TouchlineError
from pipelines.stores.base import Stores
from pipelines.stores.warehouse import alone, bump

COMMIT_LOCK = 7_401_002  # PostgreSQL advisory lock
SECONDS_TO_NOTICE = 3  # that a client was killed


def as_json(value: Any) -> str:
    """A value for a jsonb column; equal values are written alike."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def get_upload(stores: Stores, upload_id: str) -> dict[str, Any]:
    """The status row of one upload: the columns of the uploads table. Raises NotFound where there is none of that id."""
    with stores.warehouse.transaction() as connection:
        return find(connection, upload_id)


def find(connection: Connection, upload_id: str) -> dict[str, Any]:
    """Within a transaction: the status row of one upload. Raises NotFound where there is none of that id."""
    row = connection.execute(text("select * from uploads where upload_id = :upload_id"), {"upload_id": upload_id})
    found = row.mappings().one_or_none()
    if found is None:
        raise NotFound(f"There is no upload '{upload_id}'.", "The history of uploads lists those there are.")
    return dict(found)


@contextmanager
def commits_stopped(stores: Stores) -> Iterator[Connection]:
    """A session during which nobody else commits or undoes."""
    with alone(stores.warehouse.workers, COMMIT_LOCK) as connection:
        yield connection


def wait_for_turn(connection: Connection, sha256: str) -> None:
    """Wait until nobody else stores this file, and nobody else commits or undoes; keep them waiting until the session ends."""
    wait_for_file(connection, sha256)
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": COMMIT_LOCK})
    connection.commit()


def wait_for_file(connection: Connection, sha256: str) -> None:
    """Wait until nobody else stores a file of this hash; keep them waiting until the session ends."""
    connection.execute(text("select pg_advisory_lock(hashtextextended(:sha256, 1))"), {"sha256": sha256})
    connection.commit()


def is_our_turn(connection: Connection) -> bool:
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


def lock_upload(connection: Connection, upload_id: str) -> None:
    """Show that the upload has a living worker, for as long as the session lasts."""
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _lock_of(connection, upload_id)})
    connection.commit()


def has_no_worker(connection: Connection, upload_id: str) -> bool:
    """Whether the upload's lock was free; it is ours from then on."""
    return _try_lock(connection, _lock_of(connection, upload_id))


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
        begin_undo(connection, demo_uploads(connection), upload["uploaded_by"])
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


def forget(stores: Stores, connection: Connection, upload: Mapping[str, Any], error: str) -> None:
    """Take a pending upload's rows out of the lake again and mark it failed."""
    with connection.begin():
        remaining = standing(connection)
    for table in upload["lake_tables"]:
        if stores.lake.holds_upload(table, upload["upload_id"]):
            stores.own_lake.undo(table, [upload["upload_id"]], remaining)
    with connection.begin():
        mark_failed(connection, upload["upload_id"], error)


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
        remaining = standing(connection)
    if not begun:
        return
    for table in sorted({table for row in begun for table in row.lake_tables}):
        of_table = [row.upload_id for row in begun if table in row.lake_tables]
        stores.own_lake.undo(table, of_table, remaining)
    with connection.begin():
        connection.execute(
            text("update uploads set undone_version = :version where upload_id = any(:upload_ids)"),
            {"version": bump(connection), "upload_ids": [row.upload_id for row in begun]},
        )


def standing(connection: Connection) -> list[str]:
    """Ids of the uploads that count, oldest commit first."""
    rows = connection.execute(text("select upload_id from standing_uploads order by committed_version"))
    return list(rows.scalars())


def demo_uploads(connection: Connection) -> list[str]:
    """Ids of the demo uploads that are not undone, also of those that others cover."""
    rows = connection.execute(
        text(
            "select upload_id from uploads where demo and status = 'committed' and undone_at is null order by upload_id"
        )
    )
    return list(rows.scalars())


def read_again_as(connection: Connection, upload_id: str | None) -> str | None:
    """The upload that stands and reads this one's file again, if there is one."""
    return connection.execute(
        text(
            "select upload_id from uploads where replaces = :upload_id and status = 'committed' and undone_at is null"
        ),
        {"upload_id": upload_id},
    ).scalar_one_or_none()


def _lock_of(connection: Connection, upload_id: str) -> int:
    number = connection.execute(text("select hashtextextended(:upload_id, 0)"), {"upload_id": upload_id}).scalar_one()
    connection.commit()
    return int(number)


def _try_lock(connection: Connection, lock: int) -> bool:
    taken = bool(connection.execute(text("select pg_try_advisory_lock(:lock)"), {"lock": lock}).scalar_one())
    connection.commit()
    return taken
