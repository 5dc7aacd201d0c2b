"""What people say about the brand, as a listening tool would export it.

A topic is what a mention is about: a campaign (in the order of CAMPAIGNS) or, after those, the brand as such on one of the accounts.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.draw import Dice, Floats, Ints, demand, levels
from pipelines.demo.files import DemoFile, demo_file, ids, instants, texts
from pipelines.demo.posts import PLATFORM_SHARES, Posts
from pipelines.demo.words import ABOUT, AUTHOR_FIRST, AUTHOR_SECOND, PLACES, PRODUCTS, TEXTS
from pipelines.demo.world import (
    ACCOUNTS,
    CAMPAIGNS,
    DAYS,
    FAN_ACCOUNT,
    HASHTAG_EVERY,
    LOOSE_HASHTAGS,
    MISSPELT_CAMPAIGN,
    PLATFORM_NICKNAMES,
    PLATFORMS,
    SECONDS_A_DAY,
    TALK,
)

MENTIONS = 60_000
# Mentions a day of the brand as such, by account, and the shares of positive and negative ones.
BRAND_TALK = (9.0, 4.5, 4.0, 2.5, 9.0, 4.0)
BRAND_POSITIVE, BRAND_NEGATIVE = 0.38, 0.16
SENTIMENTS = ("positive", "neutral", "negative", "Uncategorized")
UNCATEGORIZED = 0.06
# The weights of the hours of a day: people write in the evening.
HOURS = (3, 2, 1, 1, 1, 2, 4, 6, 7, 6, 6, 6, 8, 7, 6, 6, 7, 9, 11, 12, 12, 11, 8, 5)
AUTHORS = 4_800
ABOUT_A_POST = 0.4
WRITES_HASHTAG = 0.6
MISSPELT = 0.015
AT_FANS = 0.001
SPECIFIC_TEXT = 0.6


def mentions(posts: Posts) -> DemoFile:
    """All mentions in order of time; the campaign is blank where people just talk about the brand."""
    dice = Dice(26_40)
    topic, day = np.divmod(dice.pick(_volume(dice).ravel(), MENTIONS), DAYS)
    second = day * SECONDS_A_DAY + dice.pick(HOURS, MENTIONS) * 3600 + dice.below(3600, MENTIONS)
    order = np.argsort(second, kind="stable")
    topic, day, second = topic[order], day[order], second[order]

    campaign = np.where(topic < len(CAMPAIGNS), topic, -1)
    account = _accounts()[topic]
    sentiment = dice.pick_by_row(_moods(), topic)
    about_a_post = (campaign >= 0) & dice.chance(ABOUT_A_POST, MENTIONS)
    post = np.where(about_a_post, posts.recent(dice, campaign, day), -1)
    platform = np.where(post >= 0, posts.platform[post], dice.pick_by_row(_places_of_talk(), topic))
    nickname = dice.chance(0.3, MENTIONS)
    reach = np.rint(40 + dice.exponential(900, MENTIONS) * np.where(dice.chance(0.03, MENTIONS), 25, 1)).astype(
        np.int64
    )
    engagements = np.floor(reach * dice.uniform(MENTIONS, 0.0, 0.06)).astype(np.int64)
    number = ids("m", MENTIONS)
    return demo_file(
        "mentions",
        {
            "id": number,
            "time": instants(second),
            "account": np.where(
                dice.chance(AT_FANS, MENTIONS), FAN_ACCOUNT, texts([account.handle for account in ACCOUNTS])[account]
            ),
            "platform": np.where(nickname, texts(PLATFORM_NICKNAMES)[platform], texts(PLATFORMS)[platform]),
            "campaign": _campaign_names(dice, campaign),
            "sentiment": texts(SENTIMENTS)[sentiment],
            "author": _authors(dice),
            "text": _texts(dice, campaign, account, sentiment),
            "url": [f"https://listening.example.com/{name}" for name in number],
            "post": texts([*posts.name, ""])[post],
            "reach": reach,
            "engagements": engagements,
        },
    )


def _volume(dice: Dice) -> Floats:
    """The relative number of mentions by topic and day; some weeks are louder than others."""
    base = np.array([campaign.mentions for campaign in CAMPAIGNS] + list(BRAND_TALK))
    level = np.vstack([levels([campaign.season for campaign in CAMPAIGNS]), np.ones((len(BRAND_TALK), DAYS))])
    weeks = dice.uniform((len(base), DAYS // 7 + 1), 0.82, 1.18)
    return np.asarray(base[:, None] * level * demand() * np.repeat(weeks, 7, axis=1)[:, :DAYS])


def _accounts() -> Ints:
    """The account of each topic."""
    names = [account.name for account in ACCOUNTS]
    return np.array([names.index(c.account) for c in CAMPAIGNS] + list(range(len(ACCOUNTS))))


def _moods() -> list[tuple[float, float, float, float]]:
    """The shares of SENTIMENTS by topic."""
    rated = [(campaign.positive, campaign.negative) for campaign in CAMPAIGNS]
    rated += [(BRAND_POSITIVE, BRAND_NEGATIVE)] * len(BRAND_TALK)
    scale = 1 - UNCATEGORIZED
    return [(good * scale, (1 - good - bad) * scale, bad * scale, UNCATEGORIZED) for good, bad in rated]


def _places_of_talk() -> Floats:
    """The shares of PLATFORMS by topic: where its posts are, or its followers, and where people like to talk."""
    present = np.zeros((len(CAMPAIGNS) + len(ACCOUNTS), len(PLATFORMS)))
    for topic, campaign in enumerate(CAMPAIGNS):
        for name, share in zip(campaign.platforms, PLATFORM_SHARES, strict=True):
            present[topic, PLATFORMS.index(name)] = share
    present[len(CAMPAIGNS) :] = [account.followers for account in ACCOUNTS]
    return np.asarray(present * TALK)


def _campaign_names(dice: Dice, campaign: Ints) -> NDArray[np.object_]:
    """The campaign as the listening tool has it: a hashtag, the name, and now and then a slip of somebody's keyboard."""
    hashtags = texts([c.hashtag for c in CAMPAIGNS] + [""])[campaign]
    names = texts([c.name for c in CAMPAIGNS] + [""])[campaign]
    written = np.where(dice.chance(WRITES_HASHTAG, len(campaign)), hashtags, names)
    slip = (names == "Trail Ready") & dice.chance(MISSPELT, len(campaign))
    return np.where(slip, MISSPELT_CAMPAIGN, written)


