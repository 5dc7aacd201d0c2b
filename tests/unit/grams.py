"""Grams of made-up journeys, as the lake hands them to the data-driven models."""

from collections.abc import Iterable

import pandas as pd

Paths = Iterable[tuple[str, float, float]]
"""path, journeys that convert, journeys that do not."""


def grams(paths: Paths, order: int) -> pd.DataFrame:
    """A row for every touch of every path that occurs: first, converted, touch_1 .. touch_<order + 1>, journeys."""
    names = ["first", "converted", *[f"touch_{place}" for place in range(1, order + 2)], "journeys"]
    rows = []
    for path, converting, rest in paths:
        channels = path.split(" > ")
        for place in range(len(channels)):
            ahead = [*channels[place : place + order + 1], *[None] * (order + 1)][: order + 1]
            rows += [(place == 0, True, *ahead, float(converting)), (place == 0, False, *ahead, float(rest))]
    return pd.DataFrame(rows, columns=names)
