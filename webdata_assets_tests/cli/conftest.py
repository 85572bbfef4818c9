"""The command line, ready to be called."""

from pathlib import Path

import pytest

from webdata_assets_tests.cli.calling import Webdata, make_webdata
from webdata_assets_tests.deliver.conftest import published

__all__ = ["published"]


@pytest.fixture
def webdata(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    return make_webdata(tmp_path / "deployment", encoder_folder, monkeypatch)
