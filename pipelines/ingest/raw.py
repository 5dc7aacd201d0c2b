"""The bytes of every upload, kept as they came in: under <home>/raw/<source>/<day>, or in a bucket where TOUCHLINE_RAW_URL names one.

Invariant: what `keep` returned finds the same bytes again, also after the setting has changed; bytes that are not the same are never given out.
"""

import hashlib
import os
import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.errors import NotFound, TouchlineError, WarehouseUnavailable
from pipelines.ingest.uploads import get_upload
from pipelines.settings import Settings
from pipelines.stores.base import Stores

LONGEST_NAME = 150  # bytes, of which file systems take 255 for a name
S3 = "s3://"


def keep(settings: Settings, source: str, upload_id: str, file_name: str, content: bytes) -> str:
    """Write the bytes durably and return where they are: a path below the home, or an s3:// URL.

    Raises WarehouseUnavailable where the disk or the bucket does not take them.
    """
    day = datetime.now(UTC).date().isoformat()
    place = PurePosixPath(source, day, f"{upload_id}-{safe_name(file_name)}")
    if settings.raw_url:
        return _put(f"{settings.raw_url.rstrip('/')}/{place}", content)
    relative = "raw" / place
    path = settings.home / relative
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
    return str(relative)


def content(stores: Stores, upload_id: str) -> bytes:
    """The bytes of an upload as they came in.

    Raises NotFound where there is no such upload or its file is gone, TouchlineError where it is not the same any more.
    """
    upload = get_upload(stores, upload_id)
    where = str(upload["raw_path"])
    found = _get(where) if where.startswith(S3) else _read(stores.settings.home / where)
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


def _put(url: str, content: bytes) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _bucket().put_object(**_object(url), Body=content)
    except (BotoCoreError, ClientError) as problem:
        raise WarehouseUnavailable(
            f"The file could not be kept at {url}: {problem}. Nothing was stored.",
            "Check TOUCHLINE_RAW_URL and the rights to the bucket, and upload again.",
        ) from problem
    return url


def _get(url: str) -> bytes | None:
    from botocore.exceptions import BotoCoreError, ClientError

    client = _bucket()
    try:
        body: bytes = client.get_object(**_object(url))["Body"].read()
    except client.exceptions.NoSuchKey:
        return None
    except (BotoCoreError, ClientError) as problem:
        raise WarehouseUnavailable(
            f"The kept file {url} cannot be read: {problem}.", "Check the rights to the bucket, and try again."
        ) from problem
    return body


def _bucket() -> Any:
    """S3 as the environment names it: credentials, region and end point are boto3's own settings."""
    import boto3  # a second to import, for those who keep files in a bucket

    return boto3.client("s3")


def _object(url: str) -> dict[str, str]:
    bucket, _, key = url.removeprefix(S3).partition("/")
    return {"Bucket": bucket, "Key": key}
