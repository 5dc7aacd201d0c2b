"""The people of the demo: what they touched, and what came of it.

Invariant: every journey is drawn whole (touches in order of time, then perhaps a conversion after the last of them), then cut to the
days of the demo. What a tool would fail to record is taken away last, from the conversions only.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.draw import Bools, Dice, Ints, demand, levels
from pipelines.demo.files import DemoFile, demo_file, ids, instants, money, texts
from pipelines.demo.posts import PLATFORM_SHARES, Posts
from pipelines.demo.world import (
    ACCOUNTS,
    CAMPAIGNS,
    CHANNEL_SEASONS,
    CHANNELS,
    CLOSING,
    CONVERSION_TYPES,
    DAYS,
    FAULT_FIRST_DAY,
    FAULT_LAST_DAY,
    KINDS,
    MIXES,
    OUTCOMES,
    PLATFORMS,
    RATES,
    SECONDS_A_DAY,
    SOCIAL_CHANNELS,
    SPELLINGS,
    STAGES,
)

JOURNEYS = 65_000
WARM_UP_DAYS = 10
# How many touches a journey has: the weights of 1, 2, 3, ...
LENGTHS = (28, 21, 15, 11, 8, 6, 4, 3, 2, 1, 0.6, 0.4)
# The weights of the hours of a day.
HOURS = (2, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 7, 8, 8, 7, 7, 7, 8, 9, 10, 11, 10, 7, 4)

STAYS_WITH_CAMPAIGN = 0.75
RETURNING_PEOPLE = 0.08
REFUSED_CONSENT = 0.025
CONVERTS = 0.175
LATE_CONVERSIONS = 0.035
REFUNDS = 0.025

# Shares of conversions whose person is blank, or known only by an id that no touch carries; and what the fault week adds.
PERSON_LOST, PERSON_LOST_BY_FAULT = 0.032, 0.13
PERSON_NEVER_SEEN, PERSON_NEVER_SEEN_BY_FAULT = 0.025, 0.09

PRICES = (19, 29, 39, 59, 79, 99, 129, 159, 199, 249, 329, 449)
PRICE_WEIGHTS = (6, 9, 10, 12, 13, 12, 11, 9, 7, 5, 4, 2)
CREATIVES = ("video_a", "video_b", "static_a", "carousel_a")

# Channels whose touches mostly carry no campaign parameter: shares without one, in order of CHANNELS.
WITHOUT_CAMPAIGN = (0.0, 0.0, 0.0, 0.0, 0.04, 0.85, 0.05, 0.0, 0.05, 1.0)


@dataclass(frozen=True)
class Touches:
    """All touchpoints in order of time; numbers are positions in the world's tables, -1 = none. `second` counts from FIRST_DAY."""

    second: Ints
    journey: Ints
    position: Ints
    channel: Ints
    campaign: Ints
    platform: Ints

    @property
    def day(self) -> Ints:
        """The number of the day."""
        return self.second // SECONDS_A_DAY


@dataclass(frozen=True)
class Conversions:
    """All conversions in order of time; `campaign` is the one that led the journey."""

    second: Ints
    journey: Ints
    campaign: Ints
    type: Ints


@dataclass(frozen=True)
class People:
    """Who a journey belongs to, and who refused consent."""

    person: Ints
    refused: Bools


def draw_people() -> People:
    """Most journeys are a person's only one; some belong to a person who came before."""
    dice = Dice(26_10)
    journey = np.arange(JOURNEYS)
    person = np.where(dice.chance(RETURNING_PEOPLE, JOURNEYS), dice.below(JOURNEYS, JOURNEYS), journey)
    return People(person, dice.chance(REFUSED_CONSENT, JOURNEYS)[person])


