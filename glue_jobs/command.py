"""How a curating job is started, on Glue or here, and what it says when it is done.

Invariant: what went wrong is said in a sentence on the error output, and the process then ends with 1.
"""

import json
import sys
from collections.abc import Sequence

from glue_jobs import curate
from glue_jobs.arguments import parse
from glue_jobs.session import open_session
from pipelines.errors import TouchlineError
from pipelines.sources import SOURCES

_TOLD = ("job", "run_id", "status", "rows_in", "rows_rejected", "late", "bots", "seconds", "lies_at")


def run(job: str, source: str, argv: Sequence[str], transform: curate.Transform) -> int:
    """Run a job over the raw files of a source. Returns what the process is to exit with."""
    try:
        arguments = parse(job, f"Bring raw/{source} into the lake's {SOURCES[source].table}.", argv)
        with open_session(
            arguments.lake_url, local=arguments.local, cores=arguments.cores, memory=arguments.memory
        ) as spark:
            record = curate.run(spark, job, source, arguments, transform)
    except TouchlineError as problem:
        print(problem, file=sys.stderr)
        return 1
    print(json.dumps({name: record.get(name) for name in _TOLD}))
    return 0
