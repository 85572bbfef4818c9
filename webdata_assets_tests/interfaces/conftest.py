"""The store that readers read, and the environment that names it."""

import shutil
from pathlib import Path

import pytest

from webdata_assets.store import Store
from webdata_assets_tests.interfaces.stored import make_store


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that is only ever copied."""
    folder = tmp_path_factory.mktemp("made") / "store"
    make_store(folder)
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store of the environment, in a folder where no .env lies."""
    shutil.copytree(made, tmp_path / "store")
    monkeypatch.setenv("WEBDATA_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    return Store.open(str(tmp_path / "store"))


@pytest.fixture
def other(made: Path, tmp_path: Path, store: Store) -> Store:
    """A second store of equal content, beside the first."""
    shutil.copytree(made, tmp_path / "other")
    return Store.open(str(tmp_path / "other"))
