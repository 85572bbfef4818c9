"""The files of `deploy/`, and how others read them.

What belongs here: reading. What does not: assertions.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.docs.commands import Command, problem_of
from webdata_assets_tests.docs.commands import _problem_of_click as problem_of_click

DEPLOY = REPOSITORY / "deploy"
ENVIRONMENTS = sorted((DEPLOY / "environments").glob("*.env"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
WORKFLOW = REPOSITORY / ".github" / "workflows" / "ci.yml"


class Unit(dict[str, dict[str, list[str]]]):
    """A unit file: section, key, values; a key that stands twice has two."""

    @classmethod
    def read(cls, path: Path) -> "Unit":
        unit, section = cls(), ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if header := re.fullmatch(r"\[(\w+)\]", line.strip()):
                section = header[1]
                unit.setdefault(section, {})
            elif line.strip() and not line.startswith(("#", ";")):
                key, separator, value = line.partition("=")
                assert separator and section, f"{path.name}: {line}"
                unit[section].setdefault(key, []).append(value)
        return unit

    def one(self, section: str, key: str) -> str:
        [value] = self[section][key]
        return value

    def commands(self) -> Iterator[list[str]]:
        """Yield what is executed, as words."""
        for key in ("ExecStartPre", "ExecStart"):
            for line in self["Service"].get(key, []):
                yield shlex.split(line.replace("%i", "crawl"))


def compose() -> dict[str, Any]:
    """Return compose.yaml, merged."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def values() -> dict[str, Any]:
    """Return the values of the chart."""
    return yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text(encoding="utf-8"))


def wrong_with(words: Sequence[str]) -> str | None:
    """Return what is wrong with a command of ours or of Dagster's, or None."""
    program, *rest = (_here(word) for word in words)
    if Path(program).name == "dagster-daemon":
        from dagster._daemon.cli import create_dagster_daemon_cli

        return problem_of_click(create_dagster_daemon_cli(), tuple(rest))
    return problem_of(Command((Path(program).name, *rest), ()))


def _here(word: str) -> str:
    """Return a path of the deployment as a path of this checkout."""
    places = {
        "/opt/webdata/deploy/": f"{DEPLOY}/",
        "/etc/webdata/workspace.yaml": f"{DEPLOY / 'compose' / 'etc' / 'workspace.yaml'}",
    }
    for there, here in places.items():
        word = word.replace(there, here)
    return word


def settings_of(path: Path) -> dict[str, str]:
    """Return a settings file as systemd and kubectl read it: what follows the first `=`, as it stands."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
