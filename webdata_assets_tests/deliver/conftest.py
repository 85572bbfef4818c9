"""A deployment with two admitted partitions, made once and copied for each test; a PostgreSQL server."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets_tests.deliver.delivering import LATER, Delivering
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
    with copied(published, tmp_path / "deployment") as found:
        yield found


@pytest.fixture(scope="session")
def published_before_a_page_was_lost(tmp_path_factory: pytest.TempPathFactory, published: Path) -> Path:
    """The folder of that deployment after it crawled one source again, of which a page is gone."""
    folder = tmp_path_factory.mktemp("lost") / "deployment"
    with copied(published, folder) as delivering:
        delivering.lose(0)
        delivering.crawl(LATER, "lamps")
    return folder


@pytest.fixture
def page_lost(tmp_path: Path, published_before_a_page_was_lost: Path) -> Iterator[Delivering]:
    """A deployment whose newest partition of lamps lacks page 0, which is not published yet."""
    with copied(published_before_a_page_was_lost, tmp_path / "deployment") as found:
        found.lose(0)
        yield found


@contextmanager
def copied(made: Path, folder: Path) -> Iterator[Delivering]:
    """Copy a deployment's folder, and give it a site of its own."""
    shutil.copytree(made, folder, symlinks=True)
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
