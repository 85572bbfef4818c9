"""Which partitions need repair: one repair for each, of all the causes that are found.

What belongs here: which cause counts. What does not: finding them (causes.py), what is done about them
(rules.py), and whether it may be done now (budget.py).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from webdata_assets.automation.causes import MADE_FROM, Look, Repair
from webdata_assets.partitions import Partition
from webdata_assets.sources.registry import Registry
from webdata_assets.store import Store
from webdata_assets.store.ledger_snapshot import LedgerSnapshot

_ABOVE = {
    "pages": "frontier",
    "dead_letters": "pages",
    "quarantine": "records",
    **{below: upstream for upstream, below in MADE_FROM},
}
"""Layer → the one that it is made from, or written with."""


def plan_repairs(
    store: Store,
    registry: Registry,
    now: dt.datetime,
    model_id: str | None,
    oldest: dt.date | None = None,
) -> list[Repair]:
    """Return at most one repair per partition, in order of partition.

    What never arrived or is too old is crawled whole. Otherwise the earliest layer counts.

    Args:
        store: what is stored, with its ledger.
        registry: the declared sources.
        now: the moment of the look, in UTC.
        model_id: of the encoder in use; partitions with vectors of another are embedded again. None where it
            is not known.
        oldest: the first date of the grid; what is archived before it is not repaired any more.
    """
    look = Look(store, LedgerSnapshot.read(store.tables), registry, now)
    whole = {repair.partition: repair for repair in (*look.stale(), *look.missing())}
    found: defaultdict[Partition, list[Repair]] = defaultdict(list)
    for repair in (
        *look.failed(),
        *look.paused(),
        *look.interrupted(),
        *look.behind(),
        *look.of_another_past(),
        *look.of_another_model(model_id),
    ):
        found[repair.partition].append(repair)
    chosen = {partition: _that_counts(repairs) for partition, repairs in found.items()} | whole
    live = (partition for partition in sorted(chosen) if oldest is None or partition.date >= oldest)
    return [chosen[partition] for partition in live]


def _that_counts(repairs: Sequence[Repair]) -> Repair:
    """Return the repair of the earliest layer; of one layer, that which a run can make.

    What waits for somebody holds back the layers that are made from its own, and no others.
    """
    ordered = sorted(repairs, key=lambda repair: (len(_lineage(repair.layer)), repair.job is None))
    waiting: set[str] = set()
    for repair in ordered:
        if repair.job is not None and waiting.isdisjoint(_lineage(repair.layer)):
            return repair
        waiting.add(repair.layer)
    return ordered[0]


def _lineage(layer: str) -> list[str]:
    """Return a layer and those that it is made from, up to the frontier."""
    lineage = [layer]
    while (above := _ABOVE.get(lineage[-1])) is not None:
        lineage.append(above)
    return lineage
