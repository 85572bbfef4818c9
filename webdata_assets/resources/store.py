"""The store as a Dagster resource."""

import os
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from webdata_assets.orchestration.orphans import end_with_run
from webdata_assets.store import Store
from webdata_assets.store.options import storage_options


class StoreResource(dg.ConfigurableResource["StoreResource"]):
    """Open the tables, ledger and payloads of a deployment."""

    root: str
    """A local folder, or an object store's URI."""
    cache: str = ""
    """A folder of this machine for copies of what lies in an object store; `.webdata/cache` if empty."""

    _opened: Store | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """See that nothing is written any more by a step whose run's process is gone."""
        end_with_run()

    def open(self) -> Store:
        """Return the store, one for the whole run. Opening makes nothing and reads nothing."""
        if self._opened is None:
            cache = Path(self.cache) if self.cache else None
            self._opened = Store.open(self.root, options=self.options(), cache=cache)
        return self._opened

    def options(self) -> dict[str, str]:
        """Return the options with which an object store is opened; what is missing the environment has."""
        return storage_options(self.root, os.environ)
