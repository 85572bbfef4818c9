"""Which partitions need repair: one repair for each, of all the causes that are found.

What belongs here: which cause counts. What does not: finding them (causes.py), what is done about them
(rules.py), and whether it may be done now (budget.py).
"""

import datetime as dt

from webdata_assets.automation.causes import Look, Repair
from webdata_assets.partitions import Partition
from webdata_assets.sources.registry import Registry
from webdata_assets.store import Store
from webdata_assets.store.ledger_snapshot import LedgerSnapshot


def plan_repairs(store: Store, registry: Registry, now: dt.datetime, model_id: str | None) -> list[Repair]:
    """Return at most one repair per partition, that of its earliest layer, in order of partition.

    Args:
        store: what is stored, with its ledger.
        registry: the declared sources.
        now: the moment of the look, in UTC.
        model_id: of the encoder in use; partitions with vectors of another are embedded again. None where it
            is not known.
    """
    look = Look(store, LedgerSnapshot.read(store.tables), registry, now)
    found: dict[Partition, Repair] = {}
    for repair in (
        *look.missing(),
        *look.stale(),
        *look.failed(),
        *look.paused(),
        *look.interrupted(),
        *look.behind(),
        *look.of_another_model(model_id),
    ):
        found.setdefault(repair.partition, repair)
    return [found[partition] for partition in sorted(found)]
