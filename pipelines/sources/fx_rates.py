"""Exchange rates. Grain: a day and a pair of currencies; one unit of `base` is worth `rate` units of `quote`."""

from pipelines.sources.declare import Field, Source
from pipelines.sources.fields import DATE

FX_RATES = Source(
    name="fx_rates",
    title="Exchange rates",
    help="What one unit of a currency is worth in another, day by day.",
    store="warehouse",
    table="fx_rates",
    fields=(
        DATE,
        Field(
            "base",
            "currency",
            "The currency of the one unit.",
            required=True,
            filled=True,
            aliases=("from", "base currency"),
        ),
        Field(
            "quote",
            "currency",
            "The currency it is priced in.",
            required=True,
            filled=True,
            aliases=("to", "quote currency"),
        ),
        Field(
            "rate",
            "decimal",
            "Units of the quote currency for one unit of the base.",
            required=True,
            filled=True,
            sign="positive",
            scale=8,
            suffix=True,
            adds_up=False,
            aliases=("exchange rate", "fx rate", "value", "kurs"),
        ),
    ),
    key=("date", "base", "quote"),
    speaks_for=("date", "base"),
    repeats="refuse",
)
