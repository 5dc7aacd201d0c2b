"""What a question is asked about: the parameters made into a period, a way to attribute, and the names of the reading."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import pandas as pd

from pipelines import health, journeys
from pipelines.attribution import DEFAULT_MODEL, MODELS
from pipelines.attribution.asked import Asked, Attribution, Options
from pipelines.calendar import Period
from pipelines.identity import Names, names_of
from pipelines.stores.base import Reading

OPTIONS = tuple(field.name for field in fields(Options))
"""The parameters that change which touches and conversions count."""


@dataclass(frozen=True)
class Scope:
    """One question's reading with its parameters made usable. period is None where no source has a day."""

    reading: Reading
    names: Names
    fresh: pd.DataFrame
    period: Period | None
    previous: Period | None
    how: Attribution

    def asked(self, period: Period, dimension: str = "channel") -> Asked:
        """What the engine is asked for."""
        return Asked(self.reading, self.names, self.how, period, dimension)

    def edges(self) -> list[str]:
        """What must be said about the edges of the period: conversions whose journeys the data cannot hold in full."""
        touched = health.whole(self.fresh, ("touchpoints",))
        if self.period is None or touched is None:
            return []
        said = []
        if not journeys.up_to_date(self.reading):
            said.append("The newest uploads are not in the journeys yet: credit may change within moments.")
        first = touched.start
        whole_from = first + timedelta(days=int(-(-self.how.lookback_days // 1)))
        if self.period.start < whole_from:
            said.append(
                f"Touchpoints begin on {first}: conversions before {whole_from} may have had earlier ones within the window "
                "of which nothing is known."
            )
        complete = health.last_complete_day(self.fresh, ("touchpoints", "conversions"))
        if complete is not None and self.period.end.isoformat() > complete:
            said.append(f"The last complete day is {complete}: what comes after it may still grow.")
        return said


def scope(reading: Reading, parameters: Mapping[str, Any], sources: tuple[str, ...]) -> Scope:
    """The scope of a question whose whole period is that of the given sources."""
    fresh = health.freshness(reading)
    model = str(parameters.get("model", DEFAULT_MODEL))
    how = Attribution(
        model=model,
        model_parameters={p.name: parameters[p.name] for p in MODELS[model].parameters if p.name in parameters},
        lookback_days=float(parameters.get("lookback_days", 30.0)),
        conversion_type=parameters.get("conversion_type"),
        excluded_channels=tuple(parameters.get("excluded_channels", ())),
        currency=str(parameters.get("currency") or reading.settings.reporting_currency),
        options=Options(**{name: parameters[name] for name in OPTIONS if name in parameters}),
    )
    whole = health.whole(fresh, sources)
    return Scope(
        reading,
        names_of(reading),
        fresh,
        period_of(parameters.get("start"), parameters.get("end"), whole),
        period_of(parameters.get("compare_start"), parameters.get("compare_end"), None),
        how,
    )


def period_of(start: str | None, end: str | None, whole: Period | None) -> Period | None:
    """The period that is meant where only one end of it, or none, is said; None where there are no days."""
    first = date.fromisoformat(start) if start else whole and whole.start
    last = date.fromisoformat(end) if end else whole and whole.end
    if not first or not last:
        return None
    # A bound that lies outside what there is leaves an empty day rather than a period that runs backwards.
    return Period(min(first, last), last) if end else Period(first, max(first, last))
