"""What a question is: its parameters, its grain, the statements it reads, and how it is answered.

Invariant: a question is answered under all of its parameters, checked and with the defaults filled in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from pipelines.attribution import DEFAULT_MODEL, MODELS, model_parameters
from pipelines.attribution.asked import DIRECT
from pipelines.calendar import parse_day
from pipelines.errors import WrongUsage
from pipelines.settings import Settings
from pipelines.stores.base import Reading

Kind = Literal["day", "text", "number", "whole", "choice", "list", "flag"]


@dataclass(frozen=True)
class Parameter:
    """One thing that can be said with a question. `default` None means: not said."""

    name: str
    kind: Kind
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None

    def check(self, value: Any) -> Any:
        """The value as the question wants it, from text or from Python. Raises WrongUsage that names the parameter."""
        if value is None or value == "":
            return self.default
        match self.kind:
            case "day":
                return parse_day(str(value), self.name).isoformat()
            case "number" | "whole":
                return self._number(value)
            case "choice":
                if value not in self.choices:
                    raise WrongUsage(f"{self.name} is '{value}'.", f"Use one of {', '.join(self.choices)}.")
                return value
            case "list":
                items = value.split(",") if isinstance(value, str) else value
                return sorted({str(item).strip() for item in items if str(item).strip()})
            case "flag":
                return self._flag(value)
            case "text":
                return str(value).strip()

    def _flag(self, value: Any) -> bool:
        text = str(value).strip().lower()
        if text not in ("yes", "no", "true", "false"):
            raise WrongUsage(f"{self.name} is '{value}'.", "Use yes or no.")
        return text in ("yes", "true")

    def _number(self, value: Any) -> float | int:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        whole = self.kind == "whole"
        low = self.minimum is not None and number < self.minimum
        if not abs(number) < float("inf") or low or (whole and number % 1):
            limit = "" if self.minimum is None else f" of at least {self.minimum:g}"
            raise WrongUsage(f"{self.name} is '{value}'.", f"Use a {'whole ' * whole}number{limit}.")
        return int(number) if whole else number


@dataclass(frozen=True)
class Found:
    """What a question's own function returns: rows, what was noticed, and what stands beside the rows."""

    rows: pd.DataFrame
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Question:
    """Something a person asks.

    grain: what one row is. sources: those that are asked, and without which something is missing. statements: the SQL files it reads, as
    lake/<name> or warehouse/<name>. live: its rows change without a new data version, so that no kept answer is served as current.
    """

    name: str
    title: str
    grain: str
    parameters: tuple[Parameter, ...]
    sources: tuple[str, ...]
    statements: tuple[str, ...]
    answer: Callable[[Reading, Mapping[str, Any]], Found]
    live: bool = False

    def complete(self, given: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
        """All parameters, checked, with defaults filled in. Raises WrongUsage for one that is unknown or does not hold."""
        known = {parameter.name: parameter for parameter in self.parameters}
        chosen = {name: parameter.check(given.get(name)) for name, parameter in known.items()}
        rest = {name: value for name, value in given.items() if name not in known}
        if "model" in known:
            own = {parameter.name for parameter in MODELS[chosen["model"]].parameters}
            numbers = {
                name: Parameter(name, "number", None, "").check(value) for name, value in rest.items() if name in own
            }
            chosen |= model_parameters(
                chosen["model"], {name: value for name, value in numbers.items() if value is not None}
            )
            rest = {name: value for name, value in rest.items() if name not in own}
        if rest:
            raise WrongUsage(
                f"The question {self.name} has no parameter '{min(rest)}'.", f"It has {', '.join(chosen) or 'none'}."
            )
        if "currency" in chosen:
            chosen["currency"] = (chosen["currency"] or settings.reporting_currency).upper()
        if "lookback_days" in chosen:
            said = given.get("lookback_days") not in (None, "")
            chosen["lookback_days"] = _window("lookback_days", chosen["lookback_days"], settings, said)
        if chosen.get("impression_lookback_days") is not None:
            days = chosen["impression_lookback_days"]
            chosen["impression_lookback_days"] = _window("impression_lookback_days", days, settings, said=True)
        if "currency" in chosen and not (len(chosen["currency"]) == 3 and chosen["currency"].isalpha()):
            raise WrongUsage(f"currency is '{chosen['currency']}'.", "Use three letters such as EUR.")
        for first, last in (("start", "end"), ("compare_start", "compare_end")):
            if chosen.get(first) and chosen.get(last) and chosen[first] > chosen[last]:
                raise WrongUsage(f"{first} {chosen[first]} is after {last} {chosen[last]}.", "Swap them.")
        return chosen


def _window(name: str, days: float, settings: Settings, said: bool) -> float:
    """The look-back window in days; the default gives way where journeys are stored less far back, what was said does not."""
    longest = settings.longest_lookback_days
    if not said:
        return min(days, longest)
    if not 0 < days <= longest:
        raise WrongUsage(
            f"{name} is {days:g}.",
            f"Use more than 0 and at most {longest:g} days, as far back as journeys are stored.",
        )
    return days


ATTRIBUTION_STATEMENTS = (
    "lake/credit",
    "lake/name_sets",
    "lake/shares",
    "lake/grams",
    "lake/milestones",
)
OUTCOME_STATEMENTS = ("lake/outcomes",)
"""What the engine reads for credit under any model, and for what is unattributed."""

PERIOD = (
    Parameter("start", "day", None, "First day of the reporting period; the first there is, if not said."),
    Parameter("end", "day", None, "Last day of the reporting period, included; the last there is, if not said."),
)
COMPARISON = (
    Parameter("compare_start", "day", None, "First day of the period to compare with."),
    Parameter("compare_end", "day", None, "Last day of the period to compare with, included."),
)
ATTRIBUTION = (
    Parameter("model", "choice", DEFAULT_MODEL, "Attribution model.", choices=tuple(MODELS)),
    Parameter("lookback_days", "number", 30.0, "Look-back window in days; fractions are fine."),
    Parameter("conversion_type", "text", None, "Only conversions of this type; all, if not said."),
    Parameter("excluded_channels", "list", [], "Channels left out of the model, separated by commas."),
    Parameter("currency", "text", None, "Currency of all amounts; the reporting currency, if not said."),
    Parameter(
        "direct",
        "choice",
        "keep",
        "Whether direct touches count: keep, exclude, or redistribute.",
        choices=tuple(DIRECT),
    ),
    Parameter("collapse", "flag", False, "Count touches of one name in a row as one, the last of them."),
    Parameter(
        "impression_lookback_days", "number", None, "Window of impressions in days; that of all touches, if not said."
    ),
    Parameter("restart", "flag", False, "Begin a journey anew after each conversion of its person."),
    Parameter("first_conversion", "flag", False, "Only the first conversion of each person."),
    Parameter(
        "by_touch_date", "flag", False, "Report credit on the day of the touchpoint instead of the conversion's."
    ),
)
