"""`make bench-engine` and `make bench-engine-scale`: print how fast the engine is, beside its peers. Figures, not a test.

--scale: ten and a hundred million touchpoints instead of a million journeys. --write: put the table into docs/benchmarks.md.
"""

import argparse
import sys
from itertools import chain

from tests.bench.engine import changed, rivals, scale, whole
from tests.bench.engine.figures import line, markdown
from tests.bench.page import machine, write_section

parser = argparse.ArgumentParser(prog="python -m tests.bench.engine", description=__doc__)
parser.add_argument("--scale", action="store_true", help="measure ten and a hundred million touchpoints")
parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
asked = parser.parse_args()

where = machine()
if asked.scale:
    title, measured = "Attribution engine at size", scale.measure()
else:
    title, measured = "Attribution engine", chain(whole.measure(), changed.measure())
    where += f" Peers: {rivals.versions()}."
figures = []
for figure in measured:
    print(line(figure), file=sys.stderr, flush=True)
    figures.append(figure)
text = f"{where}\n\n{markdown(figures)}"
print(text)
if asked.write:
    write_section(title, text)
