"""What the jobs are made of: their modules, what these import of pipelines, and the statements.

Invariant: whatever a job imports of ours when it starts is among them; the same files have the same digest, wherever they lie.
"""

import ast
import hashlib
import platform
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
"""Distributions that the jobs import."""

_OURS = ("glue_jobs", "pipelines")


def digest() -> str:
    """Of what the jobs are made of: equal where they read files alike."""
    found = hashlib.sha256()
    for path in shipped():
        content = path.read_bytes()
        found.update(f"{path.relative_to(PROJECT).as_posix()}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:16]


def versions() -> dict[str, str]:
    """The Python and the distributions that run here."""
    return {"python": platform.python_version()} | {name: version(name) for name in MODULES}


def shipped() -> list[Path]:
    """The files, in order."""
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
