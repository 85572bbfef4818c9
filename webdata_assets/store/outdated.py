"""Partitions that were judged before a check that blocks came to be: neither good nor bad until judged again.

What belongs here: finding them, and refusing to publish without them. What does not: judging (checks/).
"""

from collections.abc import Collection, Sequence

import polars as pl

from webdata_assets.errors import NotAdmittedError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store.ledger import Ledger
from webdata_assets.store.ledger_snapshot import LedgerSnapshot
from webdata_assets.store.store import Store

MADE_FROM_PARTITIONS = ("pages", "records", "features", "embeddings", "fingerprints")
"""Tables from which the unpartitioned ones are made."""


def outdated_partitions(
    ledger: Ledger | LedgerSnapshot, sources: Collection[str] | None = None
) -> list[Partition]:
    """Return the partitions of which a layer was judged, passed, and lacks a verdict of a newer check.

    A partition whose checks have not run at all is none: a run is at work on it, or died.

    Args:
        ledger: of the store.
        sources: only of these; of all if none.
    """
    lacking = pl.concat(
        ledger.states(TABLES[name])
        .filter(
            pl.col("missing").list.len() > 0,
            pl.col("failed").list.len() == 0,
            pl.col("judged_at").is_not_null(),
        )
        .select("date", "source")
        for name in MADE_FROM_PARTITIONS
    ).unique()
    if sources is not None:
        lacking = lacking.filter(pl.col("source").is_in(list(sources)))
    return sorted(Partition(date, source) for date, source in lacking.iter_rows())


def why_outdated(partitions: Sequence[Partition]) -> str:
    """Return how many partitions lack a verdict, and what to do, in one line."""
    names = sorted({partition.source for partition in partitions})
    return (
        f"{len(partitions)} partitions, such as {partitions[0]}, were judged before a check that blocks came "
        f"to be: `webdata checks run --source NAME` judges them, for {', '.join(names)}"
    )


def require_judged(store: Store) -> None:
    """Raise NotAdmittedError while partitions are outdated.

    Without them what is admitted has shrunk, and a publishing would take their records out of the index and
    the sinks.
    """
    outdated = outdated_partitions(store.ledger)
    if outdated:
        raise NotAdmittedError(f"nothing is published: {why_outdated(outdated)}")
