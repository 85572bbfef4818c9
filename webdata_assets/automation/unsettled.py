"""What training and publishing wait for: partitions on which runs are at work.

What belongs here: whether, and why, nothing unpartitioned is made now. What does not: what is due otherwise
(refresh.py).
"""

import datetime as dt
from collections.abc import Collection

import polars as pl

from webdata_assets.automation.causes import INTERRUPTED_AFTER, MADE_FROM
from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.version import model_of
from webdata_assets.store.ledger_snapshot import LedgerSnapshot
from webdata_assets.store.outdated import outdated_partitions, why_outdated

INPUTS = ("pages", "records", "features", "embeddings", "fingerprints")
"""Partitioned tables from which the unpartitioned ones are made."""

WAITED_FOR = 2 * INTERRUPTED_AFTER
"""How long a partition that a run has left is waited for: until its repair is due, and for as long again, in
which the repair begins to write. A wait that ended when the repair is due would train without its rows."""


def why_not_now(ledger: LedgerSnapshot, enabled: Collection[str], now: dt.datetime) -> str | None:
    """Return what training and publishing wait for; None for nothing.

    While a partition is between its write and its verdicts it is not admitted, and publishing would take its
    records out of the index and the sinks, only to bring them back. So it would with partitions that were
    judged before a check that blocks came to be. While a run is between two layers of a partition, publishing
    would have to be repeated at its end; likewise while later dates of one that was healed follow. What a run
    has left so is waited for until its repair is at work, see `WAITED_FOR`. Vectors of different encoders
    cannot be compared.
    """
    unjudged = sum(_being_written(ledger, name, now) for name in INPUTS)
    if unjudged:
        return f"{unjudged} partitions are being written"
    followed = sum(_being_followed(ledger, *pair, now) for pair in MADE_FROM)
    if followed:
        return f"{followed} partitions are on their way through the layers"
    compared = _being_compared(ledger, enabled, now)
    if compared:
        return f"{compared} partitions are to be compared with earlier dates that have changed"
    outdated = outdated_partitions(ledger)
    if outdated:
        return why_outdated(outdated)
    embedded = ledger.states(TABLES["embeddings"]).filter(
        pl.col("admitted") & pl.col("source").is_in(list(enabled))
    )
    encoders = embedded.select(model_of(pl.col("code_version")).drop_nulls().n_unique()).item()
    return f"partitions hold vectors of {encoders} encoders" if encoders > 1 else None


def _being_written(ledger: LedgerSnapshot, name: str, now: dt.datetime) -> int:
    unjudged = (pl.col("missing").list.len() > 0) & (pl.col("failed").list.len() == 0)
    return ledger.states(TABLES[name]).filter(unjudged & (pl.col("at") > now - WAITED_FOR)).height


def _being_followed(ledger: LedgerSnapshot, upstream: str, below: str, now: dt.datetime) -> int:
    """Return how many partitions were admitted just now and are not made into the next layer yet."""
    fresh = ledger.states(TABLES[upstream]).filter(pl.col("admitted") & (pl.col("at") > now - WAITED_FOR))
    made = ledger.states(TABLES[below]).select("date", "source", below_at="at")
    late = fresh.join(made, on=["date", "source"], how="left").filter(
        pl.col("below_at").is_null() | (pl.col("below_at") < pl.col("at"))
    )
    return late.height


def _being_compared(ledger: LedgerSnapshot, enabled: Collection[str], now: dt.datetime) -> int:
    """Return how many partitions are to be made again of a past that changed just now."""
    records = ledger.states(TABLES["records"]).filter(pl.col("at") > now - WAITED_FOR)
    changes = ledger.states(TABLES["changes"]).filter(pl.col("at") > now - WAITED_FOR)
    fresh = {*records["source"], *changes["source"]} & set(enabled)
    return sum(partition.source in fresh for partition in ledger.of_another_past)
