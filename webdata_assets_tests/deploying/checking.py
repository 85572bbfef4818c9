"""`webdata settings check` over files in a folder of its own.

What belongs here: writing such files and calling the command. What does not: assertions.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets_tests.cli.calling import Said, Webdata


@dataclass(frozen=True)
class Checked:
    """One folder with source files, an encoder, and settings files."""

    folder: Path
    webdata: Webdata

    @classmethod
    def make(cls, folder: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> "Checked":
        (folder / "home").mkdir(parents=True)
        (folder / "home" / "encoders").symlink_to(encoder_folder)
        (folder / "sources").mkdir()
        shutil.copy(PACKAGED_SOURCES / "demo_blog.yaml", folder / "sources")
        # a command that is started elsewhere, with an environment of its own
        (folder / "elsewhere").mkdir()
        return cls(folder, Webdata(folder / "elsewhere", monkeypatch))

    @property
    def values(self) -> dict[str, str]:
        """The variables of a deployment that is well."""
        return {
            "WEBDATA_HOME": str(self.folder / "home"),
            "WEBDATA_STORE": str(self.folder / "store"),
            "WEBDATA_SOURCES": str(self.folder / "sources"),
        }

    def write(self, name: str = "one.env", **more: str) -> Path:
        """Write a settings file with the variables of a deployment that is well, and others."""
        return self.write_text(
            "".join(f"{key}={value}\n" for key, value in {**self.values, **more}.items()), name
        )

    def write_text(self, text: str, name: str = "one.env") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def __call__(self, *arguments: str | Path) -> Said:
        """Check; the files' own folder is left out of what is said."""
        said = self.webdata("settings", "check", *map(str, arguments))
        return Said(said.exit_code, said.stdout.replace(f"{self.folder}/", ""), said.stderr)

    def findings(self, *arguments: str | Path) -> dict[str, tuple[str, str]]:
        """Return state and words for each thing that was looked at."""
        [report] = self("--json", *arguments).json()
        return {each["what"]: (each["state"], each["told"]) for each in report["findings"]}

    def problems(self, *arguments: str | Path) -> list[dict[str, Any]]:
        """Return what is wrong with the names and values of one file."""
        [report] = self("--json", "--offline", *arguments).json()
        return report["problems"]
