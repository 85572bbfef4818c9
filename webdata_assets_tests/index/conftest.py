"""The real encoder, where its weights can be had, and an index of each engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder
from webdata_assets.stages.index.engines import open_index
from webdata_assets.stages.index.index import ChunkIndex
from webdata_assets_tests.embed.tiny import real_encoder_or_skip
from webdata_assets_tests.servers.postgres import fresh_database, running_server


@pytest.fixture(scope="session")
def encoder() -> OnnxEncoder:
    return real_encoder_or_skip()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running_server() as address:
        yield address


@pytest.fixture(params=["lance", "postgres"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChunkIndex]:
    """An empty index of each engine; what needs one of them has a fixture of its own."""
    if request.param == "lance":
        yield open_index(str(tmp_path / "index"))
        return
    with fresh_database(request.getfixturevalue("server"), "conformance") as url:
        yield open_index(url)
