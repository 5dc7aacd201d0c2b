"""All models there are, and the check of the parameters that a person sets on one."""

from collections.abc import Mapping

from pipelines.attribution.model import Model
from pipelines.attribution.rules import RULES
from pipelines.attribution.solved import SOLVED
from pipelines.errors import WrongUsage

MODELS: dict[str, Model] = {model.key: model for model in (*RULES, *SOLVED)}
"""Key -> model: read by the selectbox, the README's table and the tests alike."""

DEFAULT_MODEL = "position_based"
"""The model where none is said, on the pages and on the command line."""


def model_parameters(model: str, given: Mapping[str, float]) -> dict[str, float]:
    """All parameters of a model, the given ones checked, the rest at their defaults.

    Raises WrongUsage for an unknown model or parameter, and for a value outside its range or broken where it must be whole.
    """
    if model not in MODELS:
        raise WrongUsage(f"'{model}' is no attribution model.", f"Use one of {', '.join(MODELS)}.")
    known = {parameter.name: parameter for parameter in MODELS[model].parameters}
    for name, value in given.items():
        if name not in known:
            allowed = f"It has {', '.join(known)}." if known else "It has none."
            raise WrongUsage(f"The model {model} has no parameter '{name}'.", allowed)
        low, high, whole = known[name].minimum, known[name].maximum, known[name].whole
        if not low <= value <= high or (whole and value != int(value)):
            raise WrongUsage(f"{name} is {value:g}.", f"Use a {'whole ' * whole}number from {low:g} to {high:g}.")
    chosen = {name: float(given.get(name, parameter.default)) for name, parameter in known.items()}
    if chosen.get("first_weight", 0.0) + chosen.get("last_weight", 0.0) > 1:
        raise WrongUsage(
            "first_weight and last_weight together are more than 1.", "Leave something for the touches between."
        )
    return chosen
