"""How LanceDB's client is told of an object store, and to wait for one that is away.

What belongs here: options of its connections. What does not: opening them (lance.py, deliver/lance.py).
"""

from collections.abc import Mapping

from webdata_assets.stages.objects import RETRIES, RETRY_SECONDS

_ROUNDS = 6
"""In which it begins anew by itself when its tries are over."""


def connection_options(uri: str, options: Mapping[str, str]) -> dict[str, str] | None:
    """Return the options of a connection that waits out as long an outage as other clients do."""
    if "://" not in uri or uri.startswith("file:"):
        return dict(options) or None
    patience = {"client_max_retries": str(RETRIES), "client_retry_timeout": str(RETRY_SECONDS // _ROUNDS)}
    return {**options, **patience}
