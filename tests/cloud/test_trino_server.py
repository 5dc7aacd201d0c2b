"""How Trino is installed and ended: whole or not at all, and for sure."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.settings import PROJECT
from tests.cloud.trino_server import make_once


def test_an_install_that_fails_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    place = tmp_path / "cache" / "thing"

    def half(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise KeyboardInterrupt

    def whole(folder: Path) -> None:
        folder.mkdir()
        (folder / "whole").touch()

    with pytest.raises(KeyboardInterrupt):
        make_once(place, half)
    assert not place.exists()
    make_once(place, whole)
    assert [file.name for file in place.iterdir()] == ["whole"]
    make_once(place, half)
    assert sorted(path.name for path in place.parent.iterdir()) == ["thing", "thing.lock"]


STARTER = """
import os, sys
from pathlib import Path
from tests.cloud.trino_server import guarded
place = sys.argv[1]
server = '''
import os, sys, time
with open(sys.argv[1] + ".part", "w") as file:
    file.write(str(os.getpid()))
os.rename(file.name, sys.argv[1])
time.sleep(600)
'''
guarded([sys.executable, "-c", server, place], dict(os.environ), Path(place + ".log"))
sys.stdin.read()
"""


def test_a_server_ends_with_whoever_started_it(tmp_path: Path) -> None:
    place = tmp_path / "pid"
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(place)], cwd=PROJECT, stdin=subprocess.PIPE)
    assert _within_a_minute(place.exists)
    server = int(place.read_text())
    assert not _ended(server)
    starter.kill()
    starter.wait()
    assert _within_a_minute(lambda: _ended(server))


def _within_a_minute(what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return what()


def _ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False
