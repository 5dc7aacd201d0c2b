"""The invented world of the demo: who posts where, which campaigns run, and how each of them does.

Invariant: this module is data and holds the story. Who wins, who is loved and who is too expensive are numbers in these tables; the
other modules only draw files from them. Days are numbered from 0 (FIRST_DAY) to DAYS - 1 (LAST_DAY).
"""

from dataclasses import dataclass
from datetime import date, timedelta

FIRST_DAY = date(2026, 1, 2)
LAST_DAY = date(2026, 6, 30)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
DAY_NAMES = [(FIRST_DAY + timedelta(days=day)).isoformat() for day in range(DAYS)]
SECONDS_A_DAY = 86_400

# A release of the web shop loses the customer's id for a week.
FAULT_FIRST_DAY = (date(2026, 6, 8) - FIRST_DAY).days
FAULT_LAST_DAY = (date(2026, 6, 14) - FIRST_DAY).days

# Demand from Monday to Sunday: people plan trips, and shop for them, at the weekend.
WEEKDAYS = (0.99, 0.94, 0.95, 0.99, 1.03, 1.06, 1.04)
GROWTH = 0.16

PLATFORMS = ("Instagram", "TikTok", "YouTube", "Facebook", "LinkedIn")
# How listening tools abbreviate them; the alias table joins these again.
PLATFORM_NICKNAMES = ("IG", "TikTok", "YT", "FB", "LinkedIn")
# Where people talk (in order of PLATFORMS), relative to where a campaign posts.
TALK = (1.1, 1.7, 0.5, 0.8, 0.35)


@dataclass(frozen=True)
class Account:
    """One account of the brand family. `followers` by platform (in order of PLATFORMS, 0 = not there) on the first day; `growth` is
    the share gained by the last day; `reach_rate` the share of followers reached on an average day; `currency` what its media cost is
    billed in."""

    name: str
    handle: str
    followers: tuple[int, int, int, int, int]
    growth: float
    reach_rate: float
    currency: str = "EUR"


ACCOUNTS = (
    Account("Northwind Outdoor", "@northwindoutdoor", (412_000, 188_000, 236_000, 295_000, 41_000), 0.09, 0.16),
    Account("Northwind Germany", "@northwind_de", (148_000, 52_000, 61_000, 132_000, 12_500), 0.04, 0.19),
    Account("Northwind UK", "@northwind_uk", (171_000, 74_000, 98_000, 120_000, 14_800), 0.06, 0.22, "GBP"),
    Account("Northwind Nordics", "@northwindnordics", (66_000, 24_000, 31_000, 48_000, 6_900), 0.03, 0.14),
    Account("Ridgeline Running", "@ridgelinerunning", (93_000, 81_000, 47_000, 29_000, 0), 0.21, 0.17),
    Account("Tidewater Paddle", "@tidewaterpaddle", (38_000, 19_000, 27_000, 16_000, 0), 0.11, 0.15),
)

CHANNELS = (
    "Paid Search",
    "Paid Social",
    "Display",
    "Retargeting",
    "Email",
    "Organic Search",
    "Organic Social",
    "Influencer",
    "Affiliate",
    "Direct",
)
SOCIAL_CHANNELS = ("Paid Social", "Organic Social", "Influencer")

Knots = tuple[tuple[int, float], ...]
STEADY: Knots = ((0, 1.0), (179, 1.0))
GROWING: Knots = ((0, 0.75), (179, 1.2))
FADING: Knots = ((0, 1.3), (179, 0.85))
WAVES: Knots = ((0, 0.85), (30, 1.2), (60, 0.85), (90, 1.15), (120, 0.85), (150, 1.15), (179, 0.95))
SPRING: Knots = ((0, 0.2), (50, 0.6), (80, 2.0), (115, 1.6), (140, 0.65), (179, 0.5))
SUMMER: Knots = ((0, 0.0), (94, 0.0), (110, 0.8), (150, 1.1), (179, 1.15))
WINTER: Knots = ((0, 3.0), (45, 2.0), (80, 0.7), (179, 0.4))
LAUNCHED_IN_MAY: Knots = ((0, 0.0), (124, 0.0), (128, 1.0), (150, 1.0), (179, 0.95))


@dataclass(frozen=True)
class Campaign:
    """One campaign and how it does.

    `name` is what the reach stream calls it, `code` the campaign parameter in links and search ads, `hashtag` the listening tool's name.
    `platforms` from most to least used; `mix` a key of MIXES; `season` its level over time. `reach` in thousands a day, `mentions` and
    `touches` in relative volume a day (at level 1). `positive` and `negative` are shares of rated mentions. `appeal` scales how often
    its journeys convert, `price` what a touch costs, `basket` what an order is worth.
    """

    name: str
    code: str
    hashtag: str
    account: str
    platforms: tuple[str, str, str]
    mix: str
    season: Knots
    reach: float
    mentions: float
    positive: float
    negative: float
    touches: float
    appeal: float
    price: float
    basket: float


