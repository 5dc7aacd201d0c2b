"""A file's way in: read -> recognise -> normalise -> validate -> Prepared (pure, on Arrow tables), then load and history (stores).

Invariant: the names below are the pure part; it imports nothing of pipelines but `sources` and `errors`, so that it runs inside Spark.
"""

from pipelines.ingest.prepare import prepare
from pipelines.ingest.prepared import REFUSED_SCHEMA, MappingNeeded, Prepared, Raw
from pipelines.ingest.read import read_raw
from pipelines.ingest.recognise import recognise

__all__ = ["REFUSED_SCHEMA", "MappingNeeded", "Prepared", "Raw", "prepare", "read_raw", "recognise"]
