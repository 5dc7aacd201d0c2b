"""The command line's verbs: the same things that the pages do, for scripts and schedules.

Invariants: results go to standard output, everything else to standard error; the exit status is 0 when something was done, 1 with a one-line
reason when nothing could be, 2 for wrong usage; a stack trace is shown only on request.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines import cli_files, cli_runs
from pipelines import cli_output as output
from pipelines.cli_stores import opened
from pipelines.errors import TouchlineError, WrongUsage
from pipelines.settings import load_settings

if TYPE_CHECKING:
    from pipelines.stores.base import Stores

# pandas, DuckDB and Iceberg take a second to import: each verb imports what it needs.


def main(arguments: Sequence[str]) -> int:
    """Run one verb and return the exit status."""
    given = _parser().parse_args(arguments)
    if not given.trace:
        warnings.simplefilter("ignore")
    try:
        verb: Callable[[argparse.Namespace], None] = given.verb
        verb(given)
    except TouchlineError as problem:
        if given.trace:
            raise
        print(f"touchline: {problem}", file=sys.stderr)
        return 2 if isinstance(problem, WrongUsage) else 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader had enough: no complaint at exit
    except KeyboardInterrupt:
        print("touchline: stopped.", file=sys.stderr)
        return 130
    except Exception as problem:
        if given.trace:
            raise
        reason = " ".join(str(problem).split())[:300]
        print(f"touchline: a fault of ours ({type(problem).__name__}: {reason}). --trace shows where.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines", description="Touchline on the command line.")
    parser.add_argument("--trace", action="store_true", help="show where an error comes from")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    demo = verbs.add_parser("demo", help="load the demo data, or clear them")
    demo.add_argument("--clear", action="store_true", help="take the demo data back")
    demo.add_argument(
        "--if-unused",
        action="store_true",
        help="load them only where nothing was ever uploaded and the lake is this home's own",
    )
    demo.set_defaults(verb=_demo)

    cli_files.add_verbs(verbs)
    cli_runs.add_verbs(verbs)

    ask = verbs.add_parser("ask", help="ask a question")
    ask.add_argument("question", metavar="QUESTION", help="`questions` lists them")
    ask.add_argument("--start", metavar="D", help="first day of the period, as 2026-01-31")
    ask.add_argument("--end", metavar="D", help="last day of the period, included")
    ask.add_argument("--model", metavar="M")
    ask.add_argument("--lookback-days", metavar="N")
    ask.add_argument("--by", metavar="DIM")
    ask.add_argument("--conversion-type", metavar="T")
    ask.add_argument("--currency", metavar="C")
    cli_files.add_pairs(ask, "--parameter", "name=value", "any other parameter of the question or of the model")
    ask.add_argument("--format", choices=("csv", "json", "table"), default="table")
    ask.set_defaults(verb=_ask)

    verbs.add_parser("questions", help="list what can be asked").set_defaults(verb=_questions)

    journeys = verbs.add_parser("journeys", help="bring the journeys up to date")
    journeys.add_argument(
        "--full", action="store_true", help="build them for everybody, even where they are up to date"
    )
    journeys.add_argument(
        "--since", metavar="D", help="build them anew for all who were met or converted on that UTC day or later"
    )
    journeys.set_defaults(verb=_journeys)

    provision = verbs.add_parser(
        "provision", help="make what a lake in the cloud stands on, and put right what differs"
    )
    only = provision.add_mutually_exclusive_group()
    only.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    only.add_argument(
        "--check", action="store_true", help="say what is missing or has drifted; exit status 1 if anything"
    )
    provision.set_defaults(verb=_provision)

    maintain = verbs.add_parser("maintain", help="compact the lake, and let go of what is old and not needed")
    maintain.set_defaults(verb=_maintain)
    return parser


def _demo(given: argparse.Namespace) -> None:
    from pipelines.ingest.demo import clear_demo, demo_is_wanted, load_demo

    with opened() as stores:
        if given.clear:
            cleared = clear_demo(stores, stores.settings.user)
            waits = " What the lake holds of them goes with its jobs' next run." if stores.lake.lands_uploads else ""
            print(f"The demo data were cleared.{waits}" if cleared else "There are no demo data.")
        elif not given.if_unused or demo_is_wanted(stores):
            load_demo(stores, lambda step, done: print(f"{done:4.0%} {step}", file=sys.stderr))
            print("The demo data are loaded.")


def _ask(given: argparse.Namespace) -> None:
    from pipelines.questions import ask

    named = ("start", "end", "model", "lookback_days", "by", "conversion_type", "currency")
    parameters: dict[str, Any] = dict(given.parameter)
    parameters |= {name: getattr(given, name) for name in named if getattr(given, name, None) is not None}
    with opened() as stores:
        answer = ask(stores, given.question, parameters)
        lacking = [] if answer.stale else list(_not_there(stores, answer.parameters))
    for warning in lacking:
        print(f"touchline: {warning}", file=sys.stderr)
    if given.format != "json":
        for warning in answer.warnings:
            print(f"touchline: {warning}", file=sys.stderr)
    print(output.answered(answer, given.format), end="")


def _not_there(stores: "Stores", parameters: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each name that was asked for and that no row has: the numbers are right then, and not what was meant."""
    from pipelines.identity import KINDS, names_of
    from pipelines.questions import ask

    wanted = [("channel", name) for name in parameters.get("excluded_channels") or []]
    if parameters.get("name") and parameters.get("by") in KINDS:
        wanted.append((parameters["by"], parameters["name"]))
    names = names_of(stores.read()) if wanted else None
    for kind, name in wanted:
        if names is not None and not names.spellings(kind, [name]):
            yield f"There is no {kind} '{name}'. There are: {output.some(names.all(kind))}."
    if conversion_type := parameters.get("conversion_type"):
        there = ask(stores, "options").rows.query("kind == 'conversion_type'")["value"].tolist()
        if conversion_type not in there:
            yield f"There is no conversion type '{conversion_type}'. There are: {output.some(there)}."


