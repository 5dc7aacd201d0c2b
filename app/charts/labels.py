"""Where point labels go so that none covers another label, a point or the name of a region.

Invariant: a label is placed only if it is free on every canvas given, so that one figure reads well on a desk and on a phone.
Sizes are estimates in pixels: the server never learns how wide the browser is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CHARACTER = 6.1
LINE = 14.0
GAP = 3.0
NEARER = 2.0
"""Pixels by which a label is nearer to its own dot than to any other: whose name it is must not be a guess."""
TOUCHING = -12.0
"""The same, on the first canvas, where a point must be named: the label may touch another dot."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in pixels; y grows upwards."""


@dataclass(frozen=True)
class Canvas:
    """The plotting area of a chart in pixels."""

    width: float
    height: float


DESK = Canvas(600, 400)
PHONE = Canvas(262, 400)


@dataclass(frozen=True)
class Dot:
    """A point to name: where it is (fractions of the plotting area, y upwards), its radius in pixels, and its name."""

    x: float
    y: float
    radius: float
    name: str


def placed(
    dots: Sequence[Dot],
    corners: Sequence[str] = (),
    most: int = 12,
    urgent: int = 0,
    canvases: Sequence[Canvas] = (DESK, PHONE),
) -> list[str | None]:
    """plotly's textposition for each dot, None where its label has no free place. Dots come most important first.

    corners: names written in the plot's corners, which labels keep clear of. urgent: how many of the first dots are named even where
    the label touches another dot on the first canvas, or lies on one on the others; the very first is named wherever it covers no text.
    """
    boards = [_Board([_dot_box(dot, canvas) for dot in dots], _corner_boxes(canvas, corners)) for canvas in canvases]
    positions: list[str | None] = []
    for place, dot in enumerate(dots):
        position = None
        if sum(p is not None for p in positions) < most:
            # How clear of other dots each place is that is free of texts, by canvas.
            clear = {p: _clearances(dot, place, p, canvases, boards) for p in _POSITIONS}
            position = next((p for p in _POSITIONS if min(clear[p]) >= NEARER), None)
            if position is None and place < urgent:
                best = max(_POSITIONS, key=lambda p: (min(clear[p]) > -math.inf, clear[p]))
                enough = clear[best][0] >= TOUCHING or not place
                position = best if enough and min(clear[best]) > -math.inf else None
        if position is not None:
            for canvas, board in zip(canvases, boards, strict=True):
                board.texts.append(_label_box(dot, position, canvas))
        positions.append(position)
    return positions


_POSITIONS = (
    *("top center", "middle right", "middle left", "bottom center"),
    *("top right", "top left", "bottom right", "bottom left"),
)


@dataclass
class _Board:
    """What is taken on one canvas: a box for every dot, and the boxes of texts."""

    dots: list[Box]
    texts: list[Box]


def _clearances(
    dot: Dot, place: int, position: str, canvases: Sequence[Canvas], boards: Sequence[_Board]
) -> list[float]:
    """By how many pixels the label is nearer to its own dot than to any other; negative where it is not or lies on one.

    One number a canvas; minus infinity where the label would leave it or cover a text.
    """
    found = []
    for canvas, board in zip(canvases, boards, strict=True):
        box = _label_box(dot, position, canvas)
        outside = box[0] < 0 or box[1] < 0 or box[2] > canvas.width or box[3] > canvas.height
        if outside or any(_overlap(box, text) for text in board.texts):
            found.append(-math.inf)
            continue
        own = _distance(box, board.dots[place])
        others = board.dots[:place] + board.dots[place + 1 :]
        found.append(min((_nearer(own, _distance(box, other)) for other in others), default=math.inf))
    return found


def _nearer(own: float, other: float) -> float:
    """A label off all dots is only compared; one that lies on another dot counts by how deep it lies."""
    return other - own if other >= 0 else other - GAP


def _label_box(dot: Dot, position: str, canvas: Canvas) -> Box:
    x, y, width = dot.x * canvas.width, dot.y * canvas.height, len(dot.name) * CHARACTER
    vertical, horizontal = position.split()
    left = {"center": x - width / 2, "right": x + dot.radius + GAP, "left": x - dot.radius - GAP - width}[horizontal]
    bottom = {"middle": y - LINE / 2, "top": y + dot.radius + GAP, "bottom": y - dot.radius - GAP - LINE}[vertical]
    return left, bottom, left + width, bottom + LINE


def _dot_box(dot: Dot, canvas: Canvas) -> Box:
    x, y = dot.x * canvas.width, dot.y * canvas.height
    return x - dot.radius, y - dot.radius, x + dot.radius, y + dot.radius


def _distance(box: Box, dot: Box) -> float:
    """From the edge of a label to the edge of a dot, which is round; negative where the label lies on it."""
    radius, x, y = (dot[2] - dot[0]) / 2, (dot[0] + dot[2]) / 2, (dot[1] + dot[3]) / 2
    return math.hypot(max(box[0] - x, 0, x - box[2]), max(box[1] - y, 0, y - box[3])) - radius


def _corner_boxes(canvas: Canvas, corners: Sequence[str]) -> list[Box]:
    width = max((len(name) * (CHARACTER + 1.5) + 12 for name in corners), default=0.0)
    height = LINE + 12 if corners else 0.0
    return [
        (left, bottom, left + width, bottom + height)
        for left in (0.0, canvas.width - width)
        for bottom in (0.0, canvas.height - height)
    ]


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
