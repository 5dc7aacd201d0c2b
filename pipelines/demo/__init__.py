"""The seeded demo data set: half a year of an invented outdoor brand, as the CSV files that its tools would export.

Invariant: `demo_files()` depends on nothing but this package: same bytes on every run, on every machine, without clock or network.
"""

from pipelines.demo.files import DemoFile
from pipelines.demo.journeys import conversions, draw_journeys, draw_people, touchpoints
from pipelines.demo.listening import mentions
from pipelines.demo.posts import account_reach, draw_posts, first_stream
from pipelines.demo.reference import aliases, fx_rates, rules
from pipelines.demo.spend import spend
from pipelines.demo.world import FIRST_DAY, LAST_DAY

__all__ = ["FIRST_DAY", "LAST_DAY", "DemoFile", "demo_files"]


def demo_files() -> tuple[DemoFile, ...]:
    """All files of the demo in the order to ingest them: what joins names and currencies first, then reach, money and people.

    Days run from FIRST_DAY to LAST_DAY, times are UTC, amounts in EUR with some GBP and USD.
    """
    posts, people = draw_posts(), draw_people()
    touches, made = draw_journeys()
    return (
        aliases(),
        rules(),
        fx_rates(),
        account_reach(),
        first_stream(posts),
        spend(touches),
        mentions(posts),
        touchpoints(touches, people, posts),
        conversions(made, people),
    )