def _questions(_: argparse.Namespace) -> None:
    from pipelines.questions import QUESTIONS

    print(output.questions(QUESTIONS.values()), end="")


def _journeys(given: argparse.Namespace) -> None:
    from pipelines import journeys
    from pipelines.calendar import parse_day

    since = parse_day(given.since, "--since") if given.since else None
    settings = load_settings()
    if settings.lake != "duckdb":
        cli_runs.run_job(settings, "build_journeys", since=given.since, full="true" if given.full else None)
        return
    with opened() as stores:
        build = journeys.build(
            stores,
            full=given.full,
            since=since,
            progress=lambda step, done: print(f"{done:4.0%} {step}", file=sys.stderr),
        )
        version = stores.data_version()
    whose = "everybody" if build.people is None else f"{build.people:,} {'person' if build.people == 1 else 'people'}"
    done = f"The journeys of {whose} were built" if build.written else "The journeys are up to date"
    print(f"{done}: data version {version}.")


def _provision(given: argparse.Namespace) -> None:
    from pipelines.provision import provision
    from pipelines.settings import load_settings

    differing = 0
    for line in provision(load_settings(), "check" if given.check else "dry_run" if given.dry_run else "apply"):
        differing += line.differs
        print(line.text, flush=True)
    if not differing:
        print("Everything is as it is to be.")
    elif given.check:
        raise TouchlineError(
            f"{differing} {'thing is' if differing == 1 else 'things are'} missing or have drifted.",
            "`python -m pipelines provision` puts them right.",
        )


def _maintain(_: argparse.Namespace) -> None:
    from pipelines.maintenance import maintain

    idle = True
    with opened(recover=False) as stores:  # whoever may maintain a lake in the cloud may change nothing of its uploads
        for sentence in maintain(stores):
            idle = False
            print(sentence, flush=True)
    if idle:
        print("There was nothing to do.")
