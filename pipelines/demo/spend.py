"""What the media cost: spend follows the touches that it bought, smoothed as budgets are."""

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.draw import Dice, Floats, levels
from pipelines.demo.files import DemoFile, demo_file, money, texts
from pipelines.demo.journeys import Touches
from pipelines.demo.world import (
    ACCOUNTS,
    CAMPAIGNS,
    CHANNELS,
    DAY_NAMES,
    DAYS,
    PLATFORMS,
    PRICE_SEASONS,
    RATES,
    SPEND_TOOLS,
    TOUCH_PRICES,
    UNMATCHED_SPEND_CAMPAIGN,
    UNMATCHED_SPEND_CHANNEL,
    USD_TOOLS,
)

BUDGET_DAYS = 15
SMALLEST_CENTS = 100
# Cost of a thousand impressions and of a click, in cents.
THOUSAND_IMPRESSIONS, CLICK = 720, 85
# Tools claim more conversions than there are: cents of spend for each that they report.
CLAIMED_COST = 3_100


def spend(touches: Touches) -> DemoFile:
    """Daily spend by channel, campaign and platform in the words and currencies of the tools that bill it."""
    dice = Dice(26_20)
    euros = _budgets(touches)
    day, channel, campaign, platform = np.nonzero(euros * 100 >= SMALLEST_CENTS)
    amount = euros[day, channel, campaign, platform] * dice.uniform(len(day), 0.85, 1.15)

    tool = texts([[_tool(name, where) for where in (*PLATFORMS, "")] for name in CHANNELS])[channel, platform]
    account_names = [account.name for account in ACCOUNTS]
    account = np.array([account_names.index(c.account) for c in CAMPAIGNS])[campaign]
    currency = texts([account.currency for account in ACCOUNTS])[account]
    currency = np.where(np.isin(tool, USD_TOOLS) & (currency == "EUR"), "USD", currency)
    rate = np.select([currency == name for name in RATES], [first for first, _ in RATES.values()], 1.0)
    cents = np.rint(amount * rate * 100).astype(np.int64)

    # Search and display take the code from the link; the others are typed by people, who like capitals or do not.
    coded = np.isin(channel, [CHANNELS.index(name) for name in ("Paid Search", "Display", "Retargeting")])
    typed = texts([c.name.upper() if number % 3 == 0 else c.name for number, c in enumerate(CAMPAIGNS)])
    columns = {
        "date": texts(DAY_NAMES)[day],
        "channel": tool,
        "campaign": np.where(coded, texts([c.code for c in CAMPAIGNS])[campaign], typed[campaign]),
        "amount": texts(money(cents)),
        "currency": currency,
        "platform": texts([*PLATFORMS, ""])[platform],
        "ad_account": texts(account_names)[account],
        "ad_group": texts([f"{name} prospecting" for name in PLATFORMS] + ["all placements"])[platform],
        "impressions": np.rint(cents * dice.uniform(len(day), 800, 1200) / THOUSAND_IMPRESSIONS).astype(np.int64),
        "clicks": np.rint(cents * dice.uniform(len(day), 0.7, 1.3) / CLICK).astype(np.int64),
        "reported_conversions": np.rint(cents * dice.uniform(len(day), 0.6, 1.4) / CLAIMED_COST).astype(np.int64),
    }
    unmatched = _unmatched(dice)
    return demo_file("spend", {name: np.concatenate((values, unmatched[name])) for name, values in columns.items()})


def _tool(channel: str, platform: str) -> str:
    """What the tool that bills this channel on this platform calls it; empty where nothing is billed."""
    tools = SPEND_TOOLS.get(channel, {})
    return tools.get(platform, tools.get("", ""))


def _budgets(touches: Touches) -> Floats:
    """EUR by day, channel, campaign and platform (the last platform is none): touches, smoothed over two weeks, at their price."""
    shape = (DAYS, len(CHANNELS), len(CAMPAIGNS), len(PLATFORMS) + 1)
    bought = (touches.campaign >= 0) & (np.array(TOUCH_PRICES)[touches.channel] > 0)
    cell = np.ravel_multi_index(
        (
            touches.day[bought],
            touches.channel[bought],
            touches.campaign[bought],
            touches.platform[bought] % shape[3],
        ),
        shape,
    )
    counts = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)
    running = np.concatenate((np.zeros((1, *shape[1:]), dtype=np.int64), counts.cumsum(axis=0)))
    begin = np.maximum(np.arange(DAYS) - BUDGET_DAYS // 2, 0)
    end = np.minimum(np.arange(DAYS) + BUDGET_DAYS // 2 + 1, DAYS)
    smooth = (running[end] - running[begin]) / (end - begin)[:, None, None, None]
    price = (levels(PRICE_SEASONS).T * TOUCH_PRICES)[:, :, None] * np.array([c.price for c in CAMPAIGNS])
    return np.asarray(smooth * price[:, :, :, None])


def _unmatched(dice: Dice) -> dict[str, NDArray[np.object_]]:
    """A forgotten test campaign, and a podcast that no touchpoint can tell of."""
    days = [*range(140, DAYS, 4), *range(5, DAYS, 7)]
    tests = len(range(140, DAYS, 4))
    podcasts = len(days) - tests
    euros = np.repeat((14, 180), (tests, podcasts)) * dice.uniform(len(days), 0.8, 1.2)
    blank = [""] * len(days)
    return {
        "date": texts(DAY_NAMES)[days],
        "channel": texts(["Google Ads"] * tests + [UNMATCHED_SPEND_CHANNEL] * podcasts),
        "campaign": texts([UNMATCHED_SPEND_CAMPAIGN] * tests + ["Everyday Explorer"] * podcasts),
        "amount": texts(money(np.rint(euros * 100).astype(np.int64))),
        "currency": texts(["EUR"] * len(days)),
        "platform": texts(blank),
        "ad_account": texts(["Northwind Outdoor"] * len(days)),
        "ad_group": texts(["all placements"] * tests + ["host reads"] * podcasts),
        "impressions": texts(blank),
        "clicks": texts(blank),
        "reported_conversions": texts(blank),
    }
