"""The store as a Dagster resource."""

import dagster as dg

from webdata_assets.store import Store


class StoreResource(dg.ConfigurableResource["StoreResource"]):
    """Open the tables, ledger and payloads of a deployment."""

    root: str
    """A local folder, or an object store's URI."""

    def open(self) -> Store:
        """Return the store. Opening makes nothing and reads nothing."""
        return Store.open(self.root)
