"""A lake in the cloud answers as the embedded one does, from the snapshots that it names, and a page does not know which one it has."""

import pandas as pd
import pytest

from pipelines.questions import QUESTIONS, ask
from pipelines.stores.base import Stores

OF_THE_LAKE = [
    name
    for name, question in QUESTIONS.items()
    if any(statement.startswith("lake/") for statement in question.statements)
]


@pytest.mark.parametrize("name", OF_THE_LAKE)
def test_a_question_is_answered_alike(embedded: Stores, athena: Stores, name: str) -> None:
    given = {
        parameter.name: GIVEN[parameter.name] for parameter in QUESTIONS[name].parameters if parameter.name in GIVEN
    }
    here, there = ask(embedded, name, given), ask(athena, name, given)
    pd.testing.assert_frame_equal(there.rows, here.rows, rtol=1e-9)
    assert there.scan is not None
    assert here.scan is None


GIVEN = {"conversion": "c0001"}
"""What a question cannot do without."""
