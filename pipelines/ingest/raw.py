"""The bytes of every upload, kept as they came in: <home>/raw/<source>/<day>/<upload id>-<file name>."""

import os
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from pipelines.errors import WarehouseUnavailable

LONGEST_NAME = 100


def keep(home: Path, source: str, upload_id: str, file_name: str, content: bytes) -> str:
    """Write the bytes durably and return their path below the home. Raises WarehouseUnavailable where the disk does not take them."""
    day = datetime.now(UTC).date().isoformat()
    relative = PurePosixPath("raw", source, day, f"{upload_id}-{safe_name(file_name)}")
    path = home / relative
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        path.unlink(missing_ok=True)
        raise WarehouseUnavailable(
            f"The file could not be kept in {path.parent}: {problem.strerror}. Nothing was stored.",
            "Make room on the disk, or let the folder be written, and upload again.",
        ) from problem
    return str(relative)


def safe_name(file_name: str) -> str:
    """A file name without folders, spaces or anything a file system could take amiss; its end is kept, for the extension."""
    name = unicodedata.normalize("NFC", file_name).replace("\\", "/").rsplit("/", 1)[-1]
    return re.sub(r"[^\w.-]+", "_", name).strip("._")[-LONGEST_NAME:] or "file"
