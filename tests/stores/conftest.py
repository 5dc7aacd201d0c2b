"""What tests of the stores share."""

import threading
from collections.abc import Callable

import pytest


@pytest.fixture
def join() -> Callable[[str], None]:
    """Wait for the thread of an upload that was begun."""

    def join(upload_id: str) -> None:
        for thread in threading.enumerate():
            if thread.name == f"commit {upload_id}":
                thread.join()

    return join
