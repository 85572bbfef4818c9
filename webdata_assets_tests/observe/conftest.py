"""Facts of a small store, gathered once."""

from pathlib import Path

import pytest

from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.store import Store
from webdata_assets.store.report_facts import gather
from webdata_assets_tests.observe.synthetic import NOW, cells, fill, names, registry
from webdata_assets_tests.observe.synthetic_tables import fill_tables, propose, raise_alerts

SOURCES = 6


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Six sources over thirty days, one of which has lost its prices, and every table around them."""
    store = Store.open(str(tmp_path_factory.mktemp("report")), now=lambda: NOW)
    fill(store, cells(SOURCES, 30))
    fill_tables(store)
    raise_alerts(store, "completeness of shop_05 failed")
    propose(store, registry(names(SOURCES)), "shop_05")
    return store


@pytest.fixture(scope="session")
def facts(filled: Store) -> Facts:
    return gather(filled, registry(names(SOURCES)), NOW)


@pytest.fixture
def nothing(tmp_path: Path) -> Facts:
    """Facts of a store in which nothing was ever written."""
    return gather(Store.open(str(tmp_path / "empty"), now=lambda: NOW), registry(names(2)), NOW)
