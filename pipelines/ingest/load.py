"""Storing a prepared file: all of it or nothing.

Invariants:
- The bytes are kept first, then the upload is written down as `pending`, then its rows are stored, then one transaction makes it hold.
- Every accepted row is stored under its upload, also one that is stored already: so that undoing the earlier upload leaves this one whole.
  Only a file that was committed before, and would change nothing, is not stored again.
- An upload that reads an earlier one's file again begins to count in the version in which that one stops.
- Nothing here knows about pages: a commit goes on when the browser is closed.
"""

import logging
import secrets
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from pipelines import journeys
from pipelines.errors import FileRefused, TouchlineError
from pipelines.ingest import lake_rows, prepare, raw, remembered, rows, uploads
from pipelines.ingest.plan import Plan, preview, same_file
from pipelines.ingest.prepared import Prepared
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores
from pipelines.stores.warehouse import answering, session

logger = logging.getLogger(__name__)

SECONDS_TO_COME_BACK = 10
"""How long a database that went away in the middle of a commit is waited for, so that the upload's row can say what became of it."""


@dataclass(frozen=True)
class _Options:
    demo: bool = False
    keep_demo: bool = False
    remove_missing: bool = False
    remember: bool = False
    replaces: str | None = None


def commit(
    stores: Stores,
    prepared: Prepared,
    content: bytes,
    user: str,
    *,
    demo: bool = False,
    keep_demo: bool = False,
    remove_missing: bool = False,
    build: bool = True,
    remember: bool = False,
    replaces: str | None = None,
) -> dict[str, Any]:
    """Store a file and wait for it. Returns its status row, and `changed`; where the same file holds already, that of the earlier upload.

    demo: the file belongs to the demo. keep_demo: do not take the demo back, as the first own commit does otherwise.
    remove_missing: remove what `Plan.missing` lists. build: bring the journeys up to date. remember: read files with this header in the same
    way from now on. replaces: the upload whose kept file this is, read again; it stops counting when this one begins to.
    Raises FileRefused where the file has no row to store or leaves something in doubt, or what keeps the stores from storing it: then none
    of it is stored.
    """
    _check(prepared)
    options = _Options(demo, keep_demo, remove_missing, remember, replaces)
    with ExitStack() as stack:
        connection = stack.enter_context(session(stores.warehouse.workers))
        uploads.wait_for_file(connection, prepared.sha256)
        plan = preview(stores, prepared, demo=demo)
        if plan.already and _is_done(plan, options):
            _remember(stores, prepared, user, options)
            return {**plan.already, "changed": False}
        upload_id = _begin(stores, connection, prepared, content, user, options)
        _work(stores, stack.pop_all(), connection, prepared, upload_id, options)
    if build:
        journeys.build(stores)
    return {**uploads.get_upload(stores, upload_id), "changed": True}


def start_commit(
    stores: Stores,
    prepared: Prepared,
    content: bytes,
    user: str,
    *,
    keep_demo: bool = False,
    remove_missing: bool = False,
    remember: bool = False,
    replaces: str | None = None,
) -> str:
    """Begin to store a file in a thread of its own and return the upload's id at once; `uploads.get_upload` tells how it goes.

    Where the same file holds already, nothing is begun and the id is that of the earlier upload.

    The options are those of `commit`. The thread keeps the process alive until it is done. Raises FileRefused as `commit` does.
    """
    _check(prepared)
    options = _Options(False, keep_demo, remove_missing, remember, replaces)
    with stores.warehouse.transaction() as connection:
        known = same_file(connection, prepared, demo=False) is not None
    if known and (plan := preview(stores, prepared)).already and _is_done(plan, options):
        _remember(stores, prepared, user, options)
        return str(plan.already["upload_id"])
    stack = ExitStack()
    try:
        connection = stack.enter_context(session(stores.warehouse.workers))
        upload_id = _begin(stores, connection, prepared, content, user, options)
    except BaseException:
        stack.close()
        raise

    def work() -> None:
        try:
            _work(stores, stack, connection, prepared, upload_id, options)
            journeys.build(stores)
        except TouchlineError as problem:
            logger.warning("Upload %s: %s", upload_id, problem)  # the status row says so, too
        except Exception:
            logger.exception("Upload %s", upload_id)

    threading.Thread(target=work, name=f"commit {upload_id}", daemon=False).start()
    return upload_id


def assign_alias(stores: Stores, kind: str, name: str, means: str, user: str) -> dict[str, Any]:
    """Say that a name (of a channel, campaign, account or platform) means another one: an upload of one row, undone like any other."""
    content = pd.DataFrame({"kind": [kind], "from": [name], "to": [means]}).to_csv(index=False).encode()
    prepared = prepare(SOURCES["aliases"], content, f"{kind}-alias.csv")
    return commit(stores, prepared, content, user, keep_demo=True)


