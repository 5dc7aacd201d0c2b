"""Currencies as amounts and columns name them: codes, signs, short names.

Invariant: a sign that several currencies share is never taken for one of them.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import Cells, Problem, blank_out, contains, examples, matches

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP "
    "CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD "
    "JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO "
    "NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL"
)
CODES = tuple(_CODES.split())
_SIGNS = {
    **dict.fromkeys(("€", "Euro", "Euros", "euro", "euros", "EURO"), "EUR"),
    **dict.fromkeys(("£", "￡"), "GBP"),
    **dict.fromkeys(("US$", "U$S", "$US"), "USD"),
    **dict.fromkeys(("A$", "AU$"), "AUD"),
    **dict.fromkeys(("C$", "CA$", "$CA"), "CAD"),
    **dict.fromkeys(("CN¥", "RMB"), "CNY"),
    **dict.fromkeys(("Fr.", "SFr.", "sFr."), "CHF"),
    **{"R$": "BRL", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "SG$": "SGD", "MX$": "MXN", "NT$": "TWD", "JP¥": "JPY"},
    **{
        "zł": "PLN",
        "Kč": "CZK",
        "Ft": "HUF",
        "lei": "RON",
        "лв": "BGN",
        "лв.": "BGN",
        "₹": "INR",
        "₽": "RUB",
        "₺": "TRY",
    },
    **{
        "₩": "KRW",
        "₴": "UAH",
        "₪": "ILS",
        "฿": "THB",
        "₫": "VND",
        "₱": "PHP",
        "₦": "NGN",
        "₸": "KZT",
        "₾": "GEL",
        "₡": "CRC",
    },
}
_CROWNS, _YEN, _RUPEES = ("SEK", "NOK", "DKK", "ISK"), ("JPY", "CNY"), ("INR", "PKR", "LKR", "NPR", "MUR")
AMBIGUOUS = {
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP"),
    **dict.fromkeys(("¥", "￥"), _YEN),
    **dict.fromkeys(("kr", "kr.", "Kr", "Kr.", "KR"), _CROWNS),
    **dict.fromkeys(("Rs", "Rs.", "₨"), _RUPEES),
}
_MEANINGS = {code: (code,) for code in CODES} | {sign: (code,) for sign, code in _SIGNS.items()} | AMBIGUOUS
_WORDS, _CODES_IN_ORDER = (
    pa.array(_MEANINGS),
    pa.array([codes[0] if len(codes) == 1 else None for codes in _MEANINGS.values()]),
)
_LONGEST_FIRST = sorted(_MEANINGS, key=len, reverse=True)
_ANY = "|".join(map(re.escape, _LONGEST_FIRST))
_LEADING, _TRAILING = rf"^([-+(]*) ?(?:{_ANY}) ?", rf" ?(?:{_ANY})([-)]?)$"
# '$5.00 USD': a sign before and a code behind that agree.
_TWICE = "|".join(
    rf"[-+(]*{re.escape(word)} ?[-+]?[\d.][^A-Z]*(?:{'|'.join(_MEANINGS[word])})\)?"
    for word in _MEANINGS
    if word not in CODES
)
_NAMELESS = r"[^\d.,'’ ()+-]"


def currencies_of(text: pa.Array) -> pa.Array:
    """The ISO code that each distinct amount names ('12,50 €', 'US$ 3', '3 USD'); null where it names none, or one of several."""
    word = _named(text)
    return pc.take(_CODES_IN_ORDER, pc.index_in(word, value_set=_WORDS))


def ambiguous_signs(text: pa.Array) -> pa.Array:
    """The sign of each distinct amount that several currencies share (a key of AMBIGUOUS); null where there is none."""
    word = _named(text)
    return blank_out(word, pc.invert(pc.is_in(word, value_set=pa.array(AMBIGUOUS))))


def currency_example(text: pa.Array) -> str:
    """An amount among the texts that names its currency, quoted, or ''."""
    return examples(text, pc.is_valid(_named(text)), 1)


def strip_currency(text: pa.Array) -> pa.Array:
    """Amounts without the sign or code of their currency; one with two that disagree keeps the other."""
    if not contains(text, _NAMELESS):
        return text
    front = pc.replace_substring_regex(text, _LEADING, r"\1")
    back = pc.replace_substring_regex(text, _TRAILING, r"\1")
    both = pc.replace_substring_regex(front, _TRAILING, r"\1")
    once = pc.if_else(pc.equal(front, text), back, front)
    return pc.if_else(matches(text, _TWICE), both, once)


def read_currencies(text: pa.Array) -> Cells:
    """Read distinct texts as currency codes in upper case; a sign is read where it stands for one currency."""
    upper = pc.utf8_upper(text)
    code = pc.if_else(pc.is_in(upper, value_set=pa.array(CODES)), upper, pa.scalar(None, pa.string()))
    code = pc.coalesce(code, pc.take(_CODES_IN_ORDER, pc.index_in(text, value_set=_WORDS)))
    shared = pc.is_in(text, value_set=pa.array(AMBIGUOUS))
    wrong = pc.and_(pc.is_valid(text), pc.is_null(code))
    problems = (
        Problem(pc.and_(wrong, shared), "Several currencies have this sign; write the code, such as USD."),
        Problem(pc.and_not(wrong, shared), "A currency is written as three letters, such as EUR."),
    )
    return Cells(code, problems)


def _named(text: pa.Array) -> pa.Array:
    """The word for a currency in each amount: the code or sign behind it, else the one before it."""
    if not contains(text, _NAMELESS):
        return pa.nulls(len(text), pa.string())
    before = pc.struct_field(pc.extract_regex(text, rf"^[-+(]* ?(?P<word>{_ANY}) ?[-+(]?[\d.,]"), "word")
    behind = pc.struct_field(pc.extract_regex(text, rf"\d.*?(?P<word>{_ANY})[-)]?$"), "word")
    return pc.coalesce(behind, before)
