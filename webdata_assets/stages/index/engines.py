"""From an address to the index that lies there.

What belongs here: which engine an address means. What does not: any engine.
"""

from urllib.parse import urlsplit

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.index.index import ChunkIndex

_POSTGRES = ("postgresql://", "postgres://")


def open_index(uri: str) -> ChunkIndex:
    """Return the index at an address: PostgreSQL for `postgresql://…`, else LanceDB. Nothing is made yet.

    Args:
        uri: a PostgreSQL server's address, a folder, or an object store's address.

    Raises:
        PermanentError: the address holds a password, which would be shown wherever the address is.
    """
    if uri.startswith(_POSTGRES):
        from webdata_assets.stages.index.postgres import PostgresIndex

        if urlsplit(uri).password:
            raise PermanentError(
                "WEBDATA_INDEX holds a password, and would be shown in the UI: "
                "leave it out, and set PGPASSWORD or write a ~/.pgpass",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        return PostgresIndex(uri)
    from webdata_assets.stages.index.lance import LanceIndex

    return LanceIndex(uri)
