"""How values read on screen: money, shares, counts, days, and text that came from outside.

Invariant: an unknown value (None, NaN, NaT) is always an em dash, never 0 and never blank.
"""

import html
import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from pipelines import metrics

DASH = "—"

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")
# What Markdown would make a link of by itself; a word joiner, which nobody sees, keeps it text.
_LINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)(?=\S)", re.IGNORECASE)


def known(value: object) -> bool:
    """Whether there is a number to show: not None, NaN or NaT."""
    return value is not None and value == value


def currency_sign(currency: str) -> str:
    """The sign of a currency code, or the code itself where no sign is understood everywhere."""
    return _SIGNS.get(currency, currency)


def number(value: float | None, digits: int = 0) -> str:
    """A count with thousands separators: 14,640."""
    return f"{value:,.{digits}f}" if known(value) else DASH


def compact(value: float | None) -> str:
    """A count for a card: in full below ten thousand, else in at most three digits and a letter: 1,376, 14.6K, 8.1M."""
    if value is None or not known(value):
        return DASH
    if abs(value) < 9_999.5:
        return number(value, 0 if value == int(value) or abs(value) >= 100 else 1)
    return _lettered(value)


def tick(value: float) -> str:
    """A tick label, as short as it can be: 200, 2K, 1.5M."""
    return _lettered(value).replace(".0", "") if abs(value) >= 1000 else f"{value:g}"


def _lettered(value: float) -> str:
    size, letter = next(
        ((size, letter) for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")) if abs(value) >= size * 0.99995),
        (1.0, ""),
    )
    return f"{value / size:.{0 if abs(value / size) >= 99.95 else 1}f}{letter}"


def money(value: float | None, currency: str, digits: int = 2) -> str:
    """An amount in its currency: € 1,234.50; a minus stands before the sign."""
    if value is None or not known(value):
        return DASH
    return f"{'-' if value < 0 else ''}{currency_sign(currency)} {abs(value):,.{digits}f}"


def compact_money(value: float | None, currency: str) -> str:
    """An amount for a card: € 41.20 below a thousand, € 1,376 below ten thousand, € 12.4K above."""
    if value is None or not known(value):
        return DASH
    if abs(value) < 9_999.5:
        return money(value, currency, 2 if abs(value) < 1000 else 0)
    return f"{'-' if value < 0 else ''}{currency_sign(currency)} {compact(abs(value))}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as percent: 0.084 -> 8.4%."""
    return f"{fraction * 100:.{digits}f}%" if known(fraction) else DASH  # type: ignore[operator]


def whole_percents(counts: Sequence[float]) -> list[int]:
    """Counts as whole percents of their sum, which add up to 100; the sum must not be zero."""
    parts = [count / sum(counts) * 100 for count in counts]
    whole = [math.floor(part) for part in parts]
    # What rounding down left over goes to those that lost most by it.
    for place in sorted(range(len(parts)), key=lambda i: whole[i] - parts[i])[: 100 - sum(whole)]:
        whole[place] += 1
    return whole


def ratio(value: float | None) -> str:
    """A multiple: 3.42x."""
    return f"{value:,.2f}x" if known(value) else DASH


def in_unit(value: float | None, unit: str, currency: str) -> str:
    """A value for a card, by the unit its question states: money, count, share or ratio."""
    match unit:
        case "money":
            return compact_money(value, currency)
        case "share":
            return percent(value)
        case "ratio":
            return ratio(value)
        case _:
            return compact(value)


def change(fraction: float | None) -> str | None:
    """A relative change with its sign, +12% or -4.2%; None where it is not known.

    The minus is a plain hyphen: st.metric reads the direction of its arrow from it.
    """
    if fraction is None or not known(fraction) or math.isinf(fraction):
        return None
    return _signed(fraction * 100, 0 if abs(fraction) >= 0.0995 else 1, "%")


def change_between(value: float | None, previous: float | None) -> str | None:
    """The relative change from one value to another, +12% or -4.2%; None where it is not known."""
    return change(metrics.change(value, previous))


def points_between(share: float | None, previous: float | None) -> str | None:
    """The change from one share to another in percentage points, +1.1 pts; None where it is not known."""
    if share is None or previous is None or not known(share) or not known(previous):
        return None
    return _signed((share - previous) * 100, 1, " pts")


def _signed(value: float, digits: int, unit: str) -> str:
    """What rounds to nothing is a bare 0, which st.metric draws without an arrow."""
    return f"{value:+,.{digits}f}{unit}" if round(value, digits) else "0"


def counted(count: float, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 campaign, 24 campaigns."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def listed(names: list[str], most: int = 3) -> str:
    """Names as a phrase: "A, B and C", "A, B, C and 4 more"."""
    shown = names[:most]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def day(value: date | str | None) -> str:
    """A day, or its text YYYY-MM-DD, as people write it: 3 May 2026."""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    return f"{value.day} {value:%b %Y}" if value is not None and known(value) else DASH


def long_day(value: str) -> str:
    """A day's text YYYY-MM-DD with its month in full: 3 April 2026."""
    found = date.fromisoformat(value)
    return f"{found.day} {found:%B %Y}"


def moment(value: datetime | None) -> str:
    """An instant as people write it, with its time zone where it has one: 3 May 2026, 14:05 UTC."""
    return f"{day(value)}, {value:%H:%M %Z}".rstrip() if value is not None and known(value) else DASH


def period(start: date | None, end: date | None) -> str:
    """A range of days, saying month and year once where they are the same: 3 - 30 May 2026."""
    if start is None or end is None:
        return "no days yet"
    if start == end:
        return day(end)
    if start.year != end.year:
        return f"{day(start)} - {day(end)}"
    if start.month != end.month:
        return f"{start.day} {start:%b} - {day(end)}"
    return f"{start.day} - {day(end)}"


def days(count: float) -> str:
    """A number of days, fractions kept: 1 day, 30 days, 2.5 days."""
    return f"{count:g} {'day' if count == 1 else 'days'}"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago an instant was, in the largest unit that fits: just now, 5 minutes ago, 3 days ago."""
    if moment is None or not known(moment):
        return "never"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(int(seconds // size), unit)} ago"
    return "just now"


def size(count: int) -> str:
    """The size of a file, or of what was read: 12 KB, 48 MB, 1.2 GB, 3.4 TB."""
    if count >= 1e9:
        return f"{count / 1e12:.1f} TB" if count >= 1e12 else f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{max(count / 1e3, 1):.0f} KB"


def short(name: object, most: int = 24) -> str:
    """A name cut to `most` characters; of a web address the end of its path, which is what tells posts apart."""
    text = str(name)
    if "://" in text:
        text = text.split("://", 1)[1].rstrip("/").partition("/")[2] or text
        return text if len(text) <= most else f"…{text[1 - most :]}"
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def sentence_case(text: str) -> str:
    """The text with its first letter raised."""
    return text[:1].upper() + text[1:]


def plain(text: object) -> str:
    """Text from outside, made safe for Markdown: it shows as typed, whatever it contains."""
    return _MARKDOWN.sub(r"\\\1", _LINK.sub("\u2060", str(text)))


def plain_html(text: object, width: int = 0) -> str:
    """Text from outside, made safe for plotly, which renders a subset of HTML; broken into lines of `width` if given."""
    lines = _wrapped(str(text), width) if width else [str(text)]
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
