"""Storing a prepared file: say what it would do, then do all of it or nothing.

Invariants:
- The bytes are kept first, then the upload is written down as `pending`, then its rows are stored, then one transaction makes it hold.
- Every accepted row is stored under its upload, also one that is stored already: so that undoing the earlier upload leaves this one whole.
  Only a file that was committed before, and would change nothing, is not stored again.
- Nothing here knows about pages: a commit goes on when the browser is closed.
"""

import json
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from pipelines import journeys
from pipelines.errors import FileRefused, TouchlineError
from pipelines.ingest import history, prepare, raw, rows
from pipelines.ingest.prepared import Prepared
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores
from pipelines.stores.warehouse import session

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What a commit would do to the rows stored now.

    `missing`: stored rows of the days (and accounts or channels) that the file speaks for, whose keys it lacks. They stay unless the person
    says otherwise. `already`: the status row of the earlier upload of the very same file, if one counts.
    """

    new: int
    replaced: int
    unchanged: int
    missing: pd.DataFrame
    already: Mapping[str, Any] | None

    @property
    def changes_nothing(self) -> bool:
        """The same file was loaded, and its rows still hold."""
        return self.already is not None and self.new == self.replaced == 0


@dataclass(frozen=True)
class _Options:
    demo: bool = False
    keep_demo: bool = False
    remove_missing: bool = False
    build: bool = True


def preview(stores: Stores, prepared: Prepared, *, demo: bool = False) -> Plan:
    """What a commit of this file would do now. Stores nothing."""
    with stores.warehouse.transaction() as connection:
        return _plan(stores, connection, prepared, demo)


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
) -> dict[str, Any]:
    """Store a file and wait for it. Returns its status row; that of the earlier upload where the same file holds already.

    demo: the file belongs to the demo. keep_demo: do not take the demo back, as the first own commit does otherwise.
    remove_missing: remove what `Plan.missing` lists. build: bring the journeys up to date.
    Raises FileRefused where the file has no row to store, or what keeps the stores from storing it: then none of it is stored.
    """
    plan = preview(stores, prepared, demo=demo)
    if plan.changes_nothing and plan.already and not remove_missing:
        return dict(plan.already)
    options = _Options(demo, keep_demo, remove_missing, build)
    with ExitStack() as stack:
        upload_id, connection = _begin(stores, prepared, content, user, options, stack)
        _work(stores, prepared, upload_id, connection, options)
    if build:
        journeys.build(stores)
    return history.get_upload(stores, upload_id)


def start_commit(
    stores: Stores,
    prepared: Prepared,
    content: bytes,
    user: str,
    *,
    keep_demo: bool = False,
    remove_missing: bool = False,
) -> str:
    """Begin to store a file in a thread of its own and return the upload's id at once; `history.get_upload` tells how it goes.

    The thread keeps the process alive until it is done. Raises FileRefused where there is nothing to store.
    """
    options = _Options(keep_demo=keep_demo, remove_missing=remove_missing)
    stack = ExitStack()
    try:
        upload_id, connection = _begin(stores, prepared, content, user, options, stack)
    except BaseException:
        stack.close()
        raise

    def work() -> None:
        try:
            with stack:
                _work(stores, prepared, upload_id, connection, options)
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


def demo_is_wanted(stores: Stores) -> bool:
    """Whether this home was never used, but perhaps for a demo that was not loaded to its end."""
    with stores.warehouse.transaction() as connection:
        used = connection.execute(text("select exists (select 1 from uploads where not demo or undone_at is not null)"))
        if used.scalar_one():
            return False
        loaded = connection.execute(text("select source from uploads where status = 'committed'")).scalars()
        return not set(SOURCES) <= set(loaded)


def load_demo(stores: Stores, progress: Callable[[str, float], None] = lambda step, done: None) -> None:
    """Load the demo's files, those that are not loaded yet. progress: called with what is being done and the fraction that is done.

    Raises TouchlineError where own data count: demo rows would mix with them.
    """
    with stores.warehouse.transaction() as connection:
        own = text(
            "select exists (select 1 from uploads where not demo and status = 'committed' and undone_at is null)"
        )
        if connection.execute(own).scalar_one():
            raise TouchlineError(
                "There are data of your own here; the demo would mix with them.",
                "Undo your uploads first, or let TOUCHLINE_HOME name another folder.",
            )
    progress("Making the demo's files", 0.0)
    from pipelines.demo import demo_files  # a large package that only this function needs

    files, settings = demo_files(), stores.settings
    for place, file in enumerate(files):
        source = SOURCES[file.source]
        progress(f"Loading {source.title.lower()}", (place + 1) / (len(files) + 2))
        prepared = prepare(
            source,
            file.content,
            file.file_name,
            zone=settings.reporting_time_zone,
            currency=settings.reporting_currency,
        )
        commit(stores, prepared, file.content, settings.user, demo=True, build=False)
    progress("Building journeys", (len(files) + 1) / (len(files) + 2))
    journeys.build(stores)
    progress("Done", 1.0)


def clear_demo(stores: Stores, user: str) -> int:
    """Take back all demo uploads and return how many there were."""
    with history.commits_stopped(stores) as connection:
        with connection.begin():
            demo = history.standing_demo(connection)
            history.begin_undo(connection, demo, user)
        history.finish_undos(stores, connection)
    journeys.build(stores)
    return len(demo)


def _begin(
    stores: Stores, prepared: Prepared, content: bytes, user: str, options: _Options, stack: ExitStack
) -> tuple[str, Connection]:
    """Keep the bytes, open the worker's session and write the upload down as pending."""
    if not prepared.accepted:
        raise FileRefused(
            f"{prepared.file_name} has no row that could be stored.", "Look at the reasons of the refused rows."
        )
    upload_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    raw_path = raw.keep(stores.settings.home, prepared.source.name, upload_id, prepared.file_name, content)
    connection = stack.enter_context(session(stores.warehouse.engine))
    history.lock_upload(connection, upload_id)
    row = {
        "upload_id": upload_id,
        "source": prepared.source.name,
        "file_name": prepared.file_name.replace("\x00", ""),
        "sha256": prepared.sha256,
        "size": len(content),
        "mapping": _json(prepared.mapping),
        "fixed": _json(prepared.fixed),
        "encoding": prepared.encoding,
        "delimiter": prepared.delimiter,
        "header_row": prepared.header_row,
        "rows_read": prepared.rows_read,
        "rows_refused": prepared.refused.num_rows,
        "rows_new": 0,
        "rows_replaced": 0,
        "rows_unchanged": 0,
        "first_day": prepared.first_day,
        "last_day": prepared.last_day,
        "status": "pending",
        "demo": options.demo,
        "clears_demo": False,
        "uploaded_by": user,
        "raw_path": raw_path,
        "lake_tables": _lake_tables(prepared),
    }
    with connection.begin():
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        connection.execute(text(f"insert into uploads ({names}) values ({values})"), row)
        rows.copy(connection, "refused_rows", rows.of_upload(prepared.refused, upload_id))
    return upload_id, connection


