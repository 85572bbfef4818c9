"""The command line, ready to be called."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.settings import Settings
from webdata_assets_tests.cli.calling import Webdata, make_webdata


@pytest.fixture
def webdata(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    return make_webdata(tmp_path / "deployment", encoder_folder, monkeypatch)


@pytest.fixture
def history_in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands keep Dagster's history in memory: what sites do to a run is not a matter of its database."""
    with dg.DagsterInstance.ephemeral() as instance:

        @contextmanager
        def open_instance(_settings: Settings) -> Iterator[dg.DagsterInstance]:
            yield instance

        monkeypatch.setattr("webdata_assets.cli.instance.open_instance", open_instance)
        yield
