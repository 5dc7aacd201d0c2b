"""Money and ratios: what CPA, ROAS, ROI and a converted amount are.

Invariant: a zero or unknown denominator gives null, never infinity and never 0.
"""

import numpy as np
import pandas as pd

from pipelines.stores.base import Reading


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """numerator / denominator; null where either is unknown or the denominator is zero."""
    if numerator is None or denominator is None or pd.isna(numerator) or pd.isna(denominator) or denominator == 0:
        return None
    return float(numerator) / float(denominator)


def ratios(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """ratio() for two columns."""
    bottom = denominator.astype(float)
    return numerator.astype(float) / bottom.where(bottom != 0, np.nan)


def change(value: float | None, previous: float | None) -> float | None:
    """The change as a fraction of the previous value; null where that is zero or unknown."""
    if value is None or previous is None:
        return None
    return ratio(value - previous, abs(previous))


def with_results(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of spend, attributed_conversions, attributed_revenue with their cpa (paid), roas and roi beside them."""
    spend = rows["spend"].astype(float)
    paid = spend.where(spend > 0)
    return rows.assign(
        cpa=ratios(paid, rows["attributed_conversions"]),
        roas=ratios(rows["attributed_revenue"], paid),
        roi=ratios(rows["attributed_revenue"] - paid, paid),
    )


class Rates:
    """Dated exchange rates: one unit of base is `rate` units of quote on that day and until the next rate."""

    def __init__(self, rates: pd.DataFrame) -> None:
        """rates: date (YYYY-MM-DD), base, quote, rate."""
        straight = rates[["date", "base", "quote", "rate"]].astype({"rate": float})
        inverse = straight.rename(columns={"base": "quote", "quote": "base"}).assign(rate=1 / straight["rate"])
        both = pd.concat([straight, inverse], ignore_index=True)
        self._pairs = {pair: group.sort_values("date") for pair, group in both.groupby(["base", "quote"])}
        self.newest_day = "" if rates.empty else str(rates["date"].max())

    def at(self, base: str, quote: str, days: pd.Series) -> pd.Series:
        """The rate of each day: of the pair itself or across one third currency, the newest at or before the day, else null."""
        if base == quote:
            return pd.Series(1.0, index=days.index)
        if (base, quote) in self._pairs:
            return self._asof(self._pairs[base, quote], days)
        for middle in sorted({pair[1] for pair in self._pairs if pair[0] == base}):
            if (middle, quote) in self._pairs:
                return self._asof(self._pairs[base, middle], days) * self._asof(self._pairs[middle, quote], days)
        return pd.Series(np.nan, index=days.index)

    @staticmethod
    def _asof(rates: pd.DataFrame, days: pd.Series) -> pd.Series:
        place = np.searchsorted(rates["date"].to_numpy(dtype=object), days.to_numpy(dtype=object), side="right") - 1
        known = np.where(place >= 0, rates["rate"].to_numpy()[np.maximum(place, 0)], np.nan)
        return pd.Series(known, index=days.index)

    def convert(self, rows: pd.DataFrame, amount: str, to: str) -> tuple[pd.DataFrame, list[str]]:
        """Rows with their amount column in one currency, and a warning for each currency that has amounts but no rate.

        rows: `day` (YYYY-MM-DD) and `currency` beside the amount. An amount without a rate becomes null: it is left out of every sum.
        """
        converted, warnings = rows.astype({amount: float}), []
        for currency, group in rows.groupby("currency", dropna=True):
            rate = self.at(str(currency), to, group["day"])
            lacking = group[rate.isna() & (group[amount].fillna(0) != 0)]
            if len(lacking):
                days = lacking["day"].nunique()
                warnings.append(
                    f"{lacking[amount].sum():,.2f} {currency} of {amount.replace('_', ' ')} on {days} day{'s' * (days > 1)} is left "
                    f"out: no rate from {currency} to {to} is known for then. Upload fx_rates to include it."
                )
            converted.loc[group.index, amount] = group[amount].astype(float) * rate
        return converted, warnings


def rates_of(reading: Reading) -> Rates:
    """The exchange rates of a reading."""
    return reading.kept("rates", lambda: Rates(reading.warehouse("fx_rates")))
