"""What a partition still needs, as the ledger tells.

What belongs here: the job that brings one partition to its end. What does not: repairs of what failed a check
(rules.py, repairs.py), and launching.
"""

from webdata_assets.automation.jobs import COMPARE, CRAWL, REPLAY, REPLAYED
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store.ledger_snapshot import LedgerSnapshot

_JOB_OF_LAYER = (
    *((name, CRAWL) for name in ("frontier", "pages", "dead_letters")),
    *((name, REPLAY) for name in REPLAYED),
)


def due_job(ledger: LedgerSnapshot, partition: Partition) -> str | None:
    """Return the job that brings a partition to its end; None where it is, or a check has failed."""
    for name, job in _JOB_OF_LAYER:
        states = ledger.states(TABLES[name]).filter(date=partition.date, source=partition.source)
        if states.height == 0:
            return job
        state = states.row(0, named=True)
        if state["failed"]:
            return None
        if not state["admitted"]:
            return job
    return COMPARE if partition in ledger.of_another_past else None


def failed_checks(ledger: LedgerSnapshot, partition: Partition) -> list[str]:
    """Return the blocking checks that keep a partition's layers out, as `table.check`."""
    failed = []
    for name, _ in _JOB_OF_LAYER:
        states = ledger.states(TABLES[name]).filter(date=partition.date, source=partition.source)
        failed += [f"{name}.{check}" for checks in states["failed"] for check in checks]
    return failed
