"""Bytes of a file -> UTF-8 bytes and the name of the encoding they came in.

Invariant: nothing is lost silently: a byte that means nothing in the encoding becomes the SUBSTITUTE control character, and a row with a
control character is refused when it is read.
"""

import codecs
import re
from collections.abc import Iterator

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

_EXPORT = "Export the data as CSV or .xlsx and upload that."
_SIGNATURES = (
    (b"%PDF", "is a PDF document."),
    (b"PAR1", "is a Parquet file, not a text file."),
    (b"\x89PNG", "is a picture."),
    (b"\xff\xd8\xff", "is a picture."),
)

_WEB_PAGE = re.compile(
    rb"[\s\xef\xbb\xbf]*+(?>(?:<!--.*?-->|<\?xml[^>]*+>)\s*+)*+<(?:!doctype )?html", re.IGNORECASE | re.DOTALL
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
_HARDLY_WESTERN = re.compile("[ƒˆ‰†‡‹›˜ŽžŸŒ³¹¤¦¨ª¬¯°±¶¸¹¼¾ÐÞðþÝý×÷]")
_TOO_STRANGE = 0.2
# Mac Roman, which no detector tells from the Windows pages of Central Europe, is taken if nearly all of it is Western letters and signs.
_WESTERN = re.compile("[äöüÄÖÜßáàâãåæçéèêëíìîïñóòôõøúùûÿœÁÀÂÅÆÇÉÈÊÍÑÓÔØÚ–—‘’“”„…€£©®™°«»]")
_SURELY_WESTERN = 0.95
_LATIN = ("cp1250", "cp1252", "cp1254", "cp1257", "mac_roman")
_SAMPLE = 65_536
_BLOCK = 1 << 22
_LONGEST_EXAMPLE = 40


def _substitute(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return SUBSTITUTE, error.end


codecs.register_error("touchline-substitute", _substitute)


def refuse_binary(content: memoryview, file_name: str) -> None:
    """Raise FileRefused, saying what to do, if the file is empty or no text at all."""
    top = bytes(content[:_SAMPLE])
    if not top.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe") and not re.search(rb"[^\x00\s\xef\xbb\xbf\xff\xfe]", content):
        raise FileRefused(f"'{file_name}' is empty.", "Export it again and check that it has rows.")
    for signature, what in _SIGNATURES:
        if top.startswith(signature):
            raise FileRefused(f"'{file_name}' {what}", _EXPORT)
    if _WEB_PAGE.match(top):
        raise FileRefused(
            f"'{file_name}' is a web page, perhaps a sign-in page, not a CSV file.", "Download the export again."
        )


def decode(content: memoryview, file_name: str) -> tuple[memoryview, str]:
    """The content as UTF-8 without a byte-order mark, and the encoding's name as Python knows it. UTF-8 is not copied.

    A byte-order mark decides; then UTF-16 and UTF-32 by their zero bytes; then UTF-8 if it holds (or nearly: damaged places are
    marked); else the code page that charset-normalizer finds, Windows-1252 in doubt. Raises FileRefused for binary content.
    """
    encoding = next((encoding for mark, encoding in _MARKS if bytes(content[: len(mark)]) == mark), None)
    encoding = encoding or _wide(bytes(content[:_SAMPLE]), file_name)
    if encoding in (None, "utf-8-sig"):
        failed, beyond_ascii = _damage(content)
        if not failed:
            return _without_marks(content), encoding or "utf-8"
        if encoding is None and beyond_ascii <= 10 * failed:
            encoding = _code_page(content)
    return _without_marks(_transcode(content, encoding or "utf-8")), encoding or "utf-8"


def encoding_note(text: memoryview, encoding: str) -> str:
    """What a person should know about an encoding that is no Unicode, with a word that shows whether it was guessed right; else ''."""
    if encoding.startswith("utf"):
        return ""
    shown = ""
    if beyond_ascii := re.search(rb"[\x80-\xff]", text):
        at = beyond_ascii.start()
        around = bytes(text[max(0, at - _LONGEST_EXAMPLE) : at + _LONGEST_EXAMPLE]).decode("utf-8", "ignore")
        shown = next((f" ('{word}')" for word in re.split(r"[\s,;|\"^]+", around) if not word.isascii()), "")
    return f"The file is not Unicode; read as {encoding}{shown}. If letters look wrong, save it as CSV UTF-8."


def _without_marks(text: memoryview) -> memoryview:
    """The text without the byte-order marks it begins with: some tools write two."""
    while bytes(text[:3]) == codecs.BOM_UTF8:
        text = text[3:]
    return text


def _decoded(content: memoryview, encoding: str) -> Iterator[str]:
    """The content's text, block by block, damaged places substituted."""
    decoder = codecs.getincrementaldecoder(encoding)("touchline-substitute")
    for start in range(0, len(content), _BLOCK):
        yield decoder.decode(content[start : start + _BLOCK])
    yield decoder.decode(b"", final=True)


def _transcode(content: memoryview, encoding: str) -> memoryview:
    text = bytearray()
    for block in _decoded(content, encoding):
        text += block.encode()
    return memoryview(text)


def _wide(sample: bytes, file_name: str) -> str | None:
    """UTF-16 and UTF-32 without a mark show as zeros at regular places; zeros everywhere are no text."""
    zeros = [sample[place::4].count(0) for place in range(4)]
    total, quarter = sum(zeros), max(1, len(sample) // 4)
    if zeros[1] + zeros[2] + zeros[3] > 2.2 * quarter and zeros[0] < 0.05 * quarter:
        return "utf-32-le"
    if zeros[0] + zeros[1] + zeros[2] > 2.2 * quarter and zeros[3] < 0.05 * quarter:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    # Line ends, digits and delimiters are Latin in every language.
    if odd > 0.1 * quarter and even < 0.02 * odd:
        return "utf-16-le"
    if even > 0.1 * quarter and odd < 0.02 * even:
        return "utf-16-be"
    if total > 0.1 * len(sample):
        raise FileRefused(f"'{file_name}' is not a text file.", _EXPORT)
    return None


def _damage(content: memoryview) -> tuple[int, int]:
    """How many places of the content are no UTF-8, and how many characters beyond ASCII it has as such."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _BLOCK):
            decoder.decode(content[start : start + _BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        pass
    else:
        return 0, 0
    failed = beyond_ascii = 0
    for block in _decoded(content, "utf-8"):
        failed += block.count(SUBSTITUTE)
        beyond_ascii += len(block) - len(block.encode("ascii", "ignore"))
    return failed, beyond_ascii


def _code_page(content: memoryview) -> str:
    telling = b"\n".join(re.findall(rb"[^\r\n]*[\x80-\xff][^\r\n]*", content[: 64 * _SAMPLE]))[:_SAMPLE]
    western = telling.decode("cp1252", "touchline-substitute")
    beyond_ascii = len(re.findall(r"[^\x00-\x7f]", western)) + western.count(SUBSTITUTE)
    strange = len(_HARDLY_WESTERN.findall(western)) + western.count(SUBSTITUTE)
    matches = from_bytes(telling, cp_isolation=list(_CODE_PAGES), enable_fallback=False)
    best = matches.best()
    reads_well = any("cp1252" in match.could_be_from_charset for match in matches)
    if best is None or (reads_well and strange < _TOO_STRANGE * beyond_ascii):
        return "windows-1252"
    mac = re.findall(r"[^\x00-\x7f]", telling.decode("mac_roman"))
    if best.encoding in _LATIN and len(_WESTERN.findall("".join(mac))) > _SURELY_WESTERN * len(mac):
        return "mac_roman"
    return best.encoding
