"""A deployment whose past the test writes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets.demo.server import DemoSite
from webdata_assets_tests.automation.history import History
from webdata_assets_tests.automation.loaded import LoadedOnce
from webdata_assets_tests.automation.trained import opened, train_once
from webdata_assets_tests.deployment import Deployment


@pytest.fixture
def history(deployment: Deployment) -> History:
    """A deployment with one source, `news`, and nothing in its store."""
    loaded_once = LoadedOnce(deployment.folder, deployment.instance, {})
    written = History(loaded_once, deployment.store)
    written.declare()
    return written


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Path:
    """The folder of a deployment with one admitted partition and a champion that was trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    train_once(folder, encoder_folder)
    return folder


@pytest.fixture
def learnt(
    tmp_path: Path, trained: Path, demo_site: DemoSite, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    """A copy of it, with its instance on disk, connected to the demo site."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    folder = tmp_path / "deployment"
    shutil.copytree(trained, folder, symlinks=True)
    with opened(folder) as deployment:
        deployment.connect_to = dict(demo_site.connect_to)
        yield deployment
