"""A deployment whose settings are in a file, and a database for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets_tests.deploying.checking import Checked
from webdata_assets_tests.servers.postgres import PostgresServer, postgres_server


@pytest.fixture
def checked(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Checked:
    return Checked.make(tmp_path / "deployment", encoder_folder, monkeypatch)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server
