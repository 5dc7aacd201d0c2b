"""What joins the other files: exchange rates, and the aliases and rules of names that differ between tools."""

import numpy as np

from pipelines.demo.draw import Dice
from pipelines.demo.files import DemoFile, demo_file
from pipelines.demo.world import (
    ACCOUNTS,
    CAMPAIGNS,
    CHANNELS,
    DAY_NAMES,
    DAYS,
    PLATFORM_NICKNAMES,
    PLATFORMS,
    RATES,
    RULES,
    SPELLINGS,
    SPEND_TOOLS,
)


def fx_rates() -> DemoFile:
    """Units of each other currency for one EUR, day by day: a slow drift and a little noise."""
    dice = Dice(26_30)
    drift = np.arange(DAYS) / (DAYS - 1)
    rows = []
    for quote, (first, change) in RATES.items():
        rates = first * (1 + change * drift) * dice.uniform(DAYS, 0.998, 1.002)
        rows += [(day, "EUR", quote, f"{rate:.4f}") for day, rate in zip(DAY_NAMES, rates.tolist(), strict=True)]
    return demo_file(
        "fx_rates", dict(zip(("date", "base", "quote", "rate"), zip(*sorted(rows), strict=True), strict=True))
    )


def aliases() -> DemoFile:
    """One line for every spelling that differs from the name by more than case."""
    rows: list[tuple[str, str, str]] = []
    for name, _, channel, source, medium in SPELLINGS:
        rows.append(("channel", channel or (f"{source} / {medium}" if source else "direct"), name))
    for name in CHANNELS:
        rows += [("channel", tool, name) for tool in SPEND_TOOLS.get(name, {}).values()]
    for campaign in CAMPAIGNS:
        rows += [("campaign", campaign.code, campaign.name), ("campaign", campaign.hashtag, campaign.name)]
    rows += [("account", account.handle, account.name) for account in ACCOUNTS]
    rows += [("platform", nickname, name) for nickname, name in zip(PLATFORM_NICKNAMES, PLATFORMS, strict=True)]
    # "direct" differs from "Direct" in case only, but it is what a touchpoint without channel is called: it lends the name its capital.
    useful = dict.fromkeys(row for row in rows if row[1].casefold() != row[2].casefold() or row[1] == "direct")
    return demo_file("aliases", dict(zip(("kind", "from", "to"), zip(*useful, strict=True), strict=True)))


def rules() -> DemoFile:
    """What no list of spellings can say: a hashtag of a campaign, and all names that begin alike."""
    return demo_file("rules", dict(zip(("kind", "name", "hashtag", "means"), zip(*RULES, strict=True), strict=True)))
