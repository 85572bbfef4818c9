"""The small graph of the IO manager's tests, and an empty store."""

from webdata_assets_tests.io_managers.conftest import graph
from webdata_assets_tests.store.conftest import store

__all__ = ["graph", "store"]
