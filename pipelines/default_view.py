"""What the pages ask when they are opened and nothing is chosen, asked ahead so that they open at once.

Invariant: every answer that a page needs on opening is among these, under the very parameters of the page; a test opens them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipelines.answers import Answer
from pipelines.calendar import Period
from pipelines.errors import LakeUnavailable
from pipelines.questions import QUESTIONS, Question, ask
from pipelines.slots import USUAL_WINDOWS
from pipelines.stores.base import Stores

DAYS = 28
"""The period that ends on the last complete day."""
WINDOWS = tuple(map(float, USUAL_WINDOWS))
DEFAULT_WINDOW = 30.0
"""The look-back windows that are offered, in days, and the one to begin with."""

Asks = Callable[..., Answer]
"""Asked with the name of a question and its parameters, as pages ask."""


@dataclass(frozen=True)
class View:
    """What the filter bar says on one page before anybody touches it. comparison: the period before, where there are data of it."""

    period: Period | None
    comparison: Period | None
    conversion_type: str | None
    lookback_days: float

    def credit(self) -> dict[str, Any]:
        """The parameters of questions about credit; of all others, the defaults hold."""
        said = {"conversion_type": self.conversion_type, "lookback_days": self.lookback_days}
        return {**_days(self.period), **said}

    def compared(self) -> dict[str, Any]:
        """The parameters of `credit`, and the period compared with."""
        return {**self.credit(), **{f"compare_{end}": day for end, day in _days(self.comparison).items()}}

    def before(self) -> dict[str, Any]:
        """The parameters of `credit` on the days compared with."""
        return {**self.credit(), **_days(self.comparison)}


@dataclass(frozen=True)
class Refreshed:
    """How many answers were asked for, and how many of them had to be worked out anew."""

    answers: int
    renewed: int


def refresh(stores: Stores) -> Refreshed:
    """Ask all that the pages ask on opening, so that it is kept at the present data version. Raises what a failing store raises."""
    begun, given = datetime.now(UTC), list[Answer]()

    def asks(question: str, **parameters: Any) -> Answer:
        answer = ask(stores, question, parameters)
        if answer.stale:
            raise LakeUnavailable(answer.warnings[0], "The pages show what was kept; refresh again once it answers.")
        given.append(answer)
        return answer

    options, fresh = asks("options").facts, asks("freshness").rows.dropna(subset=["first_day"])
    first_days = dict(zip(fresh["source"], fresh["first_day"], strict=True))
    asks("unmatched_names")
    asks("naming_rules")
    for question, page in _PAGES:
        page(_view(stores, QUESTIONS[question], options, first_days), asks)
    return Refreshed(len(given), sum(answer.computed_at >= begun for answer in given))


def default_window(longest: float) -> float:
    """The look-back window to begin with where journeys are stored so many days back."""
    return max((days for days in WINDOWS if days <= min(DEFAULT_WINDOW, longest)), default=longest)


def begins(question: Question, first_days: Mapping[str, str]) -> date | None:
    """The first day on which a question has something to tell: that of conversions where it asks for them, else of what it asks for.

    first_days: source -> its first day, as YYYY-MM-DD.
    """
    asked = ["conversions"] if "conversions" in question.sources and "conversions" in first_days else question.sources
    days = [first_days[source] for source in asked if source in first_days]
    return date.fromisoformat(min(days)) if days else None


def _view(stores: Stores, question: Question, options: Mapping[str, Any], first_days: Mapping[str, str]) -> View:
    """How a page begins that this question dates."""
    first, last = options["first_day"], options["last_complete_day"].get(question.name)
    start, period, comparison = begins(question, first_days), None, None
    if start and last and last >= first:
        end = date.fromisoformat(last)
        period = Period(end - timedelta(days=DAYS - 1), end)
        earlier = period.comparable()
        comparison = earlier if earlier.end >= start else None
    window = default_window(stores.settings.longest_lookback_days)
    return View(period, comparison, options["primary_conversion_type"], window)


def _days(period: Period | None) -> dict[str, str | None]:
    return {
        "start": period.start.isoformat() if period else None,
        "end": period.end.isoformat() if period else None,
    }


def _overview(view: View, asks: Asks) -> None:
    asks("credit_by_day", **view.credit(), by="channel")
    asks("movers", **view.compared(), by="channel")
    asks("overview", **view.compared())


def _quadrants(view: View, asks: Asks) -> None:
    if asks("quadrants", **view.credit(), by="campaign", threshold="median").rows.empty:
        for by in ("account", "platform", "post"):
            asks("quadrants", **view.credit(), by=by)
    asks("overview", **view.compared())
    if view.comparison:
        asks("quadrants", **_days(view.comparison), by="campaign")


def _credit(view: View, asks: Asks) -> None:
    asks("channel_credit", **view.credit(), by="channel")
    asks("channel_credit", **view.credit(), by="channel", model="last_touch")
    asks("credit_by_day", **view.credit(), by="channel")


def _compare(view: View, asks: Asks) -> None:
    asked = {**view.credit(), "by": "channel", "measure": "conversions"}
    asks("model_comparison", **asked)
    names = asks("credit_intervals", **asked).rows["channel"].dropna()
    if len(names):
        asks("model_windows", **asked, name=names.iloc[0])


def _spend(view: View, asks: Asks) -> None:
    asks("spend_and_cpa", **view.credit(), by="channel")
    asks("overview", **view.compared())


def _unattributed(view: View, asks: Asks) -> None:
    for period in (view.credit(), *([view.before()] if view.comparison else [])):
        asks("unattributed", **period)
    asks("unattributed_by_day", **view.credit())
    asks("unattributed_by_day", **{**view.credit(), "conversion_type": None})
    asks("window_curve", **view.credit())
    asks("unmatched_people", **view.credit())
    asks("unattributed_conversions", **view.credit(), limit=200)


def _journeys(view: View, asks: Asks) -> None:
    for period in (view.credit(), *([view.before()] if view.comparison else [])):
        asks("path_lengths", **period)
    asks("time_lags", **view.credit())
    asks("top_paths", **view.credit())
    asks("steps", **view.credit(), side="last", steps=5, most=7)


_PAGES: tuple[tuple[str, Callable[[View, Asks], None]], ...] = (
    ("overview", _overview),
    ("quadrants", _quadrants),
    ("channel_credit", _credit),
    ("channel_credit", _compare),
    ("spend_and_cpa", _spend),
    ("unattributed", _unattributed),
    ("path_lengths", _journeys),
)
"""The question that dates a page, and what the page asks."""
