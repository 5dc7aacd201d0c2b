"""The dashboard over a lake in the cloud, with the demo data and all of it on this machine: AWS is answered on loopback.

    python -m tests.cloud.demo [--port 8501] [--engine duckdb|trino]

Everything goes the way it goes in an account: the bucket, the catalogue and the workgroup are provisioned, the files land under raw/, the jobs
run (on this machine's Spark), and the dashboard asks through PyAthena. Nothing is kept: the next start begins anew.
"""

import argparse
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pipelines.settings import PROJECT
from tests.cloud.endpoint import ENGINES, Endpoint, environment

LAKE_URL = "s3://touchline-demo/lake"
STEPS = (
    ("provision",),
    ("demo",),
    ("curate", "mentions"),
    ("curate", "touchpoints"),
    ("curate", "conversions"),
    ("journeys",),
    ("refresh",),
)
"""The verbs of the command line that bring a lake in the cloud from nothing to the demo data."""


def variables(url: str, home: Path) -> dict[str, str]:
    """The environment of a home whose lake lies at the local end point."""
    return {
        **environment(url),
        "TOUCHLINE_HOME": str(home),
        "TOUCHLINE_LAKE": "athena",
        "TOUCHLINE_LAKE_URL": LAKE_URL,
        "TOUCHLINE_JOBS": "local",
        "TOUCHLINE_USER": "demo",
    }


def fill(said: Mapping[str, str]) -> None:
    """Take every step. Raises CalledProcessError where one fails; what it said stands on standard error."""
    for step in STEPS:
        print(f"Touchline in the cloud: {' '.join(step)}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "pipelines", *step], cwd=PROJECT, env={**os.environ, **said}, check=True)


def next_run(said: Mapping[str, str]) -> str:
    """What to type in another terminal: the environment, and the verbs that run the jobs."""
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in said.items())
    verbs = [" ".join(step) for step in STEPS if step not in (("provision",), ("demo",))]
    run = " &&\n  ".join(f".venv/bin/python -m pipelines {verb}" for verb in verbs)
    return f"""What you drop on Upload shows after the next run, which here only you can make. In another terminal, in the project's folder:

{exports}
{run}

`ask` and `provision --check` answer there as well; `maintain` does not: nothing here compacts as Athena does."""


def claim(port: int) -> None:
    """End here, with a sentence, where something else answers at the port: the dashboard would find that out minutes later."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as problem:
        sys.exit(
            f"Port {port} cannot be had ({problem.strerror}): stop what runs there, or say `--port` (make: `PORT=`)."
        )


def main() -> None:
    """Fill the lake and show the dashboard until interrupted."""
    parser = argparse.ArgumentParser(description="The dashboard over a local stand-in for AWS.")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--engine", choices=sorted(ENGINES), default="duckdb")
    given = parser.parse_args()
    claim(given.port)
    with tempfile.TemporaryDirectory() as folder, Endpoint(given.engine) as endpoint, suppress(KeyboardInterrupt):
        said = variables(endpoint.url, Path(folder) / "home")
        fill(said)
        print(f"{next_run(said)}\n\nTouchline: http://localhost:{given.port}", flush=True)
        streamlit = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(given.port)]
        loopback = ["--server.address", "127.0.0.1", "--server.headless", "true", "--browser.gatherUsageStats", "false"]
        subprocess.run([*streamlit, *loopback], cwd=PROJECT, env={**os.environ, **said}, check=True)


if __name__ == "__main__":
    main()
