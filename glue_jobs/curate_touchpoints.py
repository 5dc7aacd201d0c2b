"""Touchpoints: raw files and events in JSON lines -> the table touchpoints and, where they mark conversions, conversions.

Invariant: a row of a file is what the embedded pipeline makes of it, an event what event_schema says.

    python -m glue_jobs.curate_touchpoints --local --lake FOLDER
"""

import sys
from collections.abc import Sequence

from pyspark.sql import DataFrame

from glue_jobs import command, curate
from glue_jobs.reading import Reader

JOB, SOURCE = "curate_touchpoints", "touchpoints"


def transform(parts: DataFrame, reader: Reader) -> DataFrame:
    """The rows of parts of raw files, in the columns of `reading.schema_of`."""
    return curate.read_parts(parts, reader)


def main(argv: Sequence[str]) -> int:
    """Run the job. Returns what the process is to exit with."""
    return command.run(JOB, SOURCE, argv, transform)


if __name__ == "__main__" and (failed := main(sys.argv[1:])):
    sys.exit(failed)  # Glue takes any exit for a failure, also one with 0
