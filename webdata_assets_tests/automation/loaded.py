"""The code location of a deployment, loaded once for all tests whose files and settings are the same.

What belongs here: ticks of sensors over it, each with the resources of its own deployment. What does not:
runs, which load the code location anew.
"""

import functools
from dataclasses import dataclass, field
from typing import cast

import dagster as dg

from webdata_assets.cli.instance import tick
from webdata_assets.definitions import build_defs, build_resources
from webdata_assets.resources import ClockResource
from webdata_assets.settings import Settings
from webdata_assets_tests.deployment import Deployment


@dataclass(frozen=True)
class _Described:
    """All that a code location depends on but its folder; two that are equal are loaded once."""

    text: str
    settings: Settings = field(compare=False)


@dataclass(frozen=True)
class _Loaded:
    """A code location with the resources of one deployment: all that a tick asks of definitions."""

    location: dg.Definitions
    resources: dict[str, object]

    def get_repository_def(self) -> dg.RepositoryDefinition:
        return self.location.get_repository_def()


@functools.cache
def _load(described: _Described) -> dg.Definitions:
    return build_defs(settings=described.settings)


def location_of(deployment: Deployment) -> dg.Definitions:
    """Return the code location as it is declared now. Its resources may be those of another deployment."""
    settings = deployment.settings
    files = [settings.task, *sorted(settings.sources.glob("*")), *sorted(settings.patches.glob("*"))]
    described = [settings.model_dump_json().replace(str(deployment.folder), "")]
    described += [f"{file.name}: {file.read_text()}" for file in files if file.is_file()]
    return _load(_Described("\n".join(described), settings))


def resources_of(deployment: Deployment) -> dict[str, object]:
    """Return the resources of a deployment, with its clock."""
    return {**build_resources(deployment.settings), "clock": ClockResource(fixed=deployment.now)}


class LoadedOnce(Deployment):
    """A deployment whose sensors are evaluated without loading the code location anew."""

    def tick(self, sensor: str) -> dg.SensorResult:
        """Evaluate a sensor once."""
        loaded = _Loaded(location_of(self), resources_of(self))
        return tick(cast(dg.Definitions, loaded), self.instance, sensor)
