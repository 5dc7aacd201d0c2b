"""`make bench`: print how fast the pages are. Figures, not a test. --write: put the table into docs/benchmarks.md."""

import sys

from tests.bench.page import machine, write_section
from tests.bench.pages import measure, row

lines = [machine(), "", "| change | changes | median ms | p95 ms | bar | |", "|---|--:|--:|--:|--:|---|"]
for case, values in measure():
    lines.append(row(case, values))
    print(lines[-1], file=sys.stderr, flush=True)
print("\n".join(lines))
if "--write" in sys.argv[1:]:
    write_section("Pages", "\n".join(lines))
