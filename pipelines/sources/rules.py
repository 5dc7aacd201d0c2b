"""Rules: which channel or campaign a row belongs to, by what it says. Grain: a kind and its conditions.

Invariant: a rule that is stored says something and can match.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

from pipelines.sources.declare import Field, Source

ANY = "*"
"""In the names of a rule it stands for any text, also for none."""

CHANNEL_CONDITIONS = ("source", "medium", "platform", "name")
TEXT_CONDITIONS = ("hashtag", "keyword", "post")
"""What a campaign rule may ask of a mention that names no campaign (and, by `post`, of a post that names none)."""
DAYS = ("first_day", "last_day")


def words_of(text: str) -> list[str]:
    """The words of a text: its runs of letters, digits and underscores in lower case, as the lake's statements find them."""
    letters = (letter if letter == "_" or unicodedata.category(letter)[0] in "LMN" else " " for letter in text.lower())
    return "".join(letters).split()


def complaint(rule: Mapping[str, Any]) -> tuple[str, str] | None:
    """Why a rule whose cells can be read cannot be one: the field that shows it and a sentence. None for a good one."""
    if rule["kind"] == "channel":
        return _misplaced(
            rule, (*TEXT_CONDITIONS, *DAYS), "A channel rule asks for source, medium, platform and name"
        ) or _empty(rule, CHANNEL_CONDITIONS)
    return (
        _misplaced(rule, ("source", "medium", "platform"), "A campaign rule asks for name, hashtag, keyword and post")
        or _empty(rule, ("name", *TEXT_CONDITIONS))
        or _of_text(rule)
    )


def _misplaced(rule: Mapping[str, Any], fields: tuple[str, ...], said: str) -> tuple[str, str] | None:
    return next(((field, f"{said}; leave this blank.") for field in fields if rule[field]), None)


def _empty(rule: Mapping[str, Any], fields: tuple[str, ...]) -> tuple[str, str] | None:
    """Conditions that say nothing: none at all, wildcards alone, or the name that is meant anyway."""
    asked = [field for field in fields if rule[field]]
    if not asked:
        return "means", f"The rule asks for nothing. Fill {', '.join(fields[:-1])} or {fields[-1]}."
    for field in asked:
        if not rule[field].replace(ANY, "").strip():
            return field, "This holds for every row. Leave it blank, or say more."
    if asked == ["name"] and rule["means"] and _alike(rule["name"], rule["means"]):
        return "name", "The name means itself already."
    if rule["means"] and ANY in rule["means"]:
        return "means", "A rule means one name: write it without *."
    return None


def _of_text(rule: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with the conditions on a mention's text, its post and its day."""
    first, last = (rule[day] for day in DAYS)
    asked = [field for field in TEXT_CONDITIONS if rule[field]]
    if rule["name"] and asked:
        return (
            "name",
            "A mention that names a campaign keeps it, so that no text decides there. Make two rules of this.",
        )
    if any(ANY in rule[field] for field in asked):
        return next(
            field for field in asked if ANY in rule[field]
        ), "Whole words and whole addresses match: write it without *."
    if rule["hashtag"] and (len(words_of(rule["hashtag"])) != 1 or "#" in rule["hashtag"].lstrip("#")):
        return "hashtag", "A hashtag is one word of letters and digits."
    if rule["keyword"] and ("#" in rule["keyword"] or not words_of(rule["keyword"])):
        return "keyword", "A keyword is one word or more; a hashtag has a column of its own."
    if (first or last) and not (rule["hashtag"] or rule["keyword"]):
        return ("first_day" if first else "last_day"), "Days go with a hashtag or a keyword."
    if first and last and first > last:
        return "last_day", "The rule ends before it begins."
    return None


def _alike(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _day(name: str, help_: str, aliases: tuple[str, ...]) -> Field:
    return Field(name, "date", help_, ahead=True, aliases=aliases)


RULES = Source(
    name="rules",
    title="Naming rules",
    help="Which channel or campaign is meant, by source, medium, platform, name, hashtag, keyword or post. The most exact rule decides.",
    store="warehouse",
    table="rules",
    fields=(
        Field(
            "kind",
            "choice",
            "What the rule finds: channel or campaign.",
            required=True,
            filled=True,
            choices=("channel", "campaign"),
        ),
        Field(
            "source",
            "name",
            "Channel rules: where the visit came from; * stands for any text.",
            aliases=("utm source",),
        ),
        Field("medium", "name", "Channel rules: how it came; * stands for any text.", aliases=("utm medium",)),
        Field("platform", "name", "Channel rules: the platform; * stands for any text.", aliases=("network",)),
        Field(
            "name",
            "name",
            "The channel's or the campaign's name as it stands in the data; * stands for any text.",
            aliases=("stored name", "name in the data"),
        ),
        Field("hashtag", "name", "Campaign rules: a hashtag in the mention's text."),
        Field("keyword", "name", "Campaign rules: a word or phrase in the mention's text.", aliases=("phrase", "word")),
        Field(
            "post", "id", "Campaign rules: id or address of the own post.", aliases=("post url", "permalink", "post id")
        ),
        _day(
            "first_day",
            "Campaign rules: the first day on which the hashtag or keyword counts.",
            ("from day", "start", "valid from"),
        ),
        _day("last_day", "Campaign rules: the last such day, included.", ("to day", "end", "valid to", "valid until")),
        Field(
            "means",
            "name",
            "The channel or campaign that is meant.",
            required=True,
            filled=True,
            aliases=("maps to", "result"),
        ),
        Field(
            "active",
            "boolean",
            "Whether the rule holds; blank means yes. A rule that was deleted is one that does not.",
            default="yes",
            aliases=("holds", "enabled"),
        ),
    ),
    key=("kind", *CHANNEL_CONDITIONS, *TEXT_CONDITIONS, *DAYS),
    repeats="refuse",
    day_field=None,
    check=complaint,
)
