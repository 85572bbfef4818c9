"""`webdata` in this process, with a store and settings of its own.

What belongs here: calling a command and taking what it says. What does not: assertions.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from webdata_assets.cli.main import app


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    exit_code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Return standard output read as JSON."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Webdata:
    """The command line of one deployment, set by WEBDATA_* variables alone."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def sources(self) -> Path:
        return self.folder / "sources"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "WEBDATA_STORE": str(self.store),
            "WEBDATA_SOURCES": str(self.sources),
            "WEBDATA_HOME": str(self.folder / "home"),
        }

    def __call__(self, *arguments: str) -> Said:
        """Run a command. A bug's traceback fails the test."""
        for name, value in self.environment.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.delenv("DAGSTER_HOME", raising=False)
        self.monkeypatch.chdir(self.folder)  # where no .env lies
        result = CliRunner().invoke(app, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)


def make_webdata(folder: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    """Return the command line of an empty deployment in a folder."""
    (folder / "home").mkdir(parents=True)
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    (folder / "sources").mkdir()
    return Webdata(folder, monkeypatch)
