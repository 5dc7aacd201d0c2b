"""The page of the benchmarks' figures, docs/benchmarks.md: a section for each, and on what machine its figures were taken."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.settings import PROJECT

PAGE = PROJECT / "docs" / "benchmarks.md"


def machine() -> str:
    """One line on where and when the figures were taken."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    named = re.search(r"model name\s*:\s*(.+)", told)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (
        f"{datetime.now(UTC):%d %B %Y}, {os.cpu_count()} cores of {named[1] if named else platform.machine()}, {memory:.0f} GB, "
        f"load {os.getloadavg()[0]:.1f} before; Python {platform.python_version()}, DuckDB {duckdb.__version__}."
    )


def write_section(title: str, text: str, page: Path = PAGE) -> None:
    """Put a section under its title, in the place of the one that stands there; the other sections stay."""
    before = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    own = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    section = f"## {title}\n\n{text}\n"
    after = own.sub(lambda _: f"{section}\n", before) if own.search(before) else f"{before.rstrip()}\n\n{section}"
    page.write_text(after.rstrip() + "\n", encoding="utf-8")
