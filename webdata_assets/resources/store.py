"""The store as a Dagster resource."""

import dagster as dg
from pydantic import PrivateAttr

from webdata_assets.store import Store


class StoreResource(dg.ConfigurableResource["StoreResource"]):
    """Open the tables, ledger and payloads of a deployment."""

    root: str
    """A local folder, or an object store's URI."""

    _opened: Store | None = PrivateAttr(default=None)

    def open(self) -> Store:
        """Return the store, one for the whole run. Opening makes nothing and reads nothing."""
        if self._opened is None:
            self._opened = Store.open(self.root)
        return self._opened
