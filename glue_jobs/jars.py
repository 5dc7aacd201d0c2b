"""The Java archives that a local Spark needs for Iceberg tables: fetched once from Maven Central into .cache/jars.

Invariant: an archive is used only if its SHA-1 is the one written here; a fetch that was cut short leaves nothing under its name.
"""

import hashlib
import os
import urllib.request
from pathlib import Path

from pipelines.errors import TouchlineError
from pipelines.settings import PROJECT

FOLDER = PROJECT / ".cache" / "jars"
ICEBERG = "1.10.0"
JARS = {
    f"iceberg-spark-runtime-3.5_2.12-{ICEBERG}.jar": "e9e56f219ee65d302a96d598470365733b824018",
    f"iceberg-aws-bundle-{ICEBERG}.jar": "568a0630442613a4d211b72668cc48713b7d335e",
}
"""File -> the SHA-1 that Maven Central tells of it. On AWS Glue `--datalake-formats iceberg` brings the like."""

_CENTRAL = "https://repo1.maven.org/maven2/org/apache/iceberg"
_SECONDS_OF_SILENCE = 60


def local_jars() -> list[Path]:
    """The archives on this machine. Raises TouchlineError where one is not there and cannot be fetched."""
    return [_present(name, sha1) for name, sha1 in JARS.items()]


def _present(name: str, sha1: str) -> Path:
    path = FOLDER / name
    if not path.exists() or _sha1(path.read_bytes()) != sha1:
        _fetch(name, sha1, path)
    return path


def _fetch(name: str, sha1: str, path: Path) -> None:
    url = f"{_CENTRAL}/{name.removesuffix(f'-{ICEBERG}.jar')}/{ICEBERG}/{name}"
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS_OF_SILENCE) as answer:
            content = answer.read()
    except OSError as problem:
        raise TouchlineError(
            f"{name} could not be fetched from Maven Central: {problem}.",
            f"Let this machine reach {url}, or put the file into {FOLDER}.",
        ) from problem
    if _sha1(content) != sha1:
        raise TouchlineError(f"What came from {url} is not the file that is expected.", "Try again.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
