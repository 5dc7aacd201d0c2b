"""The demo's files: what they are and how they are written (CSV, UTF-8, line feeds)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pipelines.demo.draw import Ints
from pipelines.demo.world import FIRST_DAY


@dataclass(frozen=True)
class DemoFile:
    """One CSV file of the demo: the source it is a file of, its name and its bytes."""

    source: str
    file_name: str
    content: bytes


def demo_file(source: str, columns: Mapping[str, ArrayLike]) -> DemoFile:
    """Write the columns, in their order, as the demo's file of a source. Empty text is an empty cell."""
    content = pd.DataFrame(dict(columns)).to_csv(index=False, lineterminator="\n")
    return DemoFile(source, f"demo_{source}.csv", content.encode("utf-8"))


def texts(values: ArrayLike) -> NDArray[np.object_]:
    """The values as an array of Python strings, to be indexed by numbers drawn."""
    return np.array(values, dtype=object)


def instants(seconds: Ints) -> NDArray[np.str_]:
    """Seconds since the first day's midnight as UTC instants, 2026-01-02T09:30:00Z."""
    moments = np.datetime64(FIRST_DAY.isoformat(), "s") + seconds.astype("timedelta64[s]")
    return np.char.add(np.datetime_as_string(moments, unit="s"), "Z")


def ids(prefix: str, count: int) -> list[str]:
    """`count` ids of equal length: prefix and running number."""
    return [f"{prefix}{number:06d}" for number in range(1, count + 1)]


def money(cents: Ints) -> list[str]:
    """Cents as decimal text: 1999 -> 19.99."""
    return [f"{value / 100:.2f}" for value in cents.tolist()]