BRAND, GERMANY, UK, NORDICS, RUNNING, PADDLE = (account.name for account in ACCOUNTS)
IG, TT, YT, FB, LI = PLATFORMS

# fmt: off
CAMPAIGNS = (
    # Second lines: reach, mentions, positive, negative, touches, appeal, price, basket.
    #
    # High Performers: two winners that deserve more, a solid one, ...
    Campaign("Summer Kick-off", "summer_kickoff_26", "#SummerKickoff", BRAND, (IG, TT, YT), "creators", SUMMER,
               96,    41,  0.58,  0.07,    13,  1.45,  0.70,  1.10),
    Campaign("Trail Ready", "trail_ready_26", "#TrailReady", RUNNING, (IG, YT, TT), "performance", GROWING,
               64,    25,  0.52,  0.09,     8,  1.30,  0.75,  1.05),
    Campaign("Everyday Explorer", "everyday_explorer", "#EverydayExplorer", BRAND, (IG, FB, YT), "performance", STEADY,
               72,    21,  0.44,  0.12,     9,  1.05,  0.95,  1.00),
    Campaign("Rain or Shine", "rain_or_shine", "#RainOrShine", UK, (FB, IG, YT), "performance", WAVES,
               56,    19,  0.41,  0.14,     6,  1.00,  1.05,  1.05),
    # ... one with a PR problem and one that is loved but too expensive to feed.
    Campaign("Price Promise", "price_promise", "#PricePromise", BRAND, (FB, TT, IG), "performance", LAUNCHED_IN_MAY,
               88,    44,  0.14,  0.61,     8,  0.90,  1.00,  0.80),
    Campaign("Summit Sessions", "summit_sessions", "#SummitSessions", BRAND, (YT, IG, TT), "creators", STEADY,
               79,    23,  0.55,  0.08,   4.5,  0.62,  2.40,  1.25),
    # Platform Push: everybody sees Big Sky and nobody talks about it.
    Campaign("Big Sky", "big_sky_brand", "#BigSky", BRAND, (YT, FB, IG), "awareness", STEADY,
              158,   2.4,  0.30,  0.15,   7.5,  0.75,  1.25,  1.00),
    Campaign("Spring-Summer Lookbook", "ss26_lookbook", "#NorthwindLookbook", GERMANY, (IG, FB, YT), "awareness", GROWING,
               63,   4.2,  0.38,  0.10,     4,  0.90,  1.00,  1.00),
    Campaign("Gift Card Moments", "gift_cards", "#GiftTheOutdoors", GERMANY, (FB, IG, YT), "loyalty", FADING,
               54,   3.2,  0.35,  0.12,     3,  1.00,  0.95,  0.60),
    Campaign("Members' Weekend", "members_weekend", "#NorthwindMembers", NORDICS, (FB, IG, LI), "loyalty", WAVES,
               50,   5.4,  0.48,  0.09,     4,  1.20,  1.00,  1.00),
    Campaign("Store Openings", "store_openings", "#NorthwindStores", UK, (FB, IG, LI), "awareness", STEADY,
               49,     0,  0.40,  0.10,   2.5,  0.90,  1.05,  1.00),
    # Underdogs: Micro Adventures is loved, cheap and hardly shown to anybody.
    Campaign("Micro Adventures", "micro_adventures", "#MicroAdventures", NORDICS, (TT, IG, YT), "community", GROWING,
               13,    34,  0.71,  0.04,   4.5,  1.50,  0.55,  1.00),
    Campaign("She Climbs", "she_climbs", "#SheClimbs", GERMANY, (IG, TT, YT), "community", STEADY,
               16,    20,  0.63,  0.08,     3,  1.10,  0.85,  1.00),
    Campaign("Dog Days Out", "dog_days_out", "#DogDaysOut", RUNNING, (TT, IG, FB), "community", GROWING,
               15,    22,  0.66,  0.05,     3,  1.05,  0.90,  0.80),
    Campaign("Night Run Series", "night_run_series", "#NightRunSeries", RUNNING, (TT, IG, YT), "community", WAVES,
               11,    19,  0.57,  0.10,   2.5,  1.00,  1.05,  1.00),
    Campaign("Paddle Club", "paddle_club", "#PaddleClub", PADDLE, (IG, YT, TT), "community", GROWING,
                9,    17,  0.60,  0.06,   2.5,  1.05,  0.95,  1.20),
    # Made by fans: mentions without a single post of our own.
    Campaign("Fan Film Contest", "fan_film_contest", "#NorthwindFilms", BRAND, (YT, TT, IG), "community", STEADY,
                0,    16,  0.62,  0.05,   1.5,  0.95,  0.90,  1.00),
    # Leave It: last winter's sale still leaks money, and nobody would miss the catalogue.
    Campaign("Winter Clearance", "winter_clearance", "#WinterClearance", GERMANY, (FB, IG, YT), "performance", WINTER,
               22,     6,  0.28,  0.22,     4,  0.70,  1.55,  0.70),
    Campaign("Catalogue 2026", "catalogue_2026", "#Catalogue26", GERMANY, (FB, LI, IG), "loyalty", FADING,
               15,     3,  0.27,  0.18,   2.2,  0.75,  1.50,  1.00),
    Campaign("Spring Refresh", "spring_refresh", "#SpringRefresh", NORDICS, (IG, FB, TT), "performance", SPRING,
               27,   6.5,  0.40,  0.11,   3.2,  0.95,  1.10,  1.00),
    Campaign("Flash Friday", "flash_friday", "#FlashFriday", UK, (FB, IG, TT), "performance", FADING,
               25,     6,  0.33,  0.20,     4,  1.00,  1.15,  0.75),
    Campaign("Double Points", "double_points", "#DoublePoints", NORDICS, (FB, IG, LI), "loyalty", WAVES,
                8,     4,  0.36,  0.13,   2.5,  1.05,  1.05,  1.00),
    Campaign("Team Kit for Companies", "b2b_team_kit", "#NorthwindTeamKit", BRAND, (LI, FB, YT), "business", STEADY,
                6,   2.6,  0.34,  0.08,   2.6,  1.00,  1.20,  1.60),
    Campaign("Gear Library", "gear_library", "#GearLibrary", PADDLE, (IG, FB, YT), "community", STEADY,
                7,     5,  0.50,  0.10,     2,  0.90,  1.10,  0.90),
)

