"""Naming rules: which channel an origin and which campaign a name, a text or a post stands for.

Invariant: of the rules that match, the same one always decides: the one with most conditions, then with fewest wildcards, then first in text
order. An order of the rows in a file means nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from pipelines.sources.rules import ANY, CHANNEL_CONDITIONS, TEXT_CONDITIONS

SEPARATOR = "\x1f"
ORIGIN = ("channel", "source", "medium", "platform")
"""What an origin is made of, in order, joined by the unit separator: all that a channel rule may ask for."""

_DAYS = ("first_day", "last_day")
_CONDITIONS = (*CHANNEL_CONDITIONS, *TEXT_CONDITIONS)
COLUMNS = ("kind", *_CONDITIONS, *_DAYS, "means")
"""The columns of rules, as the warehouse's statement of that name gives them."""

NO_KEY = re.compile(r"^https?://(www\.|m\.)?|/*([?&](utm_|igsh|fbclid|gclid).*|#.*)?$")
"""What of a post's address is no part of its key, here and in the lake's statements."""


@dataclass(frozen=True)
class Rule:
    """One rule. What it does not ask for is empty; days are YYYY-MM-DD."""

    kind: str
    source: str
    medium: str
    platform: str
    name: str
    hashtag: str
    keyword: str
    post: str
    first_day: str
    last_day: str
    means: str

    @property
    def conditions(self) -> dict[str, str]:
        """What it asks for, by column."""
        return {column: asked for column in (*_CONDITIONS, *_DAYS) if (asked := getattr(self, column))}

    @property
    def rank(self) -> tuple[object, ...]:
        """The smaller, the earlier it is asked. Days are one condition, whether one end is said or both."""
        asked = len([column for column in _CONDITIONS if getattr(self, column)])
        wildcards = sum(condition.count(ANY) for condition in self.conditions.values())
        texts = tuple(fold(getattr(self, column)) for column in COLUMNS)
        return -asked - bool(self.first_day or self.last_day), wildcards, texts


class NameRules:
    """The rules of one data version, the most exact first."""

    def __init__(self, rules: pd.DataFrame) -> None:
        """rules: COLUMNS; null or empty where nothing is asked."""
        texts = rules.reindex(columns=list(COLUMNS)).astype(object)
        records = texts.where(texts.notna(), "").to_dict("records")
        self.rules = tuple(sorted((Rule(**record) for record in records), key=lambda rule: rule.rank))
        self._channels = [(_matcher(rule, CHANNEL_CONDITIONS), rule) for rule in self.rules if rule.kind == "channel"]
        self._campaigns = [(_matcher(rule, ("name",)), rule) for rule in self.of("campaign") if rule.name]

    def of(self, kind: str) -> list[Rule]:
        """The rules of a kind, in the order in which they are asked."""
        return [rule for rule in self.rules if rule.kind == kind]

    @property
    def texts(self) -> list[Rule]:
        """The campaign rules that mentions are asked for, in order."""
        return [rule for rule in self.of("campaign") if not rule.name]

    @property
    def posts(self) -> dict[str, Rule]:
        """Key of a post -> the rule that asks for it and for nothing else."""
        return {post_key(rule.post): rule for rule in reversed(self.texts) if list(rule.conditions) == ["post"]}

    @property
    def need_origin(self) -> bool:
        """Whether a channel's own name does not settle what it is called."""
        return any(rule.source or rule.medium or rule.platform for rule in self.of("channel"))

    def of_channel(self, origin: str) -> Rule | None:
        """The rule that decides about an origin (or a channel's bare name)."""
        channel, source, medium, platform = parts(origin)
        asked = [fold(text) for text in (source, medium, platform, channel)]
        return next((rule for matches, rule in self._channels if matches(asked)), None)

    def of_campaign(self, name: str) -> Rule | None:
        """The rule that decides about a campaign's name."""
        return next((rule for matches, rule in self._campaigns if matches([fold(name)])), None)


NO_RULES = NameRules(pd.DataFrame())


def fold(name: str) -> str:
    """The text by which two names are the same."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def parts(origin: str) -> tuple[str, str, str, str]:
    """Channel, source, medium and platform of an origin, or of a channel's bare name. 'google / cpc' tells its source and medium itself."""
    channel, source, medium, platform = (*origin.split(SEPARATOR, 3), "", "", "")[:4]
    if not source and not medium and " / " in channel:
        source, _, medium = (part.strip() for part in channel.partition(" / "))
    return channel, source, medium, platform


def post_key(post: str) -> str:
    """What tells a post by its id or address: without scheme, www, trailing slash, fragment and the parameters of links that are counted."""
    return NO_KEY.sub("", post.strip())


def needle(words: Sequence[str]) -> str:
    """Words as they stand among the words of a mention; no words stand everywhere."""
    return f" {' '.join(words)} " if words else " "


def _matcher(rule: Rule, columns: Sequence[str]) -> Callable[[Sequence[str]], bool]:
    """Whether folded texts, one a column, are what the rule asks for."""
    tests = [(place, _test(fold(asked))) for place, column in enumerate(columns) if (asked := getattr(rule, column))]
    return lambda texts: all(test(texts[place]) for place, test in tests)


def _test(pattern: str) -> Callable[[str], bool]:
    """Whether a text is what the pattern says. Each piece between wildcards is taken where it comes first: no text is searched twice."""
    first, *pieces = pattern.split(ANY)
    if not pieces:
        return pattern.__eq__
    *middle, last = pieces

    def matches(text: str) -> bool:
        begin, end = len(first), len(text) - len(last)
        if begin > end or not text.startswith(first) or not text.endswith(last):
            return False
        for piece in middle:
            found = text.find(piece, begin, end)
            if found < 0:
                return False
            begin = found + len(piece)
        return True

    return matches
