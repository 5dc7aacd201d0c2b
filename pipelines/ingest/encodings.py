"""Bytes of a file -> UTF-8 bytes and the name of the encoding they came in.

Invariant: nothing is lost silently: a byte that means nothing in the encoding becomes the SUBSTITUTE control character, and a row with a
control character is refused when it is read.
"""

import codecs
import re

from charset_normalizer import from_bytes

from pipelines.errors import FileRefused

SUBSTITUTE = "\x1a"

# Longest first: the mark of UTF-16 is the beginning of that of UTF-32.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_SPREADSHEET = (
    "is a spreadsheet, not a CSV file.",
    "Open it and save it as CSV (in Excel: Save as, CSV UTF-8), then upload that.",
)
_ARCHIVE = ("is a compressed file.", "Unpack it and upload the CSV file inside.")
_OTHER = ("is not a text file.", "Export the data as CSV and upload that.")
_SIGNATURES = (
    (b"PK\x03\x04", _SPREADSHEET),
    (b"\xd0\xcf\x11\xe0", _SPREADSHEET),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf", _ARCHIVE),
    (b"BZh", _ARCHIVE),
    (b"%PDF", ("is a PDF document.", _OTHER[1])),
    (b"PAR1", _OTHER),
    (b"\x89PNG", _OTHER),
    (b"\xff\xd8\xff", _OTHER),
)

# What people's machines write besides Unicode. Windows-1252 comes first: it is by far the most common.
_CODE_PAGES = (
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "shift_jis",
    "gb18030",
    "big5",
    "euc_kr",
    "mac_roman",
)
# Windows-1252 is taken unless its reading is full of signs that Western text hardly has, and another code page reads well.
_HARDLY_WESTERN = re.compile("[ƒˆ‰†‡‹›˜ŽžŸ¤¦¨ª¬¯°±¶¸¹¼¾ÐÞðþÝý×÷]")
_TOO_STRANGE = 0.2
_SAMPLE = 65_536


def _substitute(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return SUBSTITUTE, error.end


codecs.register_error("touchline-substitute", _substitute)


def refuse_binary(content: bytes, file_name: str) -> None:
    """Raise FileRefused, saying what to do, if the file is empty or no text at all."""
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise FileRefused(f"'{file_name}' is empty.", "Export it again and check that it has rows.")
    for signature, (what, remedy) in _SIGNATURES:
        if content.startswith(signature):
            raise FileRefused(f"'{file_name}' {what}", remedy)
    if content[:1024].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise FileRefused(
            f"'{file_name}' is a web page, perhaps a sign-in page, not a CSV file.", "Download the export again."
        )


def decode(content: bytes, file_name: str) -> tuple[bytes, str]:
    """The content as UTF-8 without a byte-order mark, and the encoding's name as Python knows it.

    A byte-order mark decides; then UTF-16 by its zero bytes; then UTF-8 if it holds (or nearly: damaged places are marked); else
    the code page that charset-normalizer finds, Windows-1252 in doubt. Raises FileRefused for binary content.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return (content[len(mark) :] if encoding == "utf-8-sig" else _transcode(content, encoding)), encoding
    encoding = _wide(content, file_name) or ("utf-8" if _is_utf8(content) else _code_page(content))
    return (content if encoding == "utf-8" and _holds(content) else _transcode(content, encoding)), encoding


def _transcode(content: bytes, encoding: str) -> bytes:
    return content.decode(encoding, "touchline-substitute").encode("utf-8", "replace")


def _wide(content: bytes, file_name: str) -> str | None:
    """UTF-16 without a mark shows as zeros in every other byte; zeros everywhere are no text."""
    sample = content[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    if even + odd > 0.1 * len(sample):
        raise FileRefused(f"'{file_name}' {_OTHER[0]}", _OTHER[1])
    return None


def _holds(content: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(content)
    try:
        for start in range(0, len(view), 1 << 22):
            decoder.decode(view[start : start + (1 << 22)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(content: bytes) -> bool:
    """Whether the text is UTF-8, perhaps with a few damaged places: far more characters beyond ASCII hold than fail."""
    if _holds(content):
        return True
    read = content.decode("utf-8", "touchline-substitute")
    failed = read.count(SUBSTITUTE)
    beyond_ascii = len(re.findall(r"[^\x00-\x7f]", read))
    return beyond_ascii > 10 * failed


def _code_page(content: bytes) -> str:
    telling = b"\n".join(re.findall(rb"[^\r\n]*[\x80-\xff][^\r\n]*", content[: 64 * _SAMPLE]))[:_SAMPLE]
    western = telling.decode("cp1252", "touchline-substitute")
    beyond_ascii = len(re.findall(r"[^\x00-\x7f]", western)) + western.count(SUBSTITUTE)
    strange = len(_HARDLY_WESTERN.findall(western)) + western.count(SUBSTITUTE)
    matches = from_bytes(telling, cp_isolation=list(_CODE_PAGES), enable_fallback=False)
    best = matches.best()
    reads_well = any("cp1252" in match.could_be_from_charset for match in matches)
    if best is None or (reads_well and strange < _TOO_STRANGE * beyond_ascii):
        return "windows-1252"
    return best.encoding
