"""The searchable index as a Dagster resource."""

from typing import TYPE_CHECKING

import dagster as dg

from webdata_assets.resources.store import StoreResource

if TYPE_CHECKING:
    from webdata_assets.stages.index.index import ChunkIndex


class IndexResource(dg.ConfigurableResource["IndexResource"]):
    """Open the index of a deployment: LanceDB, or PostgreSQL with pgvector."""

    uri: str
    """A folder, an object store's address, or `postgresql://…` without a password; in the store if empty."""
    store: dg.ResourceDependency[StoreResource]
    """Has the options of the object store."""

    def open(self) -> "ChunkIndex":
        """Return the index. Opening makes nothing; raises PermanentError for an address with a password."""
        return self.store.open().index(self.uri)
