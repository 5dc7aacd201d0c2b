"""Codes and signs of currencies.

Invariant: a sign that several currencies share is never given one of them.
"""

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP "
    "CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD "
    "JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO "
    "NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL"
)
CODES = tuple(_CODES.split())
_SIGNS = {
    "EUR": "€ Euro Euros euro euros EURO",
    "GBP": "£ ￡",
    "USD": "US$ U$S $US",
    "AUD": "A$ AU$",
    "BGN": "лв лв.",
    "BRL": "R$",
    "CAD": "C$ CA$ $CA",
    "CHF": "Fr. SFr. sFr.",
    "CNY": "CN¥ RMB",
    "CRC": "₡",
    "CZK": "Kč",
    "GEL": "₾",
    "HKD": "HK$",
    "HUF": "Ft",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "JP¥",
    "KRW": "₩",
    "KZT": "₸",
    "MXN": "MX$",
    "NGN": "₦",
    "NZD": "NZ$",
    "PHP": "₱",
    "PLN": "zł",
    "RON": "lei",
    "RUB": "₽",
    "SGD": "S$ SG$",
    "THB": "฿",
    "TRY": "₺",
    "TWD": "NT$",
    "UAH": "₴",
    "VND": "₫",
}
_DOLLARS = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP")
_YEN, _CROWNS, _RUPEES = ("JPY", "CNY"), ("SEK", "NOK", "DKK", "ISK"), ("INR", "PKR", "LKR", "NPR", "MUR")
AMBIGUOUS = {
    "$": _DOLLARS,
    **dict.fromkeys(("¥", "￥"), _YEN),
    **dict.fromkeys(("kr", "kr.", "Kr", "Kr.", "KR"), _CROWNS),
    **dict.fromkeys(("Rs", "Rs.", "₨"), _RUPEES),
}
"""Sign -> the currencies that share it, the most common one first."""

MEANINGS = (
    {code: (code,) for code in CODES}
    | {sign: (code,) for code, signs in _SIGNS.items() for sign in signs.split()}
    | AMBIGUOUS
)
"""Code or sign -> the currencies that it may stand for."""
