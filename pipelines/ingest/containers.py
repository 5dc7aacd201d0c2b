"""What a file is packed in: gzip, a zip of one file, or nothing. Bytes in, the bytes inside out.

Invariant: never more than MOST_BYTES come out. The size that a zip declares is checked first, and what really comes out is counted as it
comes, so that neither an honest nor a lying bomb fills the memory.
"""

import copy
import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from pipelines.errors import FileRefused

MOST_MEGABYTES = 200
MOST_BYTES = (MOST_MEGABYTES + 1) << 20
"""The largest file that is read, packed or unpacked: so many megabytes, however they are counted, and the row that passes them."""

_STEP = 1 << 20
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE = b"\xd0\xcf\x11\xe0"
_OTHER_ARCHIVES = (b"7z\xbc\xaf", b"BZh", b"Rar!", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_TAR, _TAR_AT = b"ustar", 257
_ENCRYPTED_WORKBOOK = "EncryptedPackage".encode("utf-16-le")
_NOT_DATA = re.compile(r"(^|/)(__MACOSX/.*|\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$", re.IGNORECASE)
_MOST_NAMED = 5

_UNPACK = "Unpack it and upload the file inside."
_SAVE_AS = "Open it in Excel, choose Save as, Excel workbook (.xlsx) or CSV UTF-8, and upload that."


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Unpacked:
    """The bytes inside, what they came out of ("gzip", "zip: name.csv", or "" for nothing), and whether they are an .xlsx workbook."""

    content: memoryview
    container: str
    is_workbook: bool


def unpack(content: bytes | memoryview, file_name: str) -> Unpacked:
    """Take the file out of what it is packed in.

    Raises FileRefused, with what to do, for what is too large (as it is or unpacked), damaged, encrypted or packed twice, for archives of
    several files or of none, and for spreadsheets other than .xlsx and those with macros.
    """
    inside, container = memoryview(content), ""
    refuse_large(len(inside), file_name)
    if _starts(inside, _GZIP):
        inside, container = _gunzip(inside, file_name), "gzip"
    elif _starts(inside, *_ZIP) and not _is_workbook(inside, file_name):
        inside, container = _only_member(inside, file_name)
    is_workbook = _starts(inside, *_ZIP) and _is_workbook(inside, file_name)
    if not is_workbook and (_starts(inside, _GZIP, *_ZIP, *_OTHER_ARCHIVES) or _is_tar(inside)):
        what = "has another archive inside." if container else "is an archive that Touchline does not open."
        raise FileRefused(f"'{file_name}' {what}", _UNPACK)
    if _starts(inside, _OLE):
        raise _old_office_file(inside, file_name)
    return Unpacked(inside, container, is_workbook)


def open_zip(content: memoryview, file_name: str) -> zipfile.ZipFile:
    """A zip archive. Raises FileRefused if it is damaged."""
    try:
        return zipfile.ZipFile(pa.BufferReader(content))
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as problem:
        raise damaged(file_name) from problem


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file_name: str) -> Iterator[bytes]:
    """The bytes of a zip's member, piece by piece. Raises FileRefused where there are too many, or they cannot be read."""
    if member.flag_bits & 1:
        raise FileRefused(f"'{file_name}' is protected by a password.", _UNPACK)
    refuse_large(member.file_size, file_name)
    whole = copy.copy(member)
    whole.file_size = MOST_BYTES + 1  # a declared size that is too small would end the reading early, and unseen
    try:
        with archive.open(whole) as file:
            yield from _counted(file, file_name)
    except (zipfile.BadZipFile, OSError) as problem:
        raise damaged(file_name) from problem
    except (NotImplementedError, RuntimeError) as problem:
        raise FileRefused(f"'{file_name}' is packed in a way that Touchline does not open.", _UNPACK) from problem


def refuse_large(size: int, file_name: str) -> None:
    """Raise FileRefused if a file of so many bytes is too large."""
    if size > MOST_BYTES:
        raise FileRefused(
            f"'{file_name}' has more than {MOST_MEGABYTES} MB, the most that Touchline reads at once.",
            "Export a shorter period, or split the file, and upload the parts.",
        )


def _only_member(content: memoryview, file_name: str) -> tuple[memoryview, str]:
    archive = open_zip(content, file_name)
    files = [one for one in archive.infolist() if not one.is_dir() and not _NOT_DATA.search(one.filename)]
    if not files:
        raise FileRefused(f"'{file_name}' is an archive without a file.", "Pack the exported file again.")
    if len(files) > 1:
        named = ", ".join(f"'{one.filename}'" for one in files[:_MOST_NAMED]) + (", ..." if files[_MOST_NAMED:] else "")
        raise FileRefused(
            f"'{file_name}' holds {len(files)} files: {named}.",
            "Unpack it and upload the files one by one or together.",
        )
    return _collected(read_member(archive, files[0], file_name)), f"zip: {files[0].filename}"


def _gunzip(content: memoryview, file_name: str) -> memoryview:
    with gzip.open(pa.BufferReader(content)) as file:
        return _collected(_counted(file, file_name))


def _counted(file: _Readable, file_name: str) -> Iterator[bytes]:
    total = 0
    try:
        while piece := file.read(_STEP):
            total += len(piece)
            refuse_large(total, file_name)
            yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as problem:
        raise damaged(file_name) from problem


def _collected(pieces: Iterator[bytes]) -> memoryview:
    whole = bytearray()
    for piece in pieces:
        whole += piece
    return memoryview(whole)


def _is_workbook(content: memoryview, file_name: str) -> bool:
    """Whether a zip archive is an .xlsx workbook. Raises FileRefused for other office files, and for workbooks with macros."""
    names = {one.filename.lower() for one in open_zip(content, file_name).infolist()}
    if any(name.endswith("vbaproject.bin") for name in names):
        raise FileRefused(
            f"'{file_name}' is a workbook with macros; Touchline does not open those.",
            "In Excel, choose Save as, Excel workbook (.xlsx), without macros, and upload that.",
        )
    if "xl/workbook.bin" in names or {"mimetype", "content.xml"} <= names:
        raise FileRefused(f"'{file_name}' is a spreadsheet of another kind than .xlsx.", _SAVE_AS)
    if "word/document.xml" in names or "ppt/presentation.xml" in names:
        raise FileRefused(f"'{file_name}' is no table.", "Export the data as CSV or .xlsx and upload that.")
    return "xl/workbook.xml" in names


def _old_office_file(content: memoryview, file_name: str) -> FileRefused:
    if _ENCRYPTED_WORKBOOK in bytes(content):
        return FileRefused(
            f"'{file_name}' is protected by a password.",
            "Open it in Excel, take the password off (File, Info), save it, and upload it again.",
        )
    return FileRefused(f"'{file_name}' is a spreadsheet in Excel's old .xls format.", _SAVE_AS)


def damaged(file_name: str) -> FileRefused:
    """What is said of a file that is not what it begins as."""
    return FileRefused(f"'{file_name}' is damaged or was cut off.", "Download or export it again.")


def _starts(content: memoryview, *signatures: bytes) -> bool:
    return any(bytes(content[: len(signature)]) == signature for signature in signatures)


def _is_tar(content: memoryview) -> bool:
    return bytes(content[_TAR_AT : _TAR_AT + len(_TAR)]) == _TAR
