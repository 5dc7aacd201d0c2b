"""Mentions: raw files of listening tools -> the table mentions.

Invariant: a row is what the embedded pipeline makes of it, bookkeeping and all.

    python -m glue_jobs.curate_mentions --local --lake FOLDER
"""

import sys
from collections.abc import Sequence

from pyspark.sql import DataFrame

from glue_jobs import command, curate
from glue_jobs.reading import Reader

JOB, SOURCE = "curate_mentions", "mentions"


def transform(parts: DataFrame, reader: Reader) -> DataFrame:
    """The rows of parts of raw files, in the columns of `reading.schema_of`."""
    return curate.read_parts(parts, reader)


def main(argv: Sequence[str]) -> int:
    """Run the job. Returns what the process is to exit with."""
    return command.run(JOB, SOURCE, argv, transform)


if __name__ == "__main__" and (failed := main(sys.argv[1:])):
    sys.exit(failed)  # Glue takes any exit for a failure, also one with 0
