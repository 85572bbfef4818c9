"""The small graph on an empty store."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.settings import Settings
from webdata_assets_tests.io_managers.graph import SOURCE_FILE, Graph


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    sources = tmp_path / "sources"
    sources.mkdir()
    for name in ("blog", "shop"):
        (sources / f"{name}.yaml").write_text(SOURCE_FILE.format(name=name))
    settings = Settings(store=str(tmp_path / "store"), sources=sources, home=tmp_path / "home")
    with dg.DagsterInstance.ephemeral() as instance:
        yield Graph(settings, instance)
