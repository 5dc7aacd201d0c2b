"""The bytes of every upload, kept as they came in: under <home>/raw/<source>/<day>, or in the bucket that the settings name.

Invariant: what `keep` returned finds the same bytes again, also after the setting has changed; bytes that are not the same are never given out.
"""

import hashlib
import os
import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from pipelines.errors import NotFound, TouchlineError, WarehouseUnavailable
from pipelines.ingest import bucket
from pipelines.ingest.uploads import get_upload
from pipelines.settings import Settings
from pipelines.stores.base import Stores

LONGEST_NAME = 150  # bytes, of which file systems take 255 for a name


def place(settings: Settings, source: str, upload_id: str, file_name: str) -> str:
    """Where the bytes of an upload are to be kept: a path below the home, or an s3:// URL."""
    day = datetime.now(UTC).date().isoformat()
    below = PurePosixPath(source, day, f"{upload_id}-{safe_name(file_name)}")
    return f"{settings.raw_url}/{below}" if settings.raw_url else str("raw" / below)


def keep(settings: Settings, where: str, content: bytes) -> None:
    """Write bytes durably to their place. Raises WarehouseUnavailable where the disk or the bucket does not take them."""
    if where.startswith(bucket.S3):
        bucket.put(where, content)
        return
    path = settings.home / where
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        with suppress(OSError):
            path.unlink()
        raise WarehouseUnavailable(
            f"The file could not be kept in {path.parent}: {problem.strerror}. Nothing was stored.",
            "Make room on the disk, or let the folder be written, and upload again.",
        ) from problem


def content(stores: Stores, upload_id: str) -> bytes:
    """The bytes of an upload as they came in.

    Raises NotFound where there is no such upload or its file is gone, TouchlineError where it is not the same any more.
    """
    upload = get_upload(stores, upload_id)
    where = str(upload["raw_path"])
    found = bucket.get(where) if where.startswith(bucket.S3) else _read(stores.settings.home / where)
    if found is None:
        raise NotFound(f"The file of upload {upload_id} is not in {where} any more.", "Upload it again.")
    if hashlib.sha256(found).hexdigest() != upload["sha256"]:
        raise TouchlineError(f"The file of upload {upload_id} was changed in {where}.", "Upload the file again.")
    return found


def safe_name(file_name: str) -> str:
    """A file name without folders, spaces or anything a file system could take amiss; its end is kept, for the extension."""
    name = unicodedata.normalize("NFC", file_name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = re.sub(r"[^\w.-]+", "_", name).strip("._")
    return plain.encode()[-LONGEST_NAME:].decode("utf-8", "ignore") or "file"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise WarehouseUnavailable(
            f"The kept file {path} cannot be read: {problem.strerror}.", "Let the folder be read, and try again."
        ) from problem
