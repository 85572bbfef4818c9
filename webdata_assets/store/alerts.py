"""The log of alerts: which causes are open, and which messages are still to be delivered.

What belongs here: reading and appending it. What does not: what causes an alert, and sending
(automation/alerts/).
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from webdata_assets.schemas.alerts import ALERTS
from webdata_assets.store.store import Store

COMPACT_EVERY = 50
"""Commits after which the log's small files are put together."""


def messages(store: Store) -> pl.DataFrame:
    """Return every message ever, once, as its newest row has it, oldest first; the table's columns."""
    return (
        store.tables.scan(ALERTS)
        .collect()
        .sort("written_at")
        .group_by("cause", "state", "at", maintain_order=True)
        .last()
        .select(list(ALERTS.polars_schema))
        .sort("at", "cause")
    )


def open_alerts(store: Store) -> pl.DataFrame:
    """Return the causes that are not over yet, oldest first; the table's columns."""
    return open_of(messages(store))


def open_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the open ones among `messages`: those whose newest message says that the cause began."""
    newest = rows.sort("at").group_by("cause", maintain_order=True).last()
    return newest.filter(state="raised").select(rows.columns).sort("at", "cause")


def record(store: Store, rows: Sequence[dict[str, Any]]) -> None:
    """Append rows of the table in one commit; nothing for none."""
    if not rows:
        return
    version = store.tables.append(ALERTS, pl.DataFrame(rows, schema=ALERTS.polars_schema))
    if version % COMPACT_EVERY == 0:
        store.tables.compact(ALERTS)
