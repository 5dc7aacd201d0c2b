"""The verbs of a daily run: curate what came in, hold it against the gate, warm the pages' answers, tell the team.

Invariant: each can be run again at any time, for any day, and then changes nothing that is right already.
"""

import argparse
import sys
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipelines.calendar import parse_day
from pipelines.cli_files import prepare_file, read_file
from pipelines.cli_stores import opened
from pipelines.errors import (
    FileRefused,
    LakeUnavailable,
    NotFound,
    TouchlineError,
    WarehouseUnavailable,
    WrongUsage,
)
from pipelines.settings import Settings, load_settings
from pipelines.sources import SOURCES

if TYPE_CHECKING:
    from pipelines.ingest.inbox import Arrival
    from pipelines.stores import Stores

LAKE_SOURCES = tuple(source.name for source in SOURCES.values() if source.store == "lake")

# pandas, DuckDB and Iceberg take a second to import: each verb imports what it needs.


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verbs and their options."""
    curate = verbs.add_parser("curate", help="store the files that arrived in the inbox")
    curate.add_argument("source", metavar="SOURCE", choices=LAKE_SOURCES, help=", ".join(LAKE_SOURCES))
    curate.add_argument("--start", metavar="D", help="first day of arrival, as 2026-01-31")
    curate.add_argument("--end", metavar="D", help="last day of arrival, included")
    curate.add_argument("--dry-run", action="store_true", help="list the files and store nothing")
    curate.set_defaults(verb=_curate)

    gate = verbs.add_parser("gate", help="check whether a day's data are whole and plausible")
    _add_day(gate)
    gate.set_defaults(verb=_gate)

    verbs.add_parser("refresh", help="answer ahead what the pages ask on opening").set_defaults(verb=_refresh)

    notify = verbs.add_parser("notify", help="tell how a day's run went")
    _add_day(notify)
    notify.add_argument("--failed", metavar="TEXT", default="", help="what did not go through; it is told first")
    notify.set_defaults(verb=_notify)


def run_job(settings: Settings, job: str, **options: str | None) -> None:
    """Run a job of the lake in the cloud to its end; how far it is goes to standard error."""
    from pipelines import jobs

    print(jobs.run(settings, job, options, lambda step: print(step, file=sys.stderr)))


def _add_day(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--day", metavar="D", help="day of the data, as 2026-01-31; yesterday, if not said")


def _curate(given: argparse.Namespace) -> None:
    start, end = (parse_day(day, f"--{name}") if (day := getattr(given, name)) else None for name in ("start", "end"))
    if start and end and start > end:
        raise WrongUsage(f"--start {start} is after --end {end}.", "Swap them.")
    settings = load_settings()
    if settings.lake == "duckdb":
        _store_arrivals(settings, given.source, start, end, given.dry_run)
    elif given.dry_run:
        raise WrongUsage("--dry-run lists the inbox of a home; this lake is in the cloud.", "Look into its folder raw.")
    else:
        run_job(settings, f"curate_{given.source}", start=given.start, end=given.end)


def _store_arrivals(settings: Settings, source: str, start: date | None, end: date | None, dry_run: bool) -> None:
    """Store what arrived; a file that is refused does not stop the others.

    Where only the last day is said, as a daily run says it, all that came before is looked at, too: a file that was refused then is named again,
    but it fails the runs of its own day and of the next alone, or no later one would ever pass.
    """
    from pipelines import journeys
    from pipelines.ingest import inbox

    found = inbox.arrivals(settings, source, start, end)
    if not found:
        days = f" from {start or 'the first'} to {end or 'the last'} day" if start or end else ""
        raise NotFound(
            f"No file of {source} arrived{days}.", f"Files are looked for in {inbox.folder(settings, source)}/<day>."
        )
    if dry_run:
        print("\n".join(f"{arrival.name}: {arrival.path.stat().st_size:,} bytes" for arrival in found))
        return
    told_before = end - timedelta(days=1) if end and not start else date.min
    refused: list[str] = []
    with opened() as stores:
        for arrival in found:
            try:
                print(f"{arrival.name}: {_store(stores, source, arrival)}")
            except (WarehouseUnavailable, LakeUnavailable):
                raise
            except TouchlineError as problem:
                if arrival.day >= told_before:
                    refused.append(arrival.name)
                print(f"{arrival.name}: refused. {problem}")
        journeys.build(stores)
    if refused:
        raise FileRefused(f"Refused: {', '.join(refused)} ({len(refused)} of {len(found)} files of {source}).")


def _store(stores: "Stores", source: str, arrival: "Arrival") -> str:
    """Store a file as `ingest` does and say in a line what became of it."""
    from pipelines.ingest import inbox
    from pipelines.ingest.load import commit
    from pipelines.ingest.said import Said

    content, name = read_file(arrival.path)
    if before := inbox.stored_before(stores, source, content):
        by = before["undone_by"]
        return (
            f"left out, {by} took it back (upload {before['upload_id']})." if by else "stored before; nothing changed."
        )
    prepared, _ = prepare_file(stores, source, Said({}, {}, {}), content, name)
    upload = commit(stores, prepared, content, stores.settings.user, build=False)
    counts = [f"{upload[f'rows_{what}']:,} {what}" for what in ("accepted", "refused", "new", "replaced", "unchanged")]
    return f"stored; rows: {', '.join(counts)}."


def _gate(given: argparse.Namespace) -> None:
    from pipelines import gate, notice

    with opened() as stores:
        day = _day(given, stores)
        found = gate.checks(stores, day)
    print("\n".join(map(str, found)))
    if any(check.state == "failed" for check in found):
        raise TouchlineError(f"The data of {day} do not pass. {notice.told(found)}")


def _refresh(_: argparse.Namespace) -> None:
    from pipelines.default_view import refresh

    begun = time.monotonic()
    with opened() as stores:
        done = refresh(stores)
        version = stores.data_version()
    took = time.monotonic() - begun
    print(f"{done.answers} answers are warm, {done.renewed} of them renewed in {took:.1f} s: data version {version}.")


def _notify(given: argparse.Namespace) -> None:
    from pipelines import notice

    settings, lines = load_settings(), [f"Failed: {given.failed}."] if given.failed else []
    try:
        with opened() as stores:
            lines.append(notice.summary(stores, _day(given, stores)))
    except (WarehouseUnavailable, LakeUnavailable) as problem:
        lines.append(str(problem))  # the team is to hear of it all the same
    text = "\n".join(lines)
    print(text)
    if settings.notify_url:
        notice.post(settings.notify_url, text)


def _day(given: argparse.Namespace, stores: "Stores") -> date:
    from pipelines.gate import day_before

    return parse_day(given.day, "--day") if given.day else day_before(stores.settings)
