"""A file's way in, in the order of the flow:

- read (bytes -> Raw): containers, spreadsheet, encodings, header, sections, records, damage
- recognise (which tool, which column is which field): guess, tell, matching, contents, suggest, pivot, ranges, stages
- normalise (texts -> values): columns, cells, defuse, numbers (forms, frames), currencies (currency_words, money), dates (date_order, clocks,
  calendar_words), words, conversions
- validate (which rows are stored): totals (subtotals, sums, reconcile), whole_rows, validate, keys, smells; prepare (-> Prepared)
- store: load, uploads, history, rows (binary_copy), raw, remembered, said, refused, export, demo

Invariant: all but the last are pure, on Arrow tables, and run inside Spark: they import nothing of pipelines but `sources`, `errors` and
`settings`.
"""

from pipelines.ingest.prepare import prepare
from pipelines.ingest.prepared import REFUSED_SCHEMA, MappingNeeded, Prepared, Raw
from pipelines.ingest.read import read_raw
from pipelines.ingest.recognise import recognise

__all__ = ["REFUSED_SCHEMA", "MappingNeeded", "Prepared", "Raw", "prepare", "read_raw", "recognise"]
