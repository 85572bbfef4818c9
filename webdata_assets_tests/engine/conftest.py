"""One Dask scheduler with two workers, for all tests that leave them alive."""

from collections.abc import Iterator

import pytest

from webdata_assets.stages.engine.dask import DaskEngine
from webdata_assets_tests.servers.dask import DaskServers


@pytest.fixture(scope="package")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskServers]:
    """Servers whose workers keep encoders in a home of their own."""
    with DaskServers(tmp_path_factory.mktemp("dask")) as servers:
        servers.add_workers(2)
        yield servers


@pytest.fixture
def engine(dask: DaskServers) -> Iterator[DaskEngine]:
    """A connection to them."""
    engine = DaskEngine(dask.address)
    yield engine
    engine.close()