def _work(stores: Stores, prepared: Prepared, upload_id: str, connection: Connection, options: _Options) -> None:
    """Store the rows of a pending upload and make it hold. Where that fails, take back what was stored and say why in its row."""
    try:
        history.wait_for_turn(connection)
        with connection.begin():
            plan = _plan(stores, connection, prepared, options.demo)
            upload = _write_down(connection, upload_id, plan, options)
        if plan.changes_nothing and plan.already and not options.remove_missing:
            raise FileRefused(
                f"The same file was loaded by {plan.already['uploaded_by']} in the meantime.",
                "Nothing had to be changed.",
            )
        for table in upload["lake_tables"]:
            stores.lake.write(table, rows.of_upload(prepared.tables[table], upload_id), upload_id)
        with connection.begin():
            if prepared.source.store == "warehouse":
                _add_rows(connection, prepared, upload_id, options)
            history.mark_committed(connection, upload)
        history.finish_undos(stores, connection)
    except Exception as problem:
        reason = (
            str(problem) if isinstance(problem, TouchlineError) else "It could not be stored, through a fault of ours."
        )
        _give_up(stores, upload_id, reason)
        raise


def _give_up(stores: Stores, upload_id: str, reason: str) -> None:
    """Forget a pending upload, by a new session: the worker's own may be what failed."""
    try:
        with session(stores.warehouse.engine) as connection:
            upload = history.get_upload(stores, upload_id)
            if upload["status"] == "pending":
                history.forget(stores, connection, upload, reason)
    except Exception:
        logger.exception("Upload %s stays pending until the next opening", upload_id)


