"""The command line, ready to be called."""

from pathlib import Path

import pytest

from webdata_assets_tests.cli.calling import Webdata, make_webdata


@pytest.fixture
def webdata(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    return make_webdata(tmp_path / "deployment", encoder_folder, monkeypatch)
