"""The outbox of delivery events: which are known, and to whom they still are to be told.

What belongs here: reading and appending it. What does not: which deliveries are verified
(checks/sink_verdicts.py), and telling (automation/delivery_events.py).
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from webdata_assets.schemas.delivery_events import DELIVERY_EVENTS
from webdata_assets.store.store import Store

COMPACT_EVERY = 50
"""Commits after which the log's small files are put together."""


def delivery_events(store: Store) -> pl.DataFrame:
    """Return every event once, as its newest row has it, oldest first; the table's columns."""
    return (
        store.tables.scan(DELIVERY_EVENTS)
        .collect()
        .sort("written_at")
        .group_by("event_id", maintain_order=True)
        .last()
        .select(list(DELIVERY_EVENTS.polars_schema))
        .sort("at", "sink")
    )


def record_events(store: Store, rows: Sequence[dict[str, Any]]) -> None:
    """Append rows of the table in one commit; nothing for none."""
    if not rows:
        return
    version = store.tables.append(DELIVERY_EVENTS, pl.DataFrame(rows, schema=DELIVERY_EVENTS.polars_schema))
    if version % COMPACT_EVERY == 0:
        store.tables.compact(DELIVERY_EVENTS)
