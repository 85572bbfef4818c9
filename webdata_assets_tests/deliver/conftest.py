"""A deployment with two admitted partitions, made once and copied for each test; a PostgreSQL server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets_tests.deliver.delivering import Delivering
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.servers.postgres import fresh_database, running_server
from webdata_assets_tests.site.server import FaultServer


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Path:
    """The folder of a deployment that has crawled both sources and published."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "home").mkdir()
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    with FaultServer() as site, dg.DagsterInstance.ephemeral() as instance:
        delivering = Delivering(Deployment(folder, instance, {}), site)
        delivering.prepare()
        delivering.crawl()
        assert delivering.publish().success
    return folder


@pytest.fixture
def delivering(tmp_path: Path, published: Path) -> Iterator[Delivering]:
    """A copy of that deployment, with a site of its own."""
    folder = tmp_path / "deployment"
    shutil.copytree(published, folder, symlinks=True)
    with FaultServer() as site, dg.DagsterInstance.ephemeral() as instance:
        found = Delivering(Deployment(folder, instance, {}), site)
        found.prepare()
        yield found


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with running_server() as address:
        yield address


@pytest.fixture
def warehouse(_postgres: str) -> Iterator[str]:
    """The address of an empty database with pgvector."""
    with fresh_database(_postgres, "warehouse") as address:
        yield address
