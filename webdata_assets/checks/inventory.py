"""The partitions that are left failed, as the ledger has them now.

What belongs here: reading the ledger for the inventory. What does not: what counts as failed and how it is
recovered (stages/observe/failed_partitions.py).
"""

from webdata_assets.schemas import TABLES
from webdata_assets.stages.observe.failed_partitions import SAMPLE, FailedPartition, Inventory, take_inventory
from webdata_assets.store import Store

__all__ = ["FailedPartition", "Inventory", "failed_partitions"]


def failed_partitions(store: Store, cap: int = SAMPLE) -> Inventory:
    """Return how many partitions are left failed, exactly, and the newest `cap` of them with their recovery.

    A partition is left failed while a blocking check of one of its layers failed on the newest data, or never
    ran on data that was written more than an hour ago.
    """
    layers = {
        table.name: (store.ledger.states(table), store.ledger.all_newest_verdicts(table))
        for table in TABLES.values()
        if table.partitioned
    }
    return take_inventory(layers, store.ledger.now(), cap=cap)