def draw_journeys() -> tuple[Touches, Conversions]:
    """Draw every journey: its moments, its campaigns, a channel for each touch by its stage, and its conversion, if any."""
    dice = Dice(26_11)
    length = 1 + dice.pick(LENGTHS, JOURNEYS)
    moments = _moments(dice, length)
    journey = np.repeat(np.arange(JOURNEYS), length)
    position = np.arange(len(journey)) - np.repeat(length.cumsum() - length, length)
    second = moments[journey, position]
    day = np.clip(second // SECONDS_A_DAY, 0, DAYS - 1)

    volume = levels([campaign.season for campaign in CAMPAIGNS]).T * [campaign.touches for campaign in CAMPAIGNS]
    lead = dice.pick_by_row(volume, day[position == 0])
    campaign = np.where(dice.chance(STAYS_WITH_CAMPAIGN, len(journey)), lead[journey], dice.pick_by_row(volume, day))
    channel = _channels(dice, length[journey], position, campaign, day)

    appeal = np.bincount(journey, np.array([c.appeal for c in CAMPAIGNS])[campaign]) / length
    last = length.cumsum() - 1
    converts = dice.chance(CONVERTS * appeal * np.array(CLOSING)[channel[last]], JOURNEYS)
    conversions = _conversions(dice, second[last], lead, converts)

    named = ~dice.chance(np.array(WITHOUT_CAMPAIGN)[channel], len(journey))
    platforms = np.array([[PLATFORMS.index(name) for name in c.platforms] for c in CAMPAIGNS])
    platform = platforms[campaign, dice.pick(PLATFORM_SHARES, len(journey))]
    social = np.isin(channel, [CHANNELS.index(name) for name in SOCIAL_CHANNELS])
    order = np.lexsort((position, journey, second))
    order = order[(second[order] >= 0) & (second[order] < DAYS * SECONDS_A_DAY)]
    touches = Touches(
        second=second[order],
        journey=journey[order],
        position=position[order],
        channel=channel[order],
        campaign=np.where(named, campaign, -1)[order],
        platform=np.where(social, platform, -1)[order],
    )
    return touches, conversions


def _moments(dice: Dice, length: Ints) -> Ints:
    """Seconds of each journey's touches, ascending; a matrix journeys x longest, of which the first `length` entries count."""
    busy = np.concatenate((demand()[:WARM_UP_DAYS], demand()))
    start = dice.pick(busy, JOURNEYS) - WARM_UP_DAYS
    shape = (JOURNEYS, len(LENGTHS))
    gaps = dice.exponential(np.where(dice.chance(0.4, shape), 0.15, 3.4), shape)
    gaps[:, 0] = 0
    days = start[:, None] + np.floor(gaps.cumsum(axis=1)).astype(np.int64)
    seconds = days * SECONDS_A_DAY + dice.pick(HOURS, shape) * 3600 + dice.below(3600, shape)
    beyond = np.arange(len(LENGTHS)) >= length[:, None]
    return np.sort(np.where(beyond, np.iinfo(np.int64).max, seconds), axis=1)


def _channels(dice: Dice, length: Ints, position: Ints, campaign: Ints, day: Ints) -> Ints:
    """A channel for each touch: by its stage in the journey, its campaign's mix, and how the channel does on that day."""
    mix_names = list(MIXES)
    mix = np.array([mix_names.index(c.mix) for c in CAMPAIGNS])[campaign]
    stage = np.where(length == 1, 0, np.where(position == 0, 1, np.where(position == length - 1, 3, 2)))
    weights = (
        np.array(list(STAGES.values()))[:, None, None, :]
        * np.array(list(MIXES.values()))[None, :, None, :]
        * levels(CHANNEL_SEASONS).T[None, None, :, :]
    )
    rows = (stage * len(MIXES) + mix) * DAYS + day
    return dice.pick_by_row(weights.reshape(-1, len(CHANNELS)), rows)


def _conversions(dice: Dice, last_touch: Ints, lead: Ints, converts: Bools) -> Conversions:
    """What the converting journeys ended in: mostly within the hour, some after days, a few only after the usual window."""
    journey = np.flatnonzero(converts)
    count = len(journey)
    mean_days = np.array((0.03, 1.4, 5.0))[dice.pick((0.55, 0.30, 0.15), count)]
    lag = np.minimum(dice.exponential(mean_days, count), 25.0)
    lag = np.where(dice.chance(LATE_CONVERSIONS, count), dice.uniform(count, 31.0, 80.0), lag)
    second = last_touch[journey] + 60 + np.floor(lag * SECONDS_A_DAY).astype(np.int64)
    kind = dice.pick_by_row([OUTCOMES[campaign.mix] for campaign in CAMPAIGNS], lead[journey])
    order = np.lexsort((journey, second))
    order = order[(last_touch[journey[order]] >= 0) & (second[order] < DAYS * SECONDS_A_DAY)]
    return Conversions(second[order], journey[order], lead[journey[order]], kind[order])


def touchpoints(touches: Touches, people: People, posts: Posts) -> DemoFile:
    """The file of touchpoints as web analytics would export it: codes for campaigns, source and medium for some channels."""
    dice = Dice(26_12)
    count = len(touches.second)
    shares = [[share if name == channel else 0.0 for name, share, *_ in SPELLINGS] for channel in CHANNELS]
    spelling = dice.pick_by_row(shares, touches.channel)
    kinds = sorted({kind for shares_of in KINDS.values() for kind in shares_of})
    kind = dice.pick_by_row([[KINDS[channel].get(k, 0.0) for k in kinds] for channel in CHANNELS], touches.channel)
    paid_media = np.isin(touches.channel, [CHANNELS.index(name) for name in ("Paid Social", "Display", "Retargeting")])
    with_post = np.isin(touches.channel, [CHANNELS.index(name) for name in ("Organic Social", "Influencer")])
    with_post &= (touches.campaign >= 0) & dice.chance(0.6, count)
    post = np.where(with_post, posts.recent(dice, touches.campaign, touches.day), -1)
    codes = texts([campaign.code for campaign in CAMPAIGNS] + [""])
    handle_of = {account.name: account.handle for account in ACCOUNTS}
    handles = texts([handle_of[campaign.account] for campaign in CAMPAIGNS] + [""])
    social = touches.platform >= 0
    creative = codes[touches.campaign] + texts(["_" + name for name in CREATIVES])[dice.below(len(CREATIVES), count)]
    return demo_file(
        "touchpoints",
        {
            "id": ids("t", count),
            "time": instants(touches.second),
            "person": _person_ids(people.person[touches.journey]),
            "channel": texts([row[2] for row in SPELLINGS])[spelling],
            "source": texts([row[3] for row in SPELLINGS])[spelling],
            "medium": texts([row[4] for row in SPELLINGS])[spelling],
            "campaign": codes[touches.campaign],
            "platform": texts([*PLATFORMS, ""])[touches.platform],
            "account": np.where(social, handles[touches.campaign], ""),
            "creative": np.where(paid_media, creative, ""),
            "post": texts([*posts.name, ""])[post],
            "kind": texts(kinds)[kind],
            "milestone": _milestones(dice, touches),
            "consent": np.where(people.refused[touches.journey], "false", "true"),
        },
    )


def _milestones(dice: Dice, touches: Touches) -> NDArray[np.str_]:
    """A lead now and then on a third touch, an opportunity on a later one, mostly where companies buy."""
    business = np.array([campaign.mix == "business" for campaign in CAMPAIGNS] + [False])[touches.campaign]
    lead = (touches.position == 2) & dice.chance(np.where(business, 0.5, 0.12), len(business))
    opportunity = (touches.position == 4) & dice.chance(np.where(business, 0.5, 0.06), len(business))
    return np.where(lead, "lead", np.where(opportunity, "opportunity", ""))


def conversions(made: Conversions, people: People) -> DemoFile:
    """The file of conversions as the shop would export it: refunds as negative purchases, and people whom tracking lost."""
    dice = Dice(26_13)
    count = len(made.second)
    purchase = made.type == CONVERSION_TYPES.index("purchase")
    items = np.arange(3) <= dice.pick((0.5, 0.33, 0.17), count)[:, None]
    euros = (np.array(PRICES)[dice.pick(PRICE_WEIGHTS, (count, 3))] * items).sum(axis=1)
    british = np.array([campaign.account == "Northwind UK" for campaign in CAMPAIGNS])[made.campaign]
    currency = np.where(dice.chance(np.where(british, 0.65, 0.03), count), "GBP", "EUR")
    currency = np.where((currency == "EUR") & dice.chance(0.04, count), "USD", currency)
    rate = np.select([currency == name for name in RATES], [first for first, _ in RATES.values()], 1.0)
    basket = np.array([campaign.basket for campaign in CAMPAIGNS])[made.campaign]
    cents = np.rint(euros * basket * rate * 100).astype(np.int64)

    day = made.second // SECONDS_A_DAY
    fault = (day >= FAULT_FIRST_DAY) & (day <= FAULT_LAST_DAY)
    lost = PERSON_LOST + PERSON_LOST_BY_FAULT * fault
    never_seen = PERSON_NEVER_SEEN + PERSON_NEVER_SEEN_BY_FAULT * fault
    fate = dice.uniform(count)
    person = _person_ids(people.person[made.journey])
    guests = texts(ids("guest-", count))
    person = np.where(fate < lost, "", np.where(fate < lost + never_seen, guests, person))

    back = purchase & dice.chance(REFUNDS, count)
    back_at = made.second + dice.below(11 * SECONDS_A_DAY, count) + 3 * SECONDS_A_DAY
    back &= back_at < DAYS * SECONDS_A_DAY
    second = np.concatenate((made.second, back_at[back]))
    order = np.argsort(second, kind="stable")
    revenue = np.where(purchase, texts(money(cents)), "")
    return demo_file(
        "conversions",
        {
            "id": ids("c", len(order)),
            "time": instants(second[order]),
            "person": np.concatenate((person, person[back]))[order],
            "type": texts(CONVERSION_TYPES)[np.concatenate((made.type, made.type[back]))[order]],
            "revenue": np.concatenate((revenue, texts(money(-cents[back]))))[order],
            "currency": np.where(purchase, currency, "")[
                np.concatenate((np.arange(count), np.flatnonzero(back)))[order]
            ],
        },
    )


def _person_ids(person: Ints) -> NDArray[np.object_]:
    return texts(ids("p", JOURNEYS))[person]
