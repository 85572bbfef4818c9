"""Delivery: what each sink holds after the last merge."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

STATES = ("delivered", "failed", "contract_broken")


class Delivery(dy.Schema):
    """The state of one sink after a delivery. After one that failed, what it held before stands here."""

    sink = dy.String(nullable=False)
    """Its name, as its file gives it."""
    kind = dy.String(nullable=False)
    content = dy.String(nullable=False, check=lambda column: column.is_in(["records", "chunks"]))
    target = dy.String(nullable=False)
    """The sink's address, relative to the store where it lies there."""
    state = dy.String(nullable=False, check=lambda column: column.is_in(STATES))
    """How the last delivery ended. Whatever it was, readers of the sink see a whole state."""
    error = dy.String(nullable=True)
    """Why it was not delivered."""
    failure_domain = dy.String(nullable=True)
    """Whose fault that is."""
    rows = dy.Int64(nullable=True, min=0)
    """That the sink holds; null, as what follows, before its first delivery."""
    content_hash = columns.blake3_hash(nullable=True)
    """Of the rows in the sink, read back."""
    source_hash = columns.blake3_hash(nullable=True)
    """Of the rows that should be there."""
    corpus_version = columns.blake3_hash(nullable=True)
    model_version = dy.String(nullable=True)
    """Of the champion whose predictions were delivered; null while there is none."""
    sequence = dy.Int64(nullable=True, min=0)
    """Of the delivery that brought this content: it grows with what was written to the tables above."""
    offset = dy.Int64(nullable=True, min=0)
    """Added to this store's own sequence since the sink was taken over from another store."""
    inserted = dy.Int64(nullable=False, min=0)
    updated = dy.Int64(nullable=False, min=0)
    deleted = dy.Int64(nullable=False, min=0)
    run_id = dy.String(nullable=False)
    """Of the run that tried last."""
    delivered_at = columns.moment(nullable=True)
    """When the sink was last brought to the state wanted, or found in it."""


DELIVERY = Table(
    name="delivery",
    schema=Delivery,
    description="What each sink holds after the last merge, and that it equals what was sent.",
    key=("sink",),
    partitioned=False,
    blocking_checks=(
        "schema",
        "unique_keys",
        "delivered",
        "contract",
        "same_content",
        "row_count",
        "idempotent",
        "lag",
    ),
    unhashed=frozenset(
        {"error", "sequence", "offset", "inserted", "updated", "deleted", "run_id", "delivered_at"}
    ),
)