# How a campaign's mix changes the chance of each channel (in order of CHANNELS).
MIXES = {
    "awareness":   (0.6, 1.3, 2.0, 0.8, 0.6, 0.8, 0.8, 1.0, 0.7, 1.0),
    "performance": (1.3, 1.0, 0.8, 1.2, 1.0, 1.0, 0.7, 0.6, 1.3, 1.0),
    "community":   (0.6, 0.9, 0.4, 0.7, 1.0, 1.2, 2.0, 1.6, 0.7, 1.0),
    "creators":    (0.8, 1.2, 0.6, 1.0, 0.8, 1.0, 1.1, 2.0, 0.8, 1.0),
    "loyalty":     (0.7, 0.7, 0.5, 0.9, 2.2, 1.0, 0.8, 0.3, 1.0, 1.2),
    "business":    (1.1, 1.6, 0.7, 0.9, 1.4, 1.2, 0.8, 0.1, 0.3, 1.0),
}
# What the conversions of a mix are: purchase, signup, lead.
CONVERSION_TYPES = ("purchase", "signup", "lead")
OUTCOMES = {
    "awareness":   (0.66, 0.24, 0.10),
    "performance": (0.70, 0.20, 0.10),
    "community":   (0.62, 0.30, 0.08),
    "creators":    (0.68, 0.24, 0.08),
    "loyalty":     (0.68, 0.22, 0.10),
    "business":    (0.22, 0.13, 0.65),
}

