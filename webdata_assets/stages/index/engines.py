"""From an address to the index that lies there.

What belongs here: which engine an address means. What does not: any engine.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.index.index import ChunkIndex

_POSTGRES = ("postgresql://", "postgres://")
_SECRETS = frozenset({"password", "sslpassword"})


def open_index(uri: str, options: Mapping[str, str] | None = None) -> ChunkIndex:
    """Return the index at an address: PostgreSQL for `postgresql://…`, else LanceDB. Nothing is made yet.

    Args:
        uri: a PostgreSQL server's address, a folder, or an object store's address.
        options: of the object store; what is missing comes from the environment.

    Raises:
        PermanentError: the address holds a password, which would be shown wherever the address is.
    """
    if uri.startswith(_POSTGRES):
        from webdata_assets.stages.index.postgres import PostgresIndex

        if _holds_password(uri):
            raise PermanentError(
                "WEBDATA_INDEX holds a password, and would be shown in the UI: "
                "leave it out, and set PGPASSWORD or write a ~/.pgpass",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        return PostgresIndex(uri)
    from webdata_assets.stages.index.lance import LanceIndex

    return LanceIndex(uri, options=options)


def _holds_password(uri: str) -> bool:
    """Tell whether a server's address names a password, before the host or among the parameters.

    Not urlsplit: a password may hold a slash or a question mark, behind which that sees no host any more.
    """
    rest = uri.partition("://")[2]
    address, _, parameters = rest.partition("?")
    users = [part.rpartition("@")[0] for part in (address, rest.partition("/")[0])]
    names = {name for name, _ in parse_qsl(parameters, keep_blank_values=True)}
    return any(user.partition(":")[2] for user in users) or not _SECRETS.isdisjoint(names)
