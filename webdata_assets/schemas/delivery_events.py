"""Delivery events: which verified deliveries were announced, and to whom they still are to be."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class DeliveryEvents(dy.Schema):
    """One delivery of one sink that has passed its checks, as it is announced."""

    event_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    """Of sink, content hash and sequence: the same however often it is sent."""
    sink = dy.String(nullable=False)
    kind = dy.String(nullable=False)
    content = dy.String(nullable=False)
    target = dy.String(nullable=False)
    rows = dy.Int64(nullable=False, min=0)
    content_hash = columns.blake3_hash()
    sequence = dy.Int64(nullable=False, min=0)
    run_id = dy.String(nullable=False)
    """Of the run after which it was announced."""
    delivered_at = columns.moment()
    pending = dy.List(dy.Int16(nullable=False, min=1), nullable=False)
    """Places in the sink file's `announce`, from 1, of those that have not been told yet."""
    at = columns.moment()
    """When the delivery was seen to be verified."""
    written_at = columns.moment()
    """Of the row. One is written after each telling; the newest counts."""


DELIVERY_EVENTS = Table(
    name="delivery_events",
    schema=DeliveryEvents,
    description="Verified deliveries and who was told of them: the outbox of events.",
    key=("event_id", "written_at"),
    partitioned=False,
    is_log=True,
)
