"""The kinds of files Touchline reads: one declaration a source, and the registry that everything else asks.

Invariant: the order of SOURCES is the order people are shown; table and field names here are those of storage and of the command line.
"""

from pipelines.sources.account_reach import ACCOUNT_REACH
from pipelines.sources.aliases import ALIASES
from pipelines.sources.conversions import CONVERSIONS
from pipelines.sources.declare import NUMBER_TYPES, Field, FieldType, Source
from pipelines.sources.first_stream import FIRST_STREAM
from pipelines.sources.fx_rates import FX_RATES
from pipelines.sources.mentions import MENTIONS
from pipelines.sources.rules import RULES
from pipelines.sources.spend import SPEND
from pipelines.sources.touchpoints import TOUCHPOINTS

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (ACCOUNT_REACH, FIRST_STREAM, SPEND, MENTIONS, TOUCHPOINTS, CONVERSIONS, FX_RATES, ALIASES, RULES)
}

__all__ = ["NUMBER_TYPES", "SOURCES", "Field", "FieldType", "Source"]