def _check(prepared: Prepared) -> None:
    """Raise FileRefused where the file has nothing to store, or a person has to answer something first."""
    for doubt in prepared.doubts:
        either = " or ".join(doubt.readings.values())
        raise FileRefused(
            f"'{doubt.example}' in column '{doubt.column}' of {prepared.file_name} may be {either}.",
            f"Say which of them is meant ({doubt.ways_to_say}).",
        )
    if not prepared.accepted:
        raise FileRefused(
            f"{prepared.file_name} has no row that could be stored.", "Look at the reasons of the refused rows."
        )


def _begin(
    stores: Stores, connection: Connection, prepared: Prepared, content: bytes, user: str, options: _Options
) -> str:
    """Keep the bytes, show that the session works on the upload, and write it down as pending. Returns its id."""
    covered = uploads.get_upload(stores, options.replaces) if options.replaces else None
    upload_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    lands = stores.lake.lands_uploads and prepared.source.store == "lake"
    kept = (
        covered is not None and not lands
    )  # a file that lands is read as the note beside it says: each reading has its own
    raw_path = (
        covered["raw_path"]
        if covered and kept
        else raw.place(stores.settings, prepared.source.name, upload_id, prepared.file_name)
    )
    uploads.lock_upload(connection, upload_id)
    row = {
        "upload_id": upload_id,
        "source": prepared.source.name,
        "file_name": prepared.file_name.replace("\x00", ""),
        "sha256": prepared.sha256,
        "size": len(content),
        "mapping": uploads.as_json(dict(prepared.mapping)),
        "fixed": uploads.as_json(dict(prepared.fixed)),
        "options": uploads.as_json(dict(prepared.options)),
        "said_mapping": uploads.as_json(dict(prepared.said_mapping)),
        "said_fixed": uploads.as_json(dict(prepared.said_fixed)),
        "export": prepared.export.name if prepared.export else "",
        "container": prepared.container,
        "encoding": prepared.encoding,
        "delimiter": prepared.delimiter,
        "header_row": prepared.header_row,
        "rows_read": prepared.rows_read,
        "rows_accepted": prepared.accepted,
        "rows_merged": prepared.merged,
        "rows_refused": prepared.refused.num_rows,
        "rows_totals": prepared.totals_dropped,
        "rows_new": 0,
        "rows_replaced": 0,
        "rows_unchanged": 0,
        "totals": uploads.as_json([asdict(total) for total in prepared.totals]),
        "first_day": prepared.first_day,
        "last_day": prepared.last_day,
        "status": "pending",
        "demo": options.demo or bool(covered and covered["demo"]),
        "clears_demo": False,
        "uploaded_by": user,
        "raw_path": raw_path,
        "lake_tables": list(
            dict.fromkeys([*lake_rows.tables_of(prepared), *(covered["lake_tables"] if covered else ())])
        ),
        "replaces": options.replaces,
    }
    lake_rows.announce(stores, row)
    if not kept:
        raw.keep(stores.settings, raw_path, content)
    with connection.begin():
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        connection.execute(text(f"insert into uploads ({names}) values ({values})"), row)
        rows.copy(connection, "refused_rows", rows.of_upload(rows.printable(prepared.refused), upload_id))
    return upload_id


def _work(
    stores: Stores, stack: ExitStack, connection: Connection, prepared: Prepared, upload_id: str, options: _Options
) -> None:
    """Store the rows of a pending upload and make it hold. Where that fails, take back what was stored and say why in its row.

    stack: holds the worker's session; it is left, and with it its locks, before anything is taken back.
    """
    try:
        with stack, answering():
            _store(stores, connection, prepared, upload_id, options)
    except Exception as problem:
        reason = (
            str(problem) if isinstance(problem, TouchlineError) else "It could not be stored, through a fault of ours."
        )
        _give_up(stores, upload_id, reason)
        raise


