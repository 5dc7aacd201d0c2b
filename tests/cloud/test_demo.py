"""Starting the demo of the cloud, before anything is loaded."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.cloud import demo


def test_a_port_that_is_taken_is_told_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "fill", lambda said: pytest.fail("the demo data were loaded"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr("sys.argv", ["demo", "--port", str(port)])
        with pytest.raises(SystemExit, match=f"^Port {port} cannot be had .*: stop what runs there, or say `--port`"):
            demo.main()
    demo.claim(port)  # free again


def test_what_is_printed_for_another_terminal_runs_the_jobs_on_the_same_lake(tmp_path: Path) -> None:
    said = demo.variables("http://127.0.0.1:5555", tmp_path / "a home")
    stand_in = tmp_path / ".venv" / "bin" / "python"
    stand_in.parent.mkdir(parents=True)
    stand_in.write_text('#!/bin/sh\necho "$TOUCHLINE_HOME $AWS_ENDPOINT_URL $@"\n', encoding="utf-8")
    stand_in.chmod(0o755)
    _, commands, _ = demo.next_run(said).split("\n\n")
    ran = subprocess.run(
        ["sh", "-c", commands], cwd=tmp_path, env={"PATH": os.defpath}, capture_output=True, text=True, check=True
    )
    verbs = [
        line.removeprefix(f"{tmp_path / 'a home'} http://127.0.0.1:5555 -m pipelines ")
        for line in ran.stdout.splitlines()
    ]
    assert verbs == ["curate mentions", "curate touchpoints", "curate conversions", "journeys", "refresh"]