def _authors(dice: Dice) -> NDArray[np.object_]:
    """Handles out of a crowd in which some write far more than others."""
    first, second = dice.below(len(AUTHOR_FIRST), AUTHORS), dice.below(len(AUTHOR_SECOND), AUTHORS)
    suffix = dice.below(100, AUTHORS)
    crowd = [
        f"@{AUTHOR_FIRST[a]}{AUTHOR_SECOND[b]}{n:02d}"
        for a, b, n in zip(first.tolist(), second.tolist(), suffix.tolist(), strict=True)
    ]
    return texts(crowd)[np.floor(AUTHORS * dice.uniform(MENTIONS) ** 2).astype(np.int64)]


def _texts(dice: Dice, campaign: Ints, account: Ints, sentiment: Ints) -> list[str]:
    """A text for each mention that fits its sentiment and campaign; uncategorized ones read like any other neutral one."""
    specific = dice.chance(SPECIFIC_TEXT, MENTIONS)
    chosen = dice.uniform(MENTIONS)
    product, place = dice.below(len(PRODUCTS), MENTIONS), dice.below(len(PLACES), MENTIONS)
    columns = (campaign, account, sentiment, specific, chosen, product, place)
    written = []
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for number, (c, a, s, special, choice, p, where) in enumerate(rows):
        mood = SENTIMENTS[s] if SENTIMENTS[s] in TEXTS else "neutral"
        about = ABOUT.get(CAMPAIGNS[c].code, {}).get(mood) if c >= 0 and special else None
        templates = about or TEXTS[mood]
        template = templates[int(choice * len(templates))]
        brand = ACCOUNTS[a].handle
        tag = CAMPAIGNS[c].hashtag if c >= 0 else brand
        said = template.format(tag=tag, brand=brand, product=PRODUCTS[p], place=PLACES[where])
        loose = LOOSE_HASHTAGS.get(number % HASHTAG_EVERY) if c < 0 else None
        written.append(f"{said} {loose}" if loose else said)
    return written
