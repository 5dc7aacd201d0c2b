"""What the command line makes of values: JSON's own types, and null for everything that is unknown."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from pipelines.cli_output import plain


@pytest.mark.parametrize(
    "unknown", [None, pd.NA, pd.NaT, float("nan"), np.float64("nan"), np.datetime64("NaT")], ids=str
)
def test_what_is_unknown_is_null(unknown: object) -> None:
    assert plain(unknown) is None


def test_values_are_those_of_json() -> None:
    assert plain({"a": (np.int64(1), Decimal("1.5"), date(2026, 3, 1), np.bool_(True), "x")}) == {
        "a": [1, 1.5, "2026-03-01", True, "x"]
    }
