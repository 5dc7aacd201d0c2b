"""The section that `make bench-cloud` writes: beside the others of its page, and with arithmetic that adds up."""

from pathlib import Path

from tests.bench.cloud_costs import Measured, estimate
from tests.bench.page import write_section

HOUR = 3600
MEASURED = Measured(
    rows=10_000_000,
    day_rows=1_000_000,
    cores=4,
    month_seconds={"curate": HOUR / 100, "build": HOUR / 50},
    day_seconds={"curate": 10, "build": HOUR / 1000},
    raw_bytes=10**10,
    table_bytes={"touchpoints": 10**9, "journeys": 3 * 10**9},
    written_a_day=3 * 10**8,
)


def test_the_section_stands_beside_the_others_and_is_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    write_section("The cloud", "first", page)
    assert page.read_text() == "# Benchmarks\n\n## The cloud\n\nfirst\n"
    page.write_text(
        "# Benchmarks\n\n## Engine\n\nfast\n\n## The cloud\n\nfirst\n\n### Cost\n\nmuch\n\n## Pages\n\nquick\n"
    )
    write_section("The cloud", "second \\1", page)
    assert page.read_text() == "# Benchmarks\n\n## Engine\n\nfast\n\n## The cloud\n\nsecond \\1\n\n## Pages\n\nquick\n"


def test_the_estimate_is_what_its_arithmetic_says() -> None:
    """A hundred times the events, on as many cores as a DPU has: an hour to curate, two to build everything."""
    told = estimate(MEASURED)
    assert told.count("= 1.0 DPU-hours | $0.44 |") == 2
    assert "= 2.0 DPU-hours ($0.88) for each month" in told
    assert "6 x (raw 1,000 GB + tables 400 GB) + 90 days x 10.0 GB of replaced files = 9,300 GB | $213.90 |" in told
    assert "300 GB x 28 / 30 = 280 GB" in told
    assert "200 x 30 x $1.40" in told
    assert "| $8,400.00 |" in told
