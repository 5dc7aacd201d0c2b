"""What stands around the digits of a number: signs, brackets, a currency, words such as 'Mio'.

Invariant: a number counts only in a frame of which every part is understood; whatever else stands there makes it no number.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import contains
from pipelines.ingest.currency_words import MEANINGS
from pipelines.ingest.forms import Forms, forms_of

_DIGITS = r"\d(?:[\d., '’]*\d)?"
_HOLE = "\0"  # stands for the digits; no cell has it
_BARE = r"[-+]? ?[.,]?\d[\d., '’]*"

_OTHER_DIGITS = r"[\x{660}-\x{669}\x{6F0}-\x{6F9}\x{966}-\x{96F}\x{FF10}-\x{FF19}]"
_TRANSLATION = (
    {start + digit: str(digit) for start in (0x660, 0x6F0, 0x966, 0xFF10) for digit in range(10)}
    | {0x66B: ".", 0x66C: ",", 0xFF0E: ".", 0xFF0C: ","}
    | dict.fromkeys(map(ord, "−‐‑–﹣－"), "-")
)

# 'mil' is a thousand in Spanish and a million in English, 'T' a thousand in German and a trillion in English: such words are not understood.
_POWERS = {
    3: r"[kK]|(?i:tsd\.?|tys\.?)",
    6: r"[mM]|(?i:mio\.?|mln\.?|mn\.?|millions?|millionen|millones|milhões|milioni|miljoen)",
    9: r"B|(?i:bn\.?|mrd\.?|mld\.?|md\.?|milliarden?|milliards?|miliardi|miljard)",
}
_WORD = "|".join(f"(?P<power_{power}>{words})" for power, words in _POWERS.items())
_CURRENCY = "|".join(map(re.escape, sorted(MEANINGS, key=len, reverse=True)))
_BEFORE = re.compile(rf"(?P<sign>[-+]?)\(? ?(?P<currency>{_CURRENCY})? ?\(?(?P<inner_sign>[-+]?) ?(?P<mark>[.,]?)")
_AFTER = re.compile(
    rf"(?P<mark>[.,]?)(?:(?<=[.,])(?:--?|—))?(?: ?(?:{_WORD}))?(?P<minus>-?)(?: ?\))?"
    rf"(?: ?(?P<currency>{_CURRENCY})(?P<outer_minus>-?))?(?: ?\))?"
)


@dataclass(frozen=True)
class Frame:
    """What stands around digits. `before` and `after`: the number's sign and marks beside its digits; `power`: of ten, of a word such as
    'Mio'; `currency`: the word or sign, '' if there is none.
    """

    before: str
    after: str
    power: int
    currency: str


@dataclass(frozen=True)
class Framed:
    """Texts taken apart: the `digits` of each with the marks among them, its frame's position in `codes`, and the distinct `frames`, None
    where one is not understood.
    """

    digits: pa.Array
    codes: pa.Array
    frames: tuple[Frame | None, ...]

    def each(self, value: Callable[[Frame], Any], type_: pa.DataType) -> pa.Array:
        """A value of the frame of each text; null where there is none."""
        return pc.take(pa.array([frame and value(frame) for frame in self.frames], type_), self.codes)


def framed(text: pa.Array) -> Framed:
    """Take texts apart at their first digits."""
    if contains(text, _OTHER_DIGITS):
        text = pa.array([one and one.translate(_TRANSLATION) for one in text.to_pylist()], pa.string())
    digits = pc.struct_field(pc.extract_regex(text, f"(?P<digits>{_DIGITS})"), "digits")
    around = pc.replace_substring_regex(text, _DIGITS, _HOLE, max_replacements=1).dictionary_encode()
    return Framed(digits, around.indices, tuple(_frame(one) for one in around.dictionary.to_pylist()))


@dataclass(frozen=True)
class Bodies:
    """Numbers without their frames: an ASCII sign, digits and marks, null where there is no number in a frame that is understood; their forms;
    and the powers of ten, by position, that some are to be multiplied by.
    """

    text: pa.Array
    forms: Forms
    powers: dict[int, int]


def bodies(text: pa.Array, money: bool) -> Bodies:
    """Take the frames off numbers. Only amounts of `money` may name a currency."""
    forms = forms_of(text)
    odd = np.flatnonzero(~np.asarray(forms.matches(_BARE)))
    if not len(odd):
        return Bodies(text, forms, {})
    parts = framed(pc.take(text, pa.array(odd)))
    frames = [frame if frame and (money or not frame.currency) else None for frame in parts.frames]
    parts = Framed(parts.digits, parts.codes, tuple(frames))
    before, after = (
        parts.each(value, pa.string()) for value in (lambda frame: frame.before, lambda frame: frame.after)
    )
    unframed = pc.binary_join_element_wise(before, parts.digits, after, "")
    power = parts.each(lambda frame: frame.power, pa.int64()).fill_null(0).to_numpy()
    where = np.zeros(len(text), bool)
    where[odd] = True
    text = pc.replace_with_mask(text, pa.array(where), unframed)
    return Bodies(text, Forms(text), {int(odd[position]): int(power[position]) for position in np.flatnonzero(power)})


def _frame(text: str | None) -> Frame | None:
    """The frame of a text with a hole for its digits; None if a part of it is not understood."""
    if text is None or text.count(_HOLE) != 1:
        return None
    left, right = text.translate(_TRANSLATION).split(_HOLE)
    before, after = _BEFORE.fullmatch(left), _AFTER.fullmatch(right)
    if not before or not after:
        return None
    signs = before["sign"] + before["inner_sign"] + after["minus"] + (after["outer_minus"] or "")
    opened, closed = left.count("("), right.count(")")
    if opened != closed or len(signs) + opened > 1:
        return None
    words = [word for word in (before["currency"], after["currency"]) if word]
    if len(words) == 2 and not set(MEANINGS[words[0]]) & set(MEANINGS[words[1]]):
        return None
    sign = "-" if opened or signs == "-" else ""
    power = next((power for power in _POWERS if after[f"power_{power}"]), 0)
    currency = min(words, key=lambda word: len(MEANINGS[word]), default="")
    return Frame(sign + before["mark"], after["mark"], power, currency)
