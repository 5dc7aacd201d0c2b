"""Whether dates such as 01/02/2026 have the day or the month first.

Invariant: one order holds for a whole column, and where nothing tells it, that is said and not guessed.
"""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import count, matches

Order = Literal["day", "month"]

MARK = r"(?:[-/ ]|\. ?)"
"""Pattern of what stands between the numbers of a date that ends in its year."""

_DAY, _MONTH = r"(?:1[3-9]|2\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_BEFORE, _AFTER = r"(?:\pL+(?:-feira)?\.?,? )?", r"(?:\d{4}|\d{2})(?:[ ,T].*)?"
_SAME = "|".join(f"0?{part}{MARK}0?{part}" for part in range(1, 13))


@dataclass(frozen=True)
class OrderEvidence:
    """How many texts of a column can only be read day first, or only month first, and how many read differently either way; of the latter,
    how many are `dotted` as only dates with the day first commonly are. With an example of each, or ''.
    """

    day_only: int = 0
    month_only: int = 0
    dotted: int = 0
    undecided: int = 0
    day_example: str = ""
    month_example: str = ""
    dotted_example: str = ""
    undecided_example: str = ""

    def __add__(self, other: "OrderEvidence") -> "OrderEvidence":
        return OrderEvidence(
            self.day_only + other.day_only,
            self.month_only + other.month_only,
            self.dotted + other.dotted,
            self.undecided + other.undecided,
            self.day_example or other.day_example,
            self.month_example or other.month_example,
            self.dotted_example or other.dotted_example,
            self.undecided_example or other.undecided_example,
        )

    @property
    def order(self) -> Order | None:
        """What the texts agree in; None where they say nothing or contradict each other."""
        if self.day_only and self.month_only:
            return None
        if self.day_only or self.month_only:
            return "day" if self.day_only else "month"
        return "day" if self.dotted else None


def order_evidence(text: pa.Array) -> OrderEvidence:
    """What the distinct texts of a column of dates tell about the order of day and month."""
    day_only = matches(text, f"{_BEFORE}{_DAY}{MARK}{_MONTH}{MARK}{_AFTER}")
    month_only = matches(text, f"{_BEFORE}{_MONTH}{MARK}{_DAY}{MARK}{_AFTER}")
    either = matches(text, f"{_BEFORE}{_MONTH}{MARK}{_MONTH}{MARK}{_AFTER}")
    undecided = pc.and_not(either, matches(text, f"{_BEFORE}(?:{_SAME}){MARK}{_AFTER}"))
    dotted = pc.and_(undecided, matches(text, rf"{_BEFORE}\d\d?\. ?\d\d?\..*"))
    return OrderEvidence(
        count(day_only),
        count(month_only),
        count(dotted),
        count(undecided),
        _first(text, day_only),
        _first(text, month_only),
        _first(text, dotted),
        _first(text, undecided),
    )


def _first(text: pa.Array, where: pa.BooleanArray) -> str:
    chosen = pc.filter(text, where)
    return chosen[0].as_py() if len(chosen) else ""


def decide_order(
    own: OrderEvidence, of_file: OrderEvidence, declared: Order | None, said: Order | None
) -> tuple[Order, bool]:
    """The order a column is read in, and whether nothing told it although some of its texts read differently either way.

    The column's own dates tell it; where they do not or contradict each other, what the person said, then the file's other columns, then
    what is declared of the tool that wrote it.
    """
    if order := own.order:
        return order, False
    contradictory = bool(own.day_only and own.month_only)
    if told := said or (None if contradictory else of_file.order or declared):
        return told, False
    return "month" if own.month_only > own.day_only else "day", own.undecided > 0
