"""The models without weights: the engine solves them from the sets, orders or transitions of the channels of all journeys."""

from collections.abc import Mapping

import numpy as np

from pipelines.attribution.model import Journey, Model, ModelParameter, Numbers


def _one_a_channel(journey: Journey, _: Mapping[str, float]) -> Numbers:
    """1 to each channel of the journey, in equal parts to its touches."""
    _names, which, times = np.unique(journey.channels.astype(str), return_inverse=True, return_counts=True)
    return np.asarray(1 / times[which])


SOLVED = (
    Model(
        "participation",
        "Participation",
        "set",
        "A whole conversion to every channel that took part: how many conversions did it have a hand in?",
        "1 for each channel of the journey, however often it stands there; not divided, so it must not be summed",
        "Adobe Analytics' participation",
        "Counts a conversion once for each of its channels: the sum over channels is more than there were, so no CPA or ROAS follows from it.",
        reference=_one_a_channel,
        additive=False,
    ),
    Model(
        "markov",
        "Markov chain",
        "chain",
        "Credit by what would be lost without the channel, in a chain of the steps that people took, those who did not convert included.",
        "in proportion to the removal effect 1 − P(conversion without the channel) / P(conversion), solved exactly; "
        "a state is the last `order` channels",
        "Anderl, Becker, von Wangenheim, Schumann 2016: Mapping the customer journey",
        "Shows which channels stand on the way to conversions, not which cause them; a higher order needs many more journeys to be reliable.",
        parameters=(
            ModelParameter(
                "order",
                "Order",
                1.0,
                1.0,
                3.0,
                "How many steps back the chain remembers: 1, 2 or 3.",
                whole=True,
            ),
        ),
    ),
    Model(
        "shapley",
        "Shapley value",
        "set",
        "Credit by what a channel adds on average to every combination of the others.",
        "1 / number of distinct channels for each channel of the journey, however often it stands there: the exact value where a combination "
        "is worth the conversions of journeys within it",
        "Zhao, Mahboobi, Bagheri 2018 (arXiv:1804.05327)",
        "Looks only at journeys that converted and not at order or repetition: a channel that is everywhere earns even if it changes nothing.",
        reference=_one_a_channel,
    ),
    Model(
        "ordered_shapley",
        "Ordered Shapley",
        "ordered",
        "The Shapley value, told apart by the position at which the channel stood.",
        "1 / number of distinct channels for each channel of the journey, in equal parts to the positions at which it stands there",
        "Zhao, Mahboobi, Bagheri 2018 (arXiv:1804.05327)",
        "A channel's positions sum to its Shapley value, so order moves credit between its own positions and never between channels.",
        reference=_one_a_channel,
    ),
    Model(
        "hybrid",
        "Hybrid",
        "hybrid",
        "The Markov chain where the data knows a journey's channels well, the position-based rule for the rest; the split is shown.",
        "known: every channel of the journey stands in at least `minimum_journeys` journeys of the period; known conversions by the `markov` "
        "model of order 1 fitted on the journeys that are known, the others by `position_based`",
        "Our own combination of the two",
        "Two yardsticks in one number: look at the split before you compare a rare channel with a frequent one.",
        parameters=(
            ModelParameter(
                "minimum_journeys",
                "Journeys to know a channel",
                30.0,
                1.0,
                1_000_000.0,
                "In how many journeys of the period a channel must stand to be credited by the Markov chain.",
                whole=True,
            ),
        ),
    ),
)
"""In the order in which they are offered."""
