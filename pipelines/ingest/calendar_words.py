"""Words of calendars and clocks: months and weekdays in seven languages, names of time zones.

Invariant: a word that could be two months, or a zone that is two in use, is in no list.
"""

import unicodedata

_MONTHS = (
    "january januar janvier enero gennaio janeiro januari jänner",
    "february februar février fevrier febrero febbraio fevereiro februari feber",
    "march märz maerz mrz mars marzo março maart mrt",
    "april avril abril aprile",
    "may mai mayo maggio maio mei",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august août agosto augustus",
    "september septembre septiembre setiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember décembre diciembre dicembre dezembro",
)
_WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo lunedì martedì mercoledì "
    "giovedì venerdì sabato domenica segunda terça quarta quinta sexta maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
)


def _plain(word: str) -> str:
    """Lower case without accents."""
    return "".join(mark for mark in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(mark))


def _starts(words: str, shortest: int) -> set[str]:
    """The words, and what they are cut to."""
    return {word[:length] for word in _plain(words).split() for length in range(shortest, len(word) + 1)}


def _month_numbers() -> dict[str, int]:
    meanings: dict[str, set[int]] = {}
    for number, words in enumerate(_MONTHS, 1):
        for start in _starts(words, 3):
            meanings.setdefault(start, set()).add(number)
    return {start: numbers.pop() for start, numbers in meanings.items() if len(numbers) == 1}


_MONTH_NUMBERS = _month_numbers()
_WEEKDAY_STARTS = _starts(_WEEKDAYS, 2)

OFFSETS = {
    **dict.fromkeys(("Z", "UTC", "GMT", "UT", "WET"), 0),
    **dict.fromkeys(("CET", "MEZ", "WEST"), 60),
    **dict.fromkeys(("CEST", "MESZ", "EET", "SAST"), 120),
    **dict.fromkeys(("EEST", "MSK"), 180),
    **dict.fromkeys(("EDT",), -240),
    **dict.fromkeys(("EST", "CDT"), -300),
    "MDT": -360,
    **dict.fromkeys(("MST", "PDT"), -420),
    **dict.fromkeys(("PST", "AKDT"), -480),
    "AKST": -540,
    "HST": -600,
    **dict.fromkeys(("HKT", "SGT", "AWST"), 480),
    **dict.fromkeys(("JST", "KST"), 540),
    "AEST": 600,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
}
"""Time zone abbreviation -> minutes east of UTC; without those that stand for several zones in wide use (CST, IST, BST, AST)."""


def month_number(word: str) -> int:
    """1..12 for a month's name or its first letters, three at least; 0 for other words."""
    return _MONTH_NUMBERS.get(_plain(word), 0)


def is_weekday(word: str) -> bool:
    """Whether a word is a weekday's name or its first letters, two at least."""
    return _plain(word) in _WEEKDAY_STARTS
