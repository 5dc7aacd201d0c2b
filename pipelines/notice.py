"""The notice of a daily run: what came in, how fresh the data are, what the gate says; and its way to the team's chat.

Invariant: the address it is posted to is a secret: no sentence, log or trace has it.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from datetime import date

from pipelines.errors import TouchlineError
from pipelines.gate import Check, checks
from pipelines.questions import ask
from pipelines.questions.data import FEEDS
from pipelines.stores.base import Stores

SECONDS_TO_ANSWER = 10.0
"""A chat that takes longer is down: the run need not wait for it."""


def summary(stores: Stores, day: date) -> str:
    """A day in three lines. Raises what a failing store raises."""
    rows = ask(stores, "feed_days", {"start": day.isoformat(), "end": day.isoformat()}).rows
    came = dict(zip(rows["source"], rows["rows"], strict=True))
    fresh = ask(stores, "freshness").rows.dropna(subset=["last_complete_day"])
    reach = [f"{row['source']} {row['last_complete_day']}" for row in fresh.to_dict("records")]
    return "\n".join(
        (
            f"Touchline, {day}: {', '.join(f'{came.get(feed, 0):,} {feed}' for feed in FEEDS)}.",
            f"Last complete days: {', '.join(reach) or 'none'}.",
            told(checks(stores, day)),
        )
    )


def told(found: Iterable[Check]) -> str:
    """What a gate says, in a line: the checks that failed with their numbers."""
    found = list(found)
    failed = [f"{check.name} ({check.said})" for check in found if check.state == "failed"]
    if failed:
        return f"Gate: {len(failed)} of {len(found)} checks failed: {'; '.join(failed)}."
    still = sum(check.state == "open" for check in found)
    return f"Gate: {len(found) - still} checks passed{f', {still} are open' if still else ''}."


def post(url: str, text: str) -> None:
    """Post a text as Slack's incoming webhooks take it. Raises TouchlineError where it is not taken."""
    body, kind = json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}
    try:
        request = urllib.request.Request(url, body, kind, method="POST")
        with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER):
            return
    except urllib.error.HTTPError as problem:
        reason = f"status {problem.code}"
    except (OSError, ValueError) as problem:
        reason = type(getattr(problem, "reason", problem)).__name__
    # Outside of the except block, and without the problem: both know the address.
    raise TouchlineError(f"The notice could not be posted ({reason}).", "Check TOUCHLINE_NOTIFY_URL and what it names.")
