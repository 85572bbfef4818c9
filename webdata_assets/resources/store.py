"""The store as a Dagster resource."""

import os

import dagster as dg
from pydantic import PrivateAttr

from webdata_assets.store import Store
from webdata_assets.store.options import storage_options


class StoreResource(dg.ConfigurableResource["StoreResource"]):
    """Open the tables, ledger and payloads of a deployment."""

    root: str
    """A local folder, or an object store's URI."""

    _opened: Store | None = PrivateAttr(default=None)

    def open(self) -> Store:
        """Return the store, one for the whole run. Opening makes nothing and reads nothing."""
        if self._opened is None:
            self._opened = Store.open(self.root, options=self.options())
        return self._opened

    def options(self) -> dict[str, str]:
        """Return the options with which an object store is opened; what is missing the environment has."""
        return storage_options(self.root, os.environ)
