"""A deployment with delivered pages, good and bad, behind a webserver that launches runs at once."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
import pytest

from webdata_assets.store import Store
from webdata_assets_tests.deployment import REPOSITORY, Deployment
from webdata_assets_tests.ui.webserver import serving

EXAMPLES = REPOSITORY / "docs" / "examples"
TODAY = dt.datetime.now(dt.UTC).date()
GOOD, BAD = "good", "bad"
TEXT = "The tram line to the harbour opens in spring, and its stations were built by hand. " * 12


@dataclass(frozen=True)
class Called:
    """A webserver over a deployment."""

    host: str
    port: int
    store: Store

    @property
    def environment(self) -> dict[str, str]:
        """What the examples of the docs need to find it."""
        return {"DAGSTER_HOST": self.host, "DAGSTER_PORT": str(self.port), "WEBDATA_DATE": str(TODAY)}


def _deliver(deployment: Deployment, name: str, title: str) -> None:
    folder = deployment.folder / name
    folder.mkdir()
    for number in range(4):
        head = f"<!doctype html><html lang=en><title>{title}</title>"
        page = f"{head}<body><article><p>{number} {TEXT}</p></article>"
        (folder / f"{number}.html").write_text(page)
    deployment.write_source(
        {
            "name": name,
            "description": "Delivered by others",
            "start": str(TODAY),
            "fetch": {
                "via": "files",
                "discover": [{"by": "files", "path": str(folder), "base_url": f"https://{name}.test/"}],
            },
            "extract": {"kind": "article"},
            "expect": {"completeness": {"title": 1.0}},
        },
        f"{name}.yaml",
    )


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Called]:
    folder = tmp_path_factory.mktemp("called")
    (folder / "home" / "dagster").mkdir(parents=True)
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    # without a queue: no daemon is needed
    (folder / "home" / "dagster" / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\n"
        "run_coordinator: {module: dagster.core.run_coordinator, class: DefaultRunCoordinator}\n"
    )
    with dg.DagsterInstance.ephemeral() as instance:
        deployment = Deployment(folder, instance, {})
        _deliver(deployment, GOOD, "A tram line")
        _deliver(deployment, BAD, "")
        settings = deployment.settings
        environment = {
            "DAGSTER_HOME": str(folder / "home" / "dagster"),
            "WEBDATA_STORE": settings.store,
            "WEBDATA_SOURCES": str(settings.sources),
            "WEBDATA_HOME": str(settings.home),
        }
        with serving(environment, folder) as url:
            parts = urlsplit(url)
            yield Called(parts.hostname or "", parts.port or 0, deployment.store)