def _plan(stores: Stores, connection: Connection, prepared: Prepared, demo: bool) -> Plan:
    source = prepared.source
    already = _same_file(connection, prepared, demo)
    if source.store == "lake":
        return Plan(*_compare_in_lake(stores, prepared), missing=pd.DataFrame(), already=already)
    version = connection.execute(text("select version from data_version")).scalar_one()
    standing = rows.stand(connection, source.table, prepared.tables[source.table], version)
    return Plan(standing.new, standing.replaced, standing.unchanged, standing.missing, already)


def _compare_in_lake(stores: Stores, prepared: Prepared) -> tuple[int, int, int]:
    """Rows of the file that are new, replaced and unchanged.

    New where its own table lacks it, unchanged where every table that it feeds holds it as it is.
    """
    own = prepared.source.table
    states: dict[str, dict[str, np.ndarray[Any, Any]]] = {}
    for name, part in prepared.tables.items():
        found = stores.lake.compare(name, part)
        numbers = part["row_number"].to_numpy()
        states[name] = {"new": numbers[np.array(found.new, bool)], "same": numbers[np.array(found.unchanged, bool)]}
        states[name]["all"] = numbers
    new = np.unique(states[own]["new"])
    changed = [np.setdiff1d(state["all"], state["same"]) for state in states.values()]
    replaced = np.setdiff1d(np.unique(np.concatenate(changed)), new)
    return len(new), len(replaced), prepared.accepted - len(new) - len(replaced)


def _same_file(connection: Connection, prepared: Prepared, demo: bool) -> Mapping[str, Any] | None:
    """The newest upload that counts of the same bytes, read in the same way."""
    found = connection.execute(
        text(
            "select * from uploads where sha256 = :sha256 and source = :source and demo = :demo"
            " and mapping = cast(:mapping as jsonb) and fixed = cast(:fixed as jsonb)"
            " and status = 'committed' and undone_at is null order by committed_version desc limit 1"
        ),
        {
            "sha256": prepared.sha256,
            "source": prepared.source.name,
            "demo": demo,
            "mapping": _json(prepared.mapping),
            "fixed": _json(prepared.fixed),
        },
    )
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)


def _write_down(connection: Connection, upload_id: str, plan: Plan, options: _Options) -> dict[str, Any]:
    """Within a transaction: put the plan into the pending row, so that it can be finished without its worker. Returns the row."""
    clears = not options.demo and not options.keep_demo and bool(history.standing_demo(connection))
    changed = connection.execute(
        text(
            "update uploads set rows_new = :new, rows_replaced = :replaced, rows_unchanged = :unchanged, clears_demo = :clears"
            " where upload_id = :upload_id returning *"
        ),
        {
            "new": plan.new,
            "replaced": plan.replaced,
            "unchanged": plan.unchanged,
            "clears": clears,
            "upload_id": upload_id,
        },
    )
    return dict(changed.mappings().one())


def _add_rows(connection: Connection, prepared: Prepared, upload_id: str, options: _Options) -> None:
    table = prepared.source.table
    version = connection.execute(text("select version from data_version")).scalar_one()
    rows.store(connection, table, prepared.tables[table], upload_id, version, remove_missing=options.remove_missing)


def _lake_tables(prepared: Prepared) -> list[str]:
    """The lake tables that the file has rows for."""
    if prepared.source.store != "lake":
        return []
    return [name for name, part in prepared.tables.items() if part.num_rows]


def _json(pairs: Mapping[str, str]) -> str:
    return json.dumps(dict(pairs), ensure_ascii=False, sort_keys=True).replace("\\u0000", "")
