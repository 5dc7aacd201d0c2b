"""How long the engine's peers take, and what they answer. Run by `rivals.py` in their own environment: nothing of Touchline is imported here.

Their paths are given to them for free: a data frame in memory, before the clock starts. Prints JSON: peer -> seconds, answer.
"""

import contextlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import pandas as pd

with contextlib.redirect_stdout(sys.stderr):  # importing it prints an advertisement
    from ChannelAttribution import heuristic_models, markov_model
from mam import MAM

ROUNDS = 3
SLOW_S = 8.0
CONVERSIONS, VALUE, NULLS = "total_conversions", "total_conversion_value", "total_null"


def measure(paths: pd.DataFrame, aggregated: pd.DataFrame) -> dict[str, Any]:
    """Every peer by name, called so that it is fastest: without revenue except where the name says so, Shapley sets of four names at most."""
    journeys = pd.DataFrame({"journey_id": paths.index, "journey": paths["path"], "converted": paths[CONVERSIONS] > 0})
    journeys["time_till_end"] = "0"  # wanted, but of no use to Shapley values: the cheapest there is
    return {
        "heuristic_models": _timed(lambda: _heuristics(paths)),
        "heuristic_models, revenue": _timed(lambda: _heuristics(paths, var_value=VALUE)),
        "markov_model": _timed(lambda: _markov(paths)),
        "markov_model, aggregated": _timed(lambda: _markov(aggregated)),
        "markov_model, order 2": _timed(lambda: _markov(paths, order=2)),
        "shapley": _timed(lambda: _shapley(journeys)),
    }


def _heuristics(frame: pd.DataFrame, var_value: str | None = None) -> pd.DataFrame:
    return heuristic_models(frame, "path", CONVERSIONS, var_value=var_value, flg_pro=False).set_index("channel_name")


def _markov(frame: pd.DataFrame, order: int = 1) -> pd.DataFrame:
    found = markov_model(frame, "path", CONVERSIONS, var_null=NULLS, order=order, verbose=False, flg_pro=False)
    return found.set_index("channel_name")


def _shapley(journeys: pd.DataFrame) -> pd.DataFrame:
    mam = MAM(journeys, "journey", channels_colname="journey", journey_with_conv_colname="converted")
    return mam.run_shapley().to_pandas().set_index("channels")


def _timed(work: Callable[[], pd.DataFrame]) -> dict[str, Any]:
    """The median of some rounds, or one round where it takes long."""
    seconds: list[float] = []
    while not seconds or (len(seconds) < ROUNDS and seconds[0] < SLOW_S):
        begun = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - begun)
    return {"seconds": statistics.median(seconds), "answer": answer.to_dict()}


if __name__ == "__main__":
    print(json.dumps(measure(*(pd.read_parquet(file) for file in sys.argv[1:]))))
