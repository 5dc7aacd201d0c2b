"""What has to be known to read a model's numbers, beside its caveat: said where the model is asked for, in sentences that a marketer reads.

Invariant: nothing is said that the question does not show: of a model that could be carried, on data that it fits, there is nothing to say.
"""

from pipelines.attribution.asked import Asked
from pipelines.attribution.registry import MODELS

NOT_SUMMED = (
    "Participation counts a conversion once for each of its names: the numbers are not summed, their shares together may exceed 100 %, and no "
    "CPA or ROAS follows from them."
)

_MILESTONES = {"w_shaped": ("leads",), "full_path": ("leads", "opportunities")}
"""Model -> the columns of the statement `milestones` that it lives on."""


def about(asked: Asked) -> None:
    """Say what has to be known about the asked model on the asked days."""
    how, model = asked.how, MODELS[asked.how.model]
    if not model.additive:
        how.say(NOT_SUMMED)
    if how.options.by_touch_date:
        how.say(
            "Credit is counted on the day of the touchpoint, whenever the conversion came: it does not sum to the period's conversions."
        )
    if how.options.by_touch_date and not model.additive:
        how.say(f"{model.title} has no touchpoint of its own: a conversion is counted on the day of its first one.")
    if model.key in _MILESTONES:
        _about_milestones(asked, _MILESTONES[model.key])


def _about_milestones(asked: Asked, needed: tuple[str, ...]) -> None:
    marked = asked.lake("milestones", asked.slots("whole"), asked.parameters()).fillna(0).iloc[0]
    lacking = [name for name in needed if not marked[name]]
    if lacking:
        one = " or ".join({"leads": "a lead", "opportunities": "an opportunity"}[name] for name in lacking)
        title = MODELS[asked.how.model].title
        asked.how.say(
            f"{title}: no touchpoint of this period's journeys is marked as {one}, so that its share goes to the other peaks. "
            "Upload touchpoints with a milestone to have it count."
        )
