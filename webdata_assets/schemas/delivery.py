"""Delivery: what each sink holds after the last merge."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class Delivery(dy.Schema):
    """The state of one sink after a delivery."""

    sink = dy.String(nullable=False)
    target = dy.String(nullable=False)
    """The sink's address, relative to the store where it lies there."""
    rows = dy.Int64(nullable=False, min=0)
    content_hash = columns.blake3_hash()
    """Of the rows in the sink, read back."""
    source_hash = columns.blake3_hash()
    """Of the rows that should be there."""
    corpus_version = columns.blake3_hash()
    model_version = dy.String(nullable=True)
    """Of the champion whose predictions were delivered; null while there is none."""
    inserted = dy.Int64(nullable=False, min=0)
    updated = dy.Int64(nullable=False, min=0)
    deleted = dy.Int64(nullable=False, min=0)
    run_id = dy.String(nullable=False)
    delivered_at = columns.moment()


DELIVERY = Table(
    name="delivery",
    schema=Delivery,
    description="What each sink holds after the last merge, and that it equals what was sent.",
    key=("sink",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "same_content", "row_count", "idempotent", "lag"),
    unhashed=frozenset({"inserted", "updated", "deleted", "run_id", "delivered_at"}),
)
