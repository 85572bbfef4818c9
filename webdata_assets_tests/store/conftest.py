"""An empty store."""

from pathlib import Path

import pytest

from webdata_assets.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"))
