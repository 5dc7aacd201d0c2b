"""The house: imports run one way, pages -> app -> pipelines -> sql, and what belongs in one place stays there."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from glue_jobs import program
from pipelines.settings import PROJECT

LAYERS = ("pages", "app", "pipelines", "glue_jobs")
MAY_IMPORT = {
    "pages": {"app", "pipelines"},
    "app": {"app", "pipelines"},
    "pipelines": {"pipelines"},
    "glue_jobs": {"glue_jobs", "pipelines"},
}
"""Layer -> the folders of ours that it may import. Nobody imports pages, and nothing that runs imports tests."""

SHIPPED_WITH_SPARK = (
    *("pipelines.sources", "pipelines.ingest", "pipelines.errors", "pipelines.settings"),
    *("pipelines.statements", "pipelines.derived", "pipelines.stores.catalog", "pipelines.stores.history"),
)
"""The parts of pipelines that a Glue job may import: they run inside Spark, where there are no stores. Of these only the declarations."""

OPENS_STORES = {"embedded_postgres", "lake_duckdb", "postgres_guardian", "warehouse"}
"""Modules of pipelines.stores that no job takes along."""

ENVIRONMENT = {"pipelines/settings.py", "glue_jobs/session.py", "pipelines/dags/touchline_daily.py"}
"""Who touches the environment: the settings read it, a job on this machine tells Spark there which Java to use, and Airflow has none of our
settings."""

SCREEN = {"streamlit", "plotly"}
"""What only app and pages may import."""

FILES = [path for layer in LAYERS for path in sorted((PROJECT / layer).rglob("*.py"))]
BARE = {path.stem for path in (PROJECT / "app").iterdir() if path.suffix == ".py" or path.is_dir()}
"""Names under which a module of app could be imported twice, because its folder is on sys.path."""


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Full names of everything a file imports, at its top or inside a function; `from a import b` gives a.b."""
    package = path.relative_to(PROJECT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def attributes(path: Path) -> set[str]:
    """Every `a.b` that stands in a file."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {
        f"{node.value.id}.{node.attr}"
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def test_the_walk_finds_the_house() -> None:
    found = {name_of(path) for path in FILES}
    assert {"app/main.py", "pipelines/settings.py", "pages/overview.py", "pipelines/questions/credit.py"} <= found
    assert "pipelines.errors.WrongUsage" in set(imported(PROJECT / "pipelines" / "settings.py"))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_run_one_way(path: Path) -> None:
    layer = name_of(path).partition("/")[0]
    ours = {*LAYERS, "tests"}
    wrong = [name for name in imported(path) if name.split(".")[0] in ours - MAY_IMPORT[layer]]
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_modules_of_app_are_imported_by_their_full_name(path: Path) -> None:
    assert [name for name in imported(path) if name.split(".")[0] in BARE - {"app"}] == []


@pytest.mark.parametrize(
    "path", [path for path in FILES if name_of(path).startswith(("pipelines/", "glue_jobs/"))], ids=name_of
)
def test_what_computes_never_draws(path: Path) -> None:
    assert [name for name in imported(path) if name.split(".")[0] in SCREEN] == []


@pytest.mark.parametrize("path", sorted((PROJECT / "app" / "charts").rglob("*.py")), ids=name_of)
def test_charts_know_no_streamlit(path: Path) -> None:
    assert [name for name in imported(path) if name.split(".")[0] == "streamlit"] == []


def test_glue_jobs_import_only_what_they_ship_with() -> None:
    jobs = [path for path in FILES if name_of(path).startswith("glue_jobs/")]
    ours = {name for path in jobs for name in imported(path) if name.startswith("pipelines")}
    assert [name for name in ours if not name.startswith(SHIPPED_WITH_SPARK)] == []
    assert {path.stem for path in program.shipped()} & OPENS_STORES == set()


@pytest.mark.parametrize("path", [path for path in FILES if name_of(path) not in ENVIRONMENT], ids=name_of)
def test_only_the_settings_read_the_environment(path: Path) -> None:
    assert attributes(path) & {"os.environ", "os.getenv"} == set()


@pytest.mark.parametrize(
    ("cache", "home"), [("st.cache_resource", "app/resources.py"), ("st.cache_data", "app/queries.py")]
)
def test_each_cache_has_one_home(cache: str, home: str) -> None:
    assert [name_of(path) for path in FILES if cache in attributes(path)] == [home]


@pytest.mark.parametrize("path", sorted((PROJECT / "pipelines" / "dags").rglob("*.py")), ids=name_of)
def test_airflow_needs_nothing_of_ours(path: Path) -> None:
    """Its environment has none of our packages."""
    allowed = {"airflow", *sys.stdlib_module_names}
    assert [name for name in imported(path) if name.split(".")[0] not in allowed] == []
