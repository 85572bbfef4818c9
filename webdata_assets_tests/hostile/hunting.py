"""A deployment that is searched for the secrets that it was given.

What belongs here: planting them, running commands, and all that was said. What does not: reading the places
where they may stand (canaries.py), and assertions.
"""

import contextlib
import datetime as dt
import os
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from webdata_assets.cli.main import app
from webdata_assets_tests.hostile.canaries import Canary

DATE = dt.datetime.now(dt.UTC).date().isoformat()


class Hunt:
    """A deployment with a canary in the place of every secret, and all that it said."""

    def __init__(self, folder: Path, encoders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.canaries: list[Canary] = []
        self.said: list[tuple[str, bytes]] = []
        self._monkeypatch = monkeypatch
        for name in ("home", "sources", "sinks"):
            (folder / name).mkdir(parents=True)
        (folder / "home" / "encoders").symlink_to(encoders)
        for name in ("store", "home", "sources", "sinks"):
            monkeypatch.setenv(f"WEBDATA_{name.upper()}", str(folder / name))
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        monkeypatch.chdir(folder)

    def secret(self, name: str, value: str = "{}", *, awkward: bool = False) -> str:
        """Set a variable to a canary, as the whole of it or as a part; return the variable's name."""
        canary = Canary.of(name, awkward=awkward)
        self.canaries.append(canary)
        self._monkeypatch.setenv(name, value.replace("{}", canary.value))
        return name

    def set(self, name: str, value: str) -> None:
        """Set a variable that is no secret."""
        self._monkeypatch.setenv(name, value)

    def __call__(self, *arguments: str) -> int:
        """Run a command, and keep what it says: its output, and a bug's traceback."""
        result = CliRunner().invoke(app, arguments)
        command = f"webdata {' '.join(arguments)}"
        self.said.append((f"{command}: stdout", result.stdout.encode()))
        self.said.append((f"{command}: stderr", result.stderr.encode()))
        if result.exc_info is not None:
            trace = "".join(traceback.format_exception(*result.exc_info))
            self.said.append((f"{command}: traceback", trace.encode()))
        return result.exit_code


def declare(hunt: Hunt, name: str, fetch: dict[str, Any]) -> None:
    plain = {"requests_per_second": 1000, "max_attempts": 1, "timeout_seconds": 3, "retry_budget": 0}
    source = {
        "name": name, "description": "A test", "start": DATE, "end": DATE, "allow_private": True,
        "fetch": plain | fetch, "extract": {"kind": "document"},
    }  # fmt: skip
    (hunt.folder / "sources" / f"{name}.yaml").write_text(yaml.safe_dump(source))


@contextlib.contextmanager
def processes_watched() -> Iterator[set[bytes]]:
    """Collect the command lines of all processes that this one starts."""
    seen: set[bytes] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
                    if int(parent) == os.getpid():
                        seen.add((process / "cmdline").read_bytes())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
