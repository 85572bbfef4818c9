"""What each layer takes in the store, and what the last maintenance did there."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class Storage(dy.Schema):
    """One table, or one folder beside the tables, after the last maintenance."""

    layer = dy.String(nullable=False)
    """A table's name, or a folder's: blobs, models, index, spool, delivered, reports."""
    files = dy.Int64(nullable=False, min=0)
    """Those that the present content is in."""
    bytes = dy.Int64(nullable=False, min=0)
    """Of those."""
    kept_bytes = dy.Int64(nullable=False, min=0)
    """Of everything else: versions that can be rolled back to, the log, writes at work."""
    monthly_cost = dy.Float64(nullable=False, min=0)
    """(bytes + kept_bytes) / 10⁹ × WEBDATA_STORAGE_PRICE."""
    version = dy.Int64(nullable=True, min=0)
    """The table's Delta version; null for folders, as are the following but `removed_files`."""
    log_files = dy.Int64(nullable=True, min=0)
    """Entries and checkpoints of the table's log."""
    compacted_partitions = dy.Int64(nullable=True, min=0)
    contested_partitions = dy.Int64(nullable=True, min=0)
    """Left to the next time, because somebody wrote there."""
    archived_partitions = dy.Int64(nullable=True, min=0)
    """Outside of the grid by age; they stay readable."""
    removed_files = dy.Int64(nullable=False, min=0)
    removed_bytes = dy.Int64(nullable=False, min=0)
    content_before = dy.String(nullable=True)
    """Hash of the partitions that were put together, before; null where none was."""
    content_after = dy.String(nullable=True)
    """Likewise, after."""
    maintained_at = columns.moment()


STORAGE = Table(
    name="storage",
    schema=Storage,
    description="Files, bytes and cost of each layer, and what the last maintenance did there.",
    key=("layer",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "content_unchanged"),
    unhashed=frozenset({"maintained_at"}),
    is_log=True,
)
