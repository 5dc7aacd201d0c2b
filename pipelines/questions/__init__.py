"""The questions: what can be asked, by a page and by the command line alike."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipelines.answers import Answer, kept_answers, stale
from pipelines.errors import LakeUnavailable, WarehouseUnavailable, WrongUsage
from pipelines.questions import (
    compare,
    completion,
    credit,
    data,
    decisions,
    intervals,
    journeys,
    names,
    parity,
    positions,
    quadrant,
    unattributed,
    unmatched,
)
from pipelines.questions.question import Parameter, Question
from pipelines.stores.base import Reading, Stores

__all__ = ["QUESTIONS", "Answer", "Parameter", "Question", "ask"]

QUESTIONS: dict[str, Question] = {
    question.name: question
    for of_file in (
        *(credit, positions, completion, compare, intervals, parity),
        *(unattributed, unmatched, journeys, decisions),
        *(quadrant, data, names),
    )
    for question in of_file.QUESTIONS
}
"""Name -> question: read by the pages, the command line and the tests."""


def ask(
    stores: Stores, name: str, parameters: Mapping[str, Any] | None = None, looked: Reading | None = None
) -> Answer:
    """Answer a question from the present data version, from what is kept where that version was answered before.

    looked: the stores as they were read already, where what is asked together is to be answered from one data version.

    Raises WrongUsage for an unknown question or parameter, and what a failing store raises where no answer is kept from earlier: else that
    answer is returned, marked stale.
    """
    if name not in QUESTIONS:
        raise WrongUsage(f"There is no question '{name}'.", f"Ask one of {', '.join(QUESTIONS)}.")
    question = QUESTIONS[name]
    complete = question.complete(parameters or {}, stores.settings)
    kept = kept_answers(stores)
    try:
        reading = _read(stores, question) if looked is None else replace(looked, queries=[])
        found = kept.find(stores, name, complete, reading.data_version)
        if found is not None and found.data_version == reading.data_version and not question.live:
            return found
        answer = _answer(question, reading, complete)
    except (LakeUnavailable, WarehouseUnavailable) as error:
        earlier = kept.find(stores, name, complete)
        if earlier is None:
            raise
        return stale(earlier, error)
    kept.keep(stores, answer)
    return answer


def _read(stores: Stores, question: Question) -> Reading:
    """Both stores as they are now; the warehouse alone where the lake fails and the question does not ask it."""
    try:
        return stores.read()
    except LakeUnavailable:
        if any(statement.startswith("lake/") for statement in question.statements):
            raise
        return Reading(stores, stores.warehouse.version(), {})


def _answer(question: Question, reading: Reading, parameters: dict[str, Any]) -> Answer:
    found = question.answer(reading, parameters)
    return Answer(
        question.name,
        parameters,
        found.rows.reset_index(drop=True),
        reading.data_version,
        demo=data.holds_demo(reading),
        warnings=found.warnings,
        facts=found.facts,
        missing=found.missing,
        scan=reading.scan,
    )
