"""The brand's own posts: when each campaign posts, where, and how far each post goes."""

from dataclasses import dataclass

import numpy as np

from pipelines.demo.draw import Dice, Ints, demand, levels
from pipelines.demo.files import DemoFile, demo_file, texts
from pipelines.demo.world import ACCOUNTS, CAMPAIGNS, DAY_NAMES, DAYS, PLATFORMS

DAYS_BETWEEN_POSTS = 5
# The share of a post's reach that falls on each day after it appears.
DECAY = np.array((0.40, 0.24, 0.15, 0.10, 0.07, 0.04))
PLATFORM_SHARES = (0.5, 0.3, 0.2)


@dataclass(frozen=True)
class Posts:
    """All posts, ordered by campaign and day; every array has one entry a post, numbers are positions in the world's tables.

    `day` is below 0 for posts that were out before the first day and still reach people on it.
    `first` is each campaign's first post, `published` (campaigns x days) how many it has out by the end of a day.
    """

    name: list[str]
    day: Ints
    campaign: Ints
    account: Ints
    platform: Ints
    first: Ints
    published: Ints

    def recent(self, dice: Dice, campaign: Ints, day: Ints) -> Ints:
        """For each pair of campaign and day one of the campaign's three newest posts; -1 where it has none yet."""
        out = self.published[campaign, day]
        chosen = self.first[campaign] + out - 1 - dice.below(np.minimum(out, 3), len(out))
        return np.where(out > 0, chosen, -1)


def draw_posts() -> Posts:
    """Every campaign posts about every five days while it runs, on its platforms and mostly from its account."""
    dice = Dice(26_01)
    level = levels([campaign.season for campaign in CAMPAIGNS])
    account_names = [account.name for account in ACCOUNTS]
    names: list[str] = []
    rows: list[tuple[int, int, int, int]] = []
    for number, campaign in enumerate(CAMPAIGNS):
        slots = np.arange(number % DAYS_BETWEEN_POSTS - DAYS_BETWEEN_POSTS, DAYS, DAYS_BETWEEN_POSTS)
        days = np.minimum(slots + dice.below(3, len(slots)), DAYS - 1)
        platforms = dice.pick(PLATFORM_SHARES, len(slots))
        from_brand = dice.chance(0.15, len(slots))
        runs = (level[number, np.maximum(days, 0)] > 0) & (campaign.reach > 0)
        for count, slot in enumerate(np.flatnonzero(runs), start=1):
            platform = campaign.platforms[platforms[slot]]
            account = 0 if from_brand[slot] else account_names.index(campaign.account)
            names.append(f"https://example.com/{platform.lower()}/{campaign.code}/{count:02d}")
            rows.append((number, int(days[slot]), account, PLATFORMS.index(platform)))
    columns = np.array(rows, dtype=np.int64).T
    published = np.zeros((len(CAMPAIGNS), DAYS), dtype=np.int64)
    np.add.at(published, (columns[0], np.maximum(columns[1], 0)), 1)
    published = published.cumsum(axis=1)
    first = np.concatenate(([0], published[:, -1].cumsum()[:-1]))
    return Posts(names, columns[1], columns[0], columns[2], columns[3], first, published)


def first_stream(posts: Posts) -> DemoFile:
    """The post-level stream: reach, impressions and engagements of every post on the days after it appeared."""
    dice = Dice(26_02)
    reach = np.array([campaign.reach for campaign in CAMPAIGNS]) * 1000
    level = levels([campaign.season for campaign in CAMPAIGNS])
    size = reach[posts.campaign] * level[posts.campaign, np.maximum(posts.day, 0)] * DAYS_BETWEEN_POSTS
    size = size * dice.uniform(len(posts.day), 0.7, 1.3)
    post, age = np.meshgrid(np.arange(len(posts.day)), np.arange(len(DECAY)), indexing="ij")
    day = posts.day[post] + age
    inside = (day >= 0) & (day < DAYS)
    post, age, day = post[inside], age[inside], day[inside]
    reached = np.rint(size[post] * DECAY[age] * demand()[day] * dice.uniform(len(day), 0.85, 1.15)).astype(np.int64)
    impressions = np.rint(reached * dice.uniform(len(day), 1.15, 1.6)).astype(np.int64)
    engagements = np.rint(reached * dice.uniform(len(day), 0.008, 0.05)).astype(np.int64)
    order = np.lexsort((post, day))
    return demo_file(
        "first_stream",
        {
            "date": texts(DAY_NAMES)[day[order]],
            "account": texts([account.name for account in ACCOUNTS])[posts.account[post[order]]],
            "platform": texts(PLATFORMS)[posts.platform[post[order]]],
            "post": texts(posts.name)[post[order]],
            "campaign": texts([campaign.name for campaign in CAMPAIGNS])[posts.campaign[post[order]]],
            "reach": reached[order],
            "impressions": impressions[order],
            "engagements": engagements[order],
        },
    )


def account_reach() -> DemoFile:
    """Reach, impressions and followers of every account on every platform it is on, day by day."""
    dice = Dice(26_03)
    days = np.arange(DAYS)
    pairs = [(a, p) for a, account in enumerate(ACCOUNTS) for p in range(len(PLATFORMS)) if account.followers[p]]
    # Video reaches past its followers; LinkedIn hardly reaches the own ones.
    spread = np.array((1.15, 0.75, 1.35, 0.70, 0.55))
    followers, reach = [], []
    for a, p in pairs:
        account = ACCOUNTS[a]
        followers.append(np.rint(account.followers[p] * (1 + account.growth * days / (DAYS - 1))))
        reach.append(followers[-1] * account.reach_rate * spread[p] * demand() * dice.uniform(DAYS, 0.8, 1.2))
    account_numbers, platform_numbers = np.array(pairs).T
    pair, day = np.tile(np.arange(len(pairs)), DAYS), np.repeat(days, len(pairs))
    reached = np.rint(np.array(reach).T.ravel()).astype(np.int64)
    return demo_file(
        "account_reach",
        {
            "date": texts(DAY_NAMES)[day],
            "account": texts([account.name for account in ACCOUNTS])[account_numbers[pair]],
            "platform": texts(PLATFORMS)[platform_numbers[pair]],
            "reach": reached,
            "impressions": np.rint(reached * dice.uniform(len(day), 1.2, 1.7)).astype(np.int64),
            "followers": np.array(followers).T.ravel().astype(np.int64),
        },
    )
