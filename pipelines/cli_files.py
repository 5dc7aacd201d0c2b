"""The verbs about files: bring one, bring it again, take it back, and write out what is stored.

Invariant: what a verb says of a file is what the page's preview says.
"""

import argparse
import os
import sys
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines import cli_output as output
from pipelines.cli_stores import opened
from pipelines.errors import FileRefused, TouchlineError
from pipelines.sources import SOURCES, Source

if TYPE_CHECKING:
    from pipelines.ingest import Prepared
    from pipelines.ingest.said import Said
    from pipelines.stores import Stores

AUTO = "auto"

# pandas, DuckDB and Iceberg take a second to import: each verb imports what it needs.


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verbs and their options."""
    ingest = verbs.add_parser("ingest", help="store a file")
    sources = f"{', '.join(SOURCES)}, or {AUTO}"
    ingest.add_argument("source", metavar="SOURCE", choices=[*SOURCES, AUTO], help=f"{sources} to find it out")
    ingest.add_argument("file", metavar="FILE", type=Path)
    _add_reading(ingest)
    ingest.add_argument(
        "--remove-missing", action="store_true", help="remove the stored rows that `removed` lists in a dry run"
    )
    ingest.add_argument(
        "--remember", action="store_true", help="read files with this header in the same way from now on"
    )
    ingest.add_argument("--keep-demo", action="store_true", help="keep the demo data beside one's own")
    ingest.set_defaults(verb=_ingest)

    reread = verbs.add_parser("reread", help="read an upload's file again, in its place")
    reread.add_argument("upload_id", metavar="UPLOAD_ID")
    _add_reading(reread)
    reread.set_defaults(verb=_reread)

    undo = verbs.add_parser("undo", help="take an upload back")
    undo.add_argument("upload_id", metavar="UPLOAD_ID")
    undo.set_defaults(verb=_undo)

    uploads = verbs.add_parser("uploads", help="the history of uploads")
    uploads.add_argument("--format", choices=("csv", "json", "table"), default="table")
    uploads.set_defaults(verb=_uploads)

    export = verbs.add_parser("export", help="write what is stored as CSV")
    export.add_argument("source", metavar="SOURCE", choices=SOURCES, help=", ".join(SOURCES))
    export.add_argument("--start", metavar="D", help="first day, as 2026-01-31")
    export.add_argument("--end", metavar="D", help="last day, included")
    export.set_defaults(verb=_export)


def add_pairs(parser: argparse.ArgumentParser, option: str, form: str, text: str) -> None:
    """Declare an option of the form name=value that may be repeated."""
    parser.add_argument(option, metavar=form, type=_pair, action="append", default=[], help=f"{text} (may be repeated)")


def _add_reading(parser: argparse.ArgumentParser) -> None:
    add_pairs(parser, "--map", "field=column", "take a field from this column; field= leaves it out")
    add_pairs(parser, "--set", "field=value", "give a field this value in every row")
    parser.add_argument("--date-order", choices=("day", "month"), help="what dates such as 01/02/2026 begin with")
    parser.add_argument("--decimal", choices=("point", "comma"), help="what stands before decimals")
    parser.add_argument(
        "--time-zone", metavar="Z", type=_zone, help="zone of times that come without one, as Europe/Berlin"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would happen and store nothing")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form name=value")
    return name.strip(), value.strip()


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"'{text}' is no time zone such as Europe/Berlin") from None
    return text


def _ingest(given: argparse.Namespace) -> None:
    from pipelines.cli_told import Told
    from pipelines.ingest.load import commit
    from pipelines.ingest.plan import preview

    content, name = read_file(given.file)
    with opened() as stores:
        prepared, notes = prepare_file(stores, given.source, _said(given), content, name)
        plan, upload = preview(stores, prepared), None
        told = Told(prepared, plan, notes)
        if not given.dry_run:
            if not prepared.accepted:
                print(told.text(given.format))
            upload = commit(
                stores,
                prepared,
                content,
                stores.settings.user,
                keep_demo=given.keep_demo,
                remove_missing=given.remove_missing,
                remember=given.remember,
            )
    print(told.text(given.format, upload))


def prepare_file(
    stores: "Stores", source_name: str, said: "Said", content: bytes, name: str
) -> tuple["Prepared", list[str]]:
    """The file, read as it is said, else as files with its header were said to be read; and what there is to be noted about that.

    source_name: a source, or `auto`. Raises FileRefused where nothing of the file could be taken.
    """
    from pipelines.ingest import MappingNeeded, read_raw, remembered

    source, settings = _source(stores, source_name, content, name), stores.settings
    prepared: Prepared | FileRefused
    try:
        prepared = said.prepare(source, content, name, settings)
        header = prepared.header
    except MappingNeeded as needed:
        prepared, header = needed, needed.raw.header
    except FileRefused as refused:
        prepared, header = refused, remembered.header_of(read_raw(content, name, source))
    if known := remembered.recall_for(stores, source.name, header):
        day = f"{known.saved_at.astimezone(UTC):%Y-%m-%d}"
        note = f"Read as {known.saved_by} said on {day} that files with these columns are to be read."
        return said.over(known.said).prepare(source, content, name, settings), [note]
    if isinstance(prepared, FileRefused):
        raise prepared
    return prepared, []


def _source(stores: "Stores", name: str, content: bytes, file_name: str) -> Source:
    """The source of that name or, for `auto`, the one that files with this header were said to be, else the one that its columns tell."""
    if name != AUTO:
        return SOURCES[name]
    from pipelines.ingest import read_raw, remembered
    from pipelines.ingest.guess import guess_source

    if known := remembered.recall(stores, remembered.header_of(read_raw(content, file_name))):
        return SOURCES[known[0].source]
    guess = guess_source(content, file_name)
    if guess.source is None:
        candidates = ", ".join(source.name for source in guess.candidates)
        raise FileRefused(
            f"What is in {file_name} is in doubt. {guess.doubt}", f"Say which source it is: {candidates}."
        )
    return guess.source


def _said(given: argparse.Namespace) -> "Said":
    from pipelines.ingest.said import Said

    options = {"zone": given.time_zone, "date_order": given.date_order, "decimal": given.decimal}
    return Said(dict(given.map), dict(given.set), {name: value for name, value in options.items() if value})


def _reread(given: argparse.Namespace) -> None:
    from pipelines.cli_told import Told
    from pipelines.ingest import history
    from pipelines.ingest.load import commit
    from pipelines.ingest.plan import preview

    with opened() as stores:
        prepared, content = history.prepare_again(stores, given.upload_id, _said(given))
        told, upload = Told(prepared, preview(stores, prepared)), None
        if not given.dry_run:
            upload = commit(stores, prepared, content, stores.settings.user, replaces=given.upload_id)
    print(told.text(given.format, upload))


def _undo(given: argparse.Namespace) -> None:
    from pipelines.ingest import history

    with opened() as stores:
        upload = history.undo(stores, given.upload_id, stores.settings.user)
    print(f"Undone: {upload['file_name']} ({upload['source']}).")


def _uploads(given: argparse.Namespace) -> None:
    from pipelines.questions import ask

    with opened() as stores:
        answer = ask(stores, "uploads", {})
    told = ["upload_id", "status", "source", "file_name", "first_day", "last_day", "uploaded_by", "started_at"]
    told += ["rows_read", "rows_accepted", "rows_merged", "rows_refused", "rows_totals"]
    told += ["rows_new", "rows_replaced", "rows_unchanged", "rows_removed", "undone_at", "replaced_by"]
    print(output.answered(answer, given.format, told), end="")


def _export(given: argparse.Namespace) -> None:
    from pipelines.ingest.export import export

    with opened() as stores:
        for piece in export(stores, SOURCES[given.source], given.start, given.end):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def read_file(path: Path) -> tuple[bytes, str]:
    """The bytes of a file, and its name as text. Of one that is too large no more is read than what shows it."""
    from pipelines.ingest.containers import MOST_BYTES, refuse_large

    name = os.fsencode(path.name).decode("utf-8", "replace")
    try:
        refuse_large(path.stat().st_size, name)
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1), name
    except OSError as problem:
        raise TouchlineError(
            f"The file {name} cannot be read: {problem.strerror}.", "Name a file that can be read."
        ) from problem
