"""What the Glue jobs run: the project as a wheel, and a script a job that calls its main.

Invariant: the same files give the same bytes, so that what lies in the bucket can be told from what would be put there.
"""

import base64
import hashlib
import io
import re
import tomllib
import zipfile
from collections.abc import Iterator

from pipelines.settings import PROJECT

FOLDERS = ("pipelines", "glue_jobs", "sql")
NEEDED = (
    "charset-normalizer",
    "numpy",
    "pandas",
    "pyarrow",
    "python-calamine",
    "duckdb",
    "pyiceberg",
    "sqlglot",
    "sqlalchemy",
)
"""Of requirements.txt what the jobs import; Glue brings Spark, boto3 and Iceberg's Java archives."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def wheel_name() -> str:
    """The file name of the wheel."""
    return f"touchline-{_version()}-py3-none-any.whl"


def wheel() -> bytes:
    """The project's code and statements as a wheel, which Glue installs: they then lie as files, as in this folder."""
    files = dict(_files())
    about = f"touchline-{_version()}.dist-info"
    files[f"{about}/METADATA"] = _metadata()
    files[f"{about}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: touchline\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{about}/RECORD"] = f"{record}{about}/RECORD,,\n".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def script(job: str) -> bytes:
    """What Glue starts. It ends by itself where all went well: Glue takes any exit, even one with status 0, for a failure."""
    lines = (
        "import sys",
        "",
        f"from glue_jobs.{job} import main",
        "",
        "if failed := main(sys.argv[1:]):",
        "    sys.exit(failed)",
        "",
    )
    return "\n".join(lines).encode()


def _files() -> Iterator[tuple[str, bytes]]:
    for folder in FOLDERS:
        for path in sorted((PROJECT / folder).rglob("*")):
            if path.suffix in (".py", ".sql", ".json"):
                yield path.relative_to(PROJECT).as_posix(), path.read_bytes()


def _metadata() -> bytes:
    wanted = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = [line for line in wanted if re.split(r"[\[<>=!~ ]", line)[0] in NEEDED]
    lines = ["Metadata-Version: 2.1", "Name: touchline", f"Version: {_version()}"]
    return "\n".join([*lines, *(f"Requires-Dist: {line}" for line in needed), ""]).encode()


def _version() -> str:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
