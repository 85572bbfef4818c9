"""Advisories from a folder: which of them are about what is locked, told without any network.

What belongs here: OSV's format (https://ossf.github.io/osv-schema/), in JSON as OSV exports it and in YAML as
the Python Packaging Advisory Database keeps it. What does not: asking a service (service.py).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


@dataclass(frozen=True, order=True)
class Finding:
    """One known vulnerability of one distribution."""

    name: str
    version: str
    advisory: str
    fixed: tuple[str, ...] = ()

    def __str__(self) -> str:
        remedy = f"fixed in {', '.join(self.fixed)}" if self.fixed else "no version is fixed"
        return f"{self.name} {self.version}: {self.advisory} ({remedy})"


def find(folder: Path, locked: Mapping[str, str]) -> list[Finding]:
    """Return what a folder of advisories says about versions.

    Args:
        folder: advisories, one a file, in folders as deep as you like.
        locked: name → version.

    Raises:
        ValueError: the folder holds no advisory, or a file is none.
    """
    found, read = set(), 0
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".json", ".yaml", ".yml"):
            read += 1
            found.update(_of_advisory(_load(file), locked))
    if not read:
        raise ValueError(f"{folder} holds no advisories")
    return sorted(found)


def _load(file: Path) -> dict[str, Any]:
    text = file.read_text()
    advisory = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    if not isinstance(advisory, dict) or "id" not in advisory:
        raise ValueError(f"{file} is no advisory")
    return advisory


def _of_advisory(advisory: dict[str, Any], locked: Mapping[str, str]) -> Iterator[Finding]:
    if advisory.get("withdrawn"):
        return
    for affected in advisory.get("affected", ()):
        package = affected.get("package", {})
        name = canonicalize_name(package.get("name", ""))
        if package.get("ecosystem") != "PyPI" or name not in locked:
            continue
        ranges = [each["events"] for each in affected.get("ranges", ()) if each.get("type") == "ECOSYSTEM"]
        version = Version(locked[name])
        listed = any(_same(each, version) for each in affected.get("versions", ()))
        if listed or any(is_in(version, events) for events in ranges):
            fixed = tuple(event["fixed"] for events in ranges for event in events if "fixed" in event)
            yield Finding(name, locked[name], advisory["id"], fixed)


def is_in(version: Version, events: list[dict[str, str]]) -> bool:
    """Return whether a version lies between an event that introduces a flaw and one that ends it."""
    inside = False
    # in order of version; at one version, what is introduced counts before what ends there
    for at, kind in sorted((_at(value), kind) for event in events for kind, value in event.items()):
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def _at(value: str) -> Version:
    # "0" is before every version, pre-releases of 0 included
    return Version("0.dev0") if value == "0" else Version(value)


def _same(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False
