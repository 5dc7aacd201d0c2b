"""The parent of the embedded PostgreSQL server: runs it for as long as any process uses it.

Two locked files say what is so, and the kernel drops a lock when its holders end, whatever ended them:
- `server.lock` is held exclusively by the guardian and, inherited, by the server and all its sessions: it is free when none of them lives.
- `users` is held shared by every user of the server: who obtains it exclusively is alone, and may shut the server down.

Run as a script, by its path, with nothing but the standard library:

    python postgres_guardian.py FOLDER USER_ID GROUP_ID COMMAND...

FOLDER holds the two files and receives `server.log`. USER_ID and GROUP_ID are what the server runs as, "-" for the same as the guardian.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import NoReturn


def main(folder: str, user_id: str, group_id: str, *command: str) -> NoReturn:
    """Start the server, shut it down when nobody uses it any more, and end with its exit status."""
    own = user_id == "-"
    running = (Path(folder) / "server.lock").open("rb")
    fcntl.flock(running, fcntl.LOCK_EX)
    with (Path(folder) / "server.log").open("ab") as log:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=None if own else int(user_id),
            group=None if own else int(group_id),
            extra_groups=None if own else [],
            pass_fds=[running.fileno()],
        )

    def shut_down(*_: object) -> None:
        server.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown: ends sessions, keeps every commit

    users = (Path(folder) / "users").open(
        "rb"
    )  # held until the guardian ends: nobody attaches to a server on its way out

    def wait_for_last_user() -> None:
        fcntl.flock(users, fcntl.LOCK_EX)
        shut_down()

    signal.signal(signal.SIGTERM, shut_down)
    threading.Thread(target=wait_for_last_user, daemon=True).start()
    status = server.wait()
    os._exit(abs(status))  # at once: the locks must not be free while this process is still seen


if __name__ == "__main__":
    main(*sys.argv[1:])
