"""The files of a lake beside its tables: a folder on this machine, or a bucket in S3.

Invariant: paths are those below the lake's own place, the same for both; a file is written whole or not at all.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

S3 = "s3://"


@dataclass(frozen=True)
class Listed:
    """A file: its path, its size in bytes, and when it was written."""

    path: str
    size: int
    written_at: datetime


class Storage(Protocol):
    """Lists, reads and writes files. Goes to Spark's workers by pickle."""

    def listed(self, folder: str) -> list[Listed]:
        """All files below a folder, by path; none where it is not there."""
        ...

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes of a file, or those from `start` up to `end`, which may lie behind its end."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Write a file, in the place of what was there."""
        ...


def open_storage(lake_url: str) -> Storage:
    """The files at s3://bucket/prefix, or in a folder."""
    if lake_url.startswith(S3):
        bucket, _, prefix = lake_url.removeprefix(S3).rstrip("/").partition("/")
        return Bucket(bucket, f"{prefix}/" if prefix else "")
    return Folder(Path(lake_url).resolve())


@dataclass(frozen=True)
class Folder:
    """Files on this machine."""

    root: Path

    def listed(self, folder: str) -> list[Listed]:
        """All files below a folder, by path; none where it is not there."""
        found = []
        for path in sorted((self.root / folder).rglob("*")):
            if path.is_file():
                about = path.stat()
                written_at = datetime.fromtimestamp(about.st_mtime, UTC)
                found.append(Listed(path.relative_to(self.root).as_posix(), about.st_size, written_at))
        return found

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes of a file, or those from `start` up to `end`, which may lie behind its end."""
        with (self.root / path).open("rb") as file:
            file.seek(start)
            return file.read() if end is None else file.read(end - start)

    def write(self, path: str, content: bytes) -> None:
        """Write a file, in the place of what was there."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}")
        part.write_bytes(content)
        part.replace(target)


@dataclass(frozen=True)
class Bucket:
    """Files in S3. Credentials, region and end point are boto3's own settings."""

    bucket: str
    prefix: str

    def listed(self, folder: str) -> list[Listed]:
        """All files below a folder, by path; none where it is not there."""
        pages = _s3().get_paginator("list_objects_v2")
        return [
            Listed(found["Key"].removeprefix(self.prefix), found["Size"], found["LastModified"])
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}{folder}/")
            for found in page.get("Contents", ())
        ]

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes of a file, or those from `start` up to `end`, which may lie behind its end."""
        part = {} if not start and end is None else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        body: bytes = _s3().get_object(Bucket=self.bucket, Key=self.prefix + path, **part)["Body"].read()
        return body

    def write(self, path: str, content: bytes) -> None:
        """Write a file, in the place of what was there."""
        _s3().put_object(Bucket=self.bucket, Key=self.prefix + path, Body=content)


@cache
def _s3() -> Any:
    import boto3  # a second to import, for those whose lake is in the cloud

    return boto3.client("s3")
