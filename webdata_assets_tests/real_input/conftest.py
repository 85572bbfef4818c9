"""Deployments that several tests of a module read: crawling real pages once is dear enough."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets_tests.deployment import Deployment


@pytest.fixture(scope="module")
def shared_deployment(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Deployment]:
    """An empty deployment for all tests of a module."""
    folder = tmp_path_factory.mktemp("deployment")
    (folder / "home").mkdir()
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Deployment(folder, instance, {})