# The chance of each channel by the place of a touch in its journey: social and creators open, retargeting and email close.
STAGES = {
    "only":   (18.0, 14.0, 4.0,  1.0,  9.0, 18.0, 9.0, 5.0,  6.0, 16.0),
    "first":  (12.0, 26.0, 12.0, 0.4,  2.0, 12.0, 12.0, 16.0, 3.0, 4.6),
    "middle": (13.0, 16.0, 9.0,  13.0, 13.0, 11.0, 9.0, 6.0,  5.0, 5.0),
    "last":   (18.0, 8.0,  3.5,  20.0, 16.0, 9.0, 3.5, 4.5,  8.5, 9.0),
}
# How a journey's last channel scales its chance to convert.
CLOSING = (1.25, 0.85, 0.70, 1.20, 1.30, 1.00, 0.75, 0.80, 1.30, 1.20)
# How the channels come and go: creators are booked for June, display is cut back, the affiliate network loses a partner in June.
CHANNEL_SEASONS: tuple[Knots, ...] = (
    ((0, 1.0), (179, 1.05)),
    ((0, 0.9), (120, 1.0), (179, 1.1)),
    ((0, 1.2), (179, 0.8)),
    ((0, 0.9), (179, 1.1)),
    ((0, 1.05), (90, 0.95), (179, 1.0)),
    ((0, 0.95), (179, 1.08)),
    ((0, 1.0), (60, 0.9), (179, 1.1)),
    ((0, 0.85), (140, 0.9), (155, 1.35), (179, 1.3)),
    ((0, 1.1), (148, 1.1), (153, 0.75), (179, 0.75)),
    ((0, 1.0), (179, 0.95)),
)
# Media cost of one recorded touch in EUR, and how it drifts; 0 = nothing is paid for it.
TOUCH_PRICES = (4.60, 2.40, 1.20, 2.90, 1.80, 0.0, 0.0, 2.70, 3.20, 0.0)
PRICE_SEASONS: tuple[Knots, ...] = (
    ((0, 1.0), (179, 0.93)),
    ((0, 0.95), (145, 1.0), (155, 1.22), (179, 1.20)),
    STEADY, STEADY, STEADY, STEADY, STEADY,
    ((0, 1.0), (145, 1.0), (155, 1.08), (179, 1.05)),
    STEADY, STEADY,
)

# How web analytics write down each channel: channel name, share, and the file's columns channel, source, medium.
SPELLINGS = (
    ("Paid Search", 0.86, "", "google", "cpc"),
    ("Paid Search", 0.14, "", "bing", "cpc"),
    ("Paid Social", 1.00, "Paid Social", "", ""),
    ("Display", 1.00, "Display", "", ""),
    ("Retargeting", 1.00, "Retargeting", "", ""),
    ("Email", 0.75, "", "newsletter", "email"),
    ("Email", 0.25, "E-Mail", "", ""),
    ("Organic Search", 0.88, "", "google", "organic"),
    ("Organic Search", 0.12, "", "bing", "organic"),
    ("Organic Social", 1.00, "Organic Social", "", ""),
    ("Influencer", 1.00, "Influencer", "", ""),
    ("Affiliate", 1.00, "affiliate", "", ""),
    ("Direct", 0.70, "", "(direct)", "(none)"),
    ("Direct", 0.30, "", "", ""),
)
# What a touch of a channel is, with shares.
KINDS = {
    "Paid Search":    {"click": 1.0},
    "Paid Social":    {"impression": 0.6, "click": 0.4},
    "Display":        {"impression": 0.85, "click": 0.15},
    "Retargeting":    {"impression": 0.45, "click": 0.55},
    "Email":          {"open": 0.55, "click": 0.45},
    "Organic Search": {"visit": 1.0},
    "Organic Social": {"impression": 0.35, "click": 0.65},
    "Influencer":     {"impression": 0.4, "click": 0.6},
    "Affiliate":      {"click": 1.0},
    "Direct":         {"visit": 1.0},
}

# What the tools that send the bills call a channel, by platform where they differ ("" = any other).
SPEND_TOOLS = {
    "Paid Search": {"": "Google Ads"},
    "Paid Social": {IG: "Meta Ads", FB: "Meta Ads", TT: "TikTok Ads", YT: "YouTube Ads", LI: "LinkedIn Ads"},
    "Display":     {"": "Programmatic Display"},
    "Retargeting": {"": "Retargeting"},
    "Email":       {"": "Newsletter tool"},
    "Influencer":  {"": "Creator fees"},
    "Affiliate":   {"": "Affiliate network"},
}
# fmt: on
USD_TOOLS = ("TikTok Ads",)

# Names that stay unmatched on purpose, so that the lists of unmatched names have something to show.
UNMATCHED_SPEND_CAMPAIGN = "test_do_not_use"
UNMATCHED_SPEND_CHANNEL = "Podcast"
MISSPELT_CAMPAIGN = "Trail Raedy"
FAN_ACCOUNT = "@northwind_fans"
# Hashtags in mentions that name no campaign: of as many such mentions the ones that have each. Rules know the last one only.
HASHTAG_EVERY = 24
LOOSE_HASHTAGS = {
    **dict.fromkeys((0, 12), "#SheClimbs2026"),
    **dict.fromkeys((4, 6, 16, 18), "#RepairNotReplace"),
    **dict.fromkeys((9, 21), "#SummerKickoff26"),
    2: "#TrailReadyTogether",
}
# kind, name, hashtag, what is meant.
RULES = (
    ("campaign", "", "#TrailReadyTogether", "Trail Ready"),
    ("channel", "e-mail*", "", "Email"),
)

# Units of a currency for one EUR on the first day, and the share by which it drifts.
RATES = {"GBP": (0.8640, -0.011), "USD": (1.0920, 0.032)}
