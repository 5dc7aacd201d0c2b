"""Grams of made-up journeys, as the lake hands them to the data-driven models."""

from collections.abc import Iterable

import pandas as pd

Paths = Iterable[tuple[str, float, float]]
"""path, journeys that convert, journeys that do not."""


def grams(paths: Paths, order: int) -> pd.DataFrame:
    """A row for every touch of every path that occurs: converted, touch_1 .. touch_<order + 1>, journeys, begun."""
    names = ["converted", *[f"touch_{place}" for place in range(1, order + 2)], "journeys", "begun"]
    rows = []
    for path, converting, rest in paths:
        channels = path.split(" > ")
        for place in range(len(channels)):
            ahead = [*channels[place : place + order + 1], *[None] * (order + 1)][: order + 1]
            for converted, journeys in ((True, float(converting)), (False, float(rest))):
                rows.append((converted, *ahead, journeys, journeys if place == 0 else 0.0))
    return pd.DataFrame(rows, columns=names)
