"""What a job takes along to Glue: an archive of the jobs, of what they import of pipelines, and of the statements.

Invariant: the same sources give the same bytes; whatever the jobs import when they start is in it.
"""

import ast
import hashlib
import io
import platform
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from pipelines.settings import PROJECT

MODULES = (
    "duckdb",
    "charset-normalizer",
    "python-calamine",
    "pyarrow",
    "pyiceberg",
    "sqlalchemy",
    "sqlglot",
    "pandas",
    "numpy",
)
"""Distributions that the jobs import and Glue does not bring, or not new enough: for `--additional-python-modules`."""

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that an archive can say
_OURS = ("glue_jobs", "pipelines")


def build() -> bytes:
    """The archive for Glue's `--extra-py-files`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in shipped():
            entry = zipfile.ZipInfo(path.relative_to(PROJECT).as_posix(), _EARLIEST)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return content.getvalue()


def program() -> str:
    """A digest of what the jobs are made of: equal where they read files alike."""
    content = PROJECT.read_bytes() if PROJECT.is_file() else build()  # on Glue we are in the archive ourselves
    return hashlib.sha256(content).hexdigest()[:16]


def versions() -> dict[str, str]:
    """The Python and the distributions that run here."""
    return {"python": platform.python_version()} | {name: version(name) for name in MODULES}


def shipped() -> list[Path]:
    """The files of the archive, in order."""
    found: set[Path] = set()
    waiting = sorted((PROJECT / "glue_jobs").rglob("*.py"))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path)
    return sorted([*found, *(PROJECT / "sql" / "lake").rglob("*.sql")])


def _imported(path: Path) -> Iterator[Path]:
    """Our modules that a module imports when it is imported itself, with the packages that they lie in."""
    for node in _run_at_import(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _files_of(name)


def _run_at_import(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements at the top of a module; those under `if TYPE_CHECKING` are never run."""
    return (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))


def _files_of(name: str) -> Iterator[Path]:
    parts = name.split(".")
    if parts[0] not in _OURS:
        return
    for length in range(1, len(parts) + 1):
        place = PROJECT.joinpath(*parts[:length])
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                yield file
