"""`make bench`: print how fast the pages are. Figures, not a test."""

from tests.bench.pages import measure, report

print(report(measure()))
