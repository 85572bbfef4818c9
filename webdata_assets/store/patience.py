"""How long the clients of tables wait for a store that is away: as long as everything else does.

What belongs here: opening and scanning Delta tables so. What does not: the tables (tables.py), and other
objects, which wait by themselves (stages/objects.py).
"""

from typing import Any

import polars as pl
from deltalake import DeltaTable

from webdata_assets.stages.objects import MAX_BACKOFF_SECONDS, RETRIES, RETRY_SECONDS
from webdata_assets.store.location import Location

_OF_DELTA = {
    "max_retries": str(RETRIES),
    "retry_timeout": f"{RETRY_SECONDS}s",
    "backoff_config.max_backoff": f"{MAX_BACKOFF_SECONDS}s",
}
_OF_POLARS: dict[str, Any] = {
    "max_retries": RETRIES,
    "retry_timeout_ms": RETRY_SECONDS * 1_000,
    "retry_max_backoff_ms": MAX_BACKOFF_SECONDS * 1_000,
}
"""Another reader, other names, and numbers in place of text."""


def patient_options(location: Location) -> dict[str, str]:
    """Return the options with which the Delta tables of a store are opened; none for a folder."""
    return {} if location.is_local else {**location.options, **_OF_DELTA}


def scan_patiently(delta: DeltaTable) -> pl.LazyFrame:
    """Return the rows of a table that was opened with `patient_options`."""
    is_local = delta.table_uri.startswith(("/", "file:"))
    return pl.scan_delta(delta) if is_local else pl.scan_delta(delta, storage_options=_OF_POLARS)