def _store(stores: Stores, connection: Connection, prepared: Prepared, upload_id: str, options: _Options) -> None:
    """The steps of a commit, once the upload is written down; after the last one that may fail it holds."""
    uploads.wait_for_turn(connection, prepared.sha256)
    plan = preview(stores, prepared, demo=options.demo)
    if plan.already and _is_done(plan, options):
        when = f"{plan.already['committed_at'].astimezone(UTC):%Y-%m-%d %H:%M}"
        raise FileRefused(
            f"The same file was loaded by {plan.already['uploaded_by']} on {when} UTC.",
            "Nothing had to be changed.",
        )
    with connection.begin():
        covered = _covered(connection, options)
        gone = plan.missing_keys if options.remove_missing else ()
        upload = _write_down(connection, upload_id, plan, len(gone), options)
        remaining = [standing for standing in uploads.standing(connection) if standing != covered]
    lake_rows.store(stores, prepared, upload, covered, remaining)
    with connection.begin():
        if prepared.source.store == "warehouse":
            version = connection.execute(text("select version from data_version")).scalar_one()
            table = prepared.source.table
            rows.store(connection, table, prepared.tables[table], upload_id, version, gone=gone)
            if covered:
                _remove_again(connection, table, covered, upload_id, version)
        if options.remember:
            remembered.save(connection, prepared, upload["uploaded_by"])
        uploads.mark_committed(connection, upload)
    _finish_undos(stores, connection, upload_id)


def _remove_again(connection: Connection, table: str, covered: str, upload_id: str, version: int) -> None:
    """Within a transaction: what the covered upload of the same table had removed stays removed, and is counted."""
    upload = uploads.find(connection, covered)
    if upload["rows_removed"] and SOURCES[upload["source"]].table == table:
        again = rows.remove_again(connection, table, covered, upload_id, version)
        connection.execute(
            text("update uploads set rows_removed = rows_removed + :again where upload_id = :upload_id"),
            {"again": again, "upload_id": upload_id},
        )


def _finish_undos(stores: Stores, connection: Connection, upload_id: str) -> None:
    """Take the demo out that an upload cleared. The upload holds already: where this fails, the next commit, undo or opening does it."""
    try:
        with answering():
            uploads.finish_undos(stores, connection)
    except TouchlineError as problem:
        logger.warning("Upload %s is stored; what it cleared is still in the lake: %s", upload_id, problem)


def _give_up(stores: Stores, upload_id: str, reason: str) -> None:
    """Forget a pending upload. A database that went away is waited for; where it does not come back, the next opening does this."""
    deadline = time.monotonic() + SECONDS_TO_COME_BACK
    while True:
        try:
            with uploads.commits_stopped(stores) as connection:
                upload = uploads.get_upload(stores, upload_id)
                if upload["status"] == "pending":
                    uploads.forget(stores, connection, upload, reason)
            return
        except TouchlineError as problem:
            if time.monotonic() > deadline:
                logger.warning("Upload %s stays pending until the next opening: %s", upload_id, problem)
                return
            time.sleep(0.2)


def _is_done(plan: Plan, options: _Options) -> bool:
    """Whether a commit would leave everything as the earlier upload of the same file has it."""
    covers_another = (
        options.replaces is not None and plan.already is not None and options.replaces != plan.already["upload_id"]
    )
    return plan.changes_nothing and not options.remove_missing and not covers_another


def _covered(connection: Connection, options: _Options) -> str | None:
    """Within a transaction: the upload that this one is stored instead of, if it counts. Raises TouchlineError where another one covers it."""
    if options.replaces is None:
        return None
    upload = uploads.find(connection, options.replaces)
    if upload["status"] == "pending":
        raise TouchlineError(f"Upload {options.replaces} is still being stored.", "Wait until it is done.")
    if again := uploads.read_again_as(connection, options.replaces):
        raise TouchlineError(f"Upload {options.replaces} was read again already, as {again}.", "Read that one again.")
    return None if upload["undone_at"] or upload["status"] == "failed" else options.replaces


def _write_down(connection: Connection, upload_id: str, plan: Plan, removed: int, options: _Options) -> dict[str, Any]:
    """Within a transaction: put the plan into the pending row, so that it can be finished without its worker. Returns the row."""
    keeps_demo = options.demo or options.keep_demo or options.replaces is not None
    changed = connection.execute(
        text(
            "update uploads set rows_new = :new, rows_replaced = :replaced, rows_unchanged = :unchanged,"
            " rows_removed = :removed, clears_demo = :clears where upload_id = :upload_id returning *"
        ),
        {
            "new": plan.new,
            "replaced": plan.replaced,
            "unchanged": plan.unchanged,
            "removed": removed,
            "clears": not keeps_demo and bool(uploads.demo_uploads(connection)),
            "upload_id": upload_id,
        },
    )
    return dict(changed.mappings().one())


def _remember(stores: Stores, prepared: Prepared, user: str, options: _Options) -> None:
    """Where nothing else is to be stored: remember how the file was read, if that was said."""
    if options.remember:
        with stores.warehouse.transaction() as connection:
            remembered.save(connection, prepared, user)
