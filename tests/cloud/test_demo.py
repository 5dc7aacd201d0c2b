"""Starting the demo of the cloud, before anything is loaded."""

import socket

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
