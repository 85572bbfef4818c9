"""Which distributions run where we run, and which only help to develop.

What belongs here: following requirements from pyproject.toml. What does not: whether a licence fits
(licences.py).
"""

import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
DEVELOPMENT = {"benchmark", "dev", "fuzz", "oracles", "supply"}
"""Extras that nobody needs to run us. `transformers` is in no lock: it is installed by who wants it."""


def runtime(installed: Mapping[str, Distribution], pyproject: str) -> set[str]:
    """Return the canonical names of what is installed for us to run, our extras for users included.

    Args:
        installed: by canonical name.
        pyproject: our own, as text.
    """
    project = tomllib.loads(pyproject)["project"]
    extras = project["optional-dependencies"]
    asked = [
        *project["dependencies"],
        *(each for name in extras.keys() - DEVELOPMENT for each in extras[name]),
    ]
    return _reached(installed, asked)


def _reached(installed: Mapping[str, Distribution], asked: Iterable[str]) -> set[str]:
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(line) for line in asked]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in installed:
            continue
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            lines = (Requirement(line) for line in installed[name].requires or ())
            waiting += [
                each for each in lines if each.marker is None or each.marker.evaluate({"extra": extra})
            ]
    return {name for name, _ in seen}
