"""Tables: what the browser makes of the numbers that it is handed."""

import math

import pandas as pd
import pytest

from app import tables

BROWSER_CUTS_AT = 1 / tables.SHARE_STEP


@pytest.mark.parametrize("share", [0.1639, 0.804, 0.18591, 0.29, 0.57, 0.0, 1.0, -0.4449, -0.44451, 1.1 - 0.096, 7.0])
def test_a_share_is_rounded_where_the_browser_cuts_it_off(share: float) -> None:
    shown = tables.rounded(pd.DataFrame({"share": [share], "other": [share]}), {"share": tables.share("Share")})
    assert math.trunc(shown["share"].iloc[0] * BROWSER_CUTS_AT) == round(share * BROWSER_CUTS_AT)
    assert shown["other"].iloc[0] == share


def test_an_unknown_share_stays_unknown() -> None:
    rows = pd.DataFrame({"share": pd.Series([None, 0.5], dtype=object)})
    assert tables.rounded(rows, {"share": tables.share("Share")})["share"].isna().tolist() == [True, False]
