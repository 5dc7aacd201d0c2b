"""Money and ratios: what CPA, ROAS, ROI and a converted amount are.

Invariant: a zero or unknown denominator gives null, never infinity and never 0.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.stores.base import Reading

Days = npt.NDArray[np.str_]
Numbers = npt.NDArray[np.float64]


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
        self._pairs = {
            pair: (_days(group["date"]), group["rate"].to_numpy())
            for pair, group in both.sort_values("date").groupby(["base", "quote"])
        }
        self.newest_day = "" if rates.empty else str(rates["date"].max())

    def at(self, base: str, quote: str, days: pd.Series) -> pd.Series:
        """The rate of each day: of the pair itself or across one third currency, the newest at or before the day, else null."""
        return pd.Series(self._at(base, quote, _days(days)), index=days.index)

    def each(self, rows: pd.DataFrame, to: str) -> pd.Series:
        """The rate of each row's `currency` on its `day` (YYYY-MM-DD); 1 where it has no currency, null where no rate is known."""
        days, codes = _days(rows["day"]), pd.Categorical(rows["currency"])
        found = np.ones(len(rows))
        for code, currency in enumerate(codes.categories):
            own = codes.codes == code
            found[own] = self._at(str(currency), to, days[own])
        return pd.Series(found, index=rows.index)

    def _at(self, base: str, quote: str, days: Days) -> Numbers:
        if base == quote:
            return np.ones(len(days))
        if (base, quote) in self._pairs:
            return self._asof((base, quote), days)
        for middle in sorted({pair[1] for pair in self._pairs if pair[0] == base}):
            if (middle, quote) in self._pairs:
                return self._asof((base, middle), days) * self._asof((middle, quote), days)
        return np.full(len(days), np.nan)

    def _asof(self, pair: tuple[str, str], days: Days) -> Numbers:
        dates, rates = self._pairs[pair]
        place = np.searchsorted(dates, days, side="right") - 1
        known: Numbers = np.where(place >= 0, rates[np.maximum(place, 0)], np.nan)
        return known

    def convert(self, rows: pd.DataFrame, amount: str, to: str) -> tuple[pd.DataFrame, list[str]]:
        """Rows with their amount column in one currency, and a warning for each currency that has amounts but no rate.

        rows: `day` (YYYY-MM-DD) and `currency` beside the amount. An amount without a rate becomes null: it is left out of every sum.
        """
        rate = self.each(rows, to)
        return rows.assign(**{amount: rows[amount].astype(float) * rate}), lacking(rows[rate.isna()], amount, to)


def lacking(rows: pd.DataFrame, amount: str, to: str) -> list[str]:
    """A warning for each currency of rows without a rate (day, currency, and the amount), where that is not zero."""
    warnings = []
    for currency, group in rows[rows[amount].fillna(0) != 0].groupby("currency"):
        days = group["day"].nunique()
        left_out = f"{group[amount].astype(float).sum():,.2f} {currency} of {amount.replace('_', ' ')}"
        warnings.append(
            f"{left_out} on {days} day{'s' * (days > 1)} is left out: no rate from {currency} to {to} is known for then. "
            "Upload fx_rates to include it."
        )
    return warnings


def _days(days: pd.Series) -> Days:
    return days.to_numpy(dtype=object).astype("U10")


def rates_of(reading: Reading) -> Rates:
    """The exchange rates of a reading."""
    return reading.kept("rates", lambda: Rates(reading.warehouse("fx_rates")))
