"""The head of a file: enough of its bytes to show what its rows look like, long before all of it is read.

Invariant: it ends where a line ends, so that no row is cut in two.
"""

BYTES = 128 * 1024

_NEWLINES = {b"\xff\xfe": b"\n\x00", b"\xfe\xff": b"\x00\n"}
"""How the two UTF-16 encodings, told by their mark, end a line."""
_PACKED = (b"\x1f\x8b", b"PK")


def head_of(content: bytes) -> bytes | None:
    """The first lines of a text file; None where it is short anyway, packed (gzip, zip, xlsx), or has no line end so far."""
    if len(content) <= BYTES or content.startswith(_PACKED):
        return None
    newline = _NEWLINES.get(content[:2], b"\n")
    end = content.rfind(newline, 0, BYTES)
    while end > 0 and end % len(newline):  # the bytes of a line end, but of two letters' halves
        end = content.rfind(newline, 0, end + len(newline) - 1)
    return content[: end + len(newline)] if end > 0 else None
