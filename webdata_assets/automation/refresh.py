"""When to retrain, and when to publish without retraining: pure rules over the ledger and the registry."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from webdata_assets.automation.jobs import PUBLISH, RETRAIN
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.model import MODEL
from webdata_assets.store import Store

INPUTS = ("pages", "records", "features", "embeddings")
"""Partitioned tables from which the unpartitioned ones are made."""

REPAIRED_CHECKS = ("completeness", "freshness")


@dataclass(frozen=True)
class Refresh:
    """What is due.

    Attributes:
        job: `retrain`, `publish`, or None when nothing is.
        reason: in words.
        fingerprint: of the admitted partitions; one answer for each.
    """

    job: str | None
    reason: str
    fingerprint: str


def plan_refresh(store: Store, *, after_partitions: int) -> Refresh:
    """Return what is due now.

    Retraining is due when a partition that once failed completeness or freshness was admitted after the last
    training, or when `after_partitions` were. Publishing is due when anything was admitted, or withdrawn,
    after the corpus was last written.
    """
    fingerprint = store.ledger.fingerprint(INPUTS)
    admitted = store.ledger.states(TABLES["embeddings"]).filter("admitted").select("date", "source", "at")
    trained_at = _newest(store, MODEL.name)
    published_at = _newest(store, CORPUS.name)
    new = admitted if trained_at is None else admitted.filter(pl.col("at") > trained_at)
    repaired = new.join(_once_failed(store), on=["date", "source"], how="semi")
    if repaired.height:
        keys = ", ".join(
            Partition(date, source).key
            for date, source in repaired.select("date", "source").head(3).iter_rows()
        )
        return Refresh(RETRAIN, f"{repaired.height} repaired partitions: {keys}", fingerprint)
    if new.height >= after_partitions:
        return Refresh(RETRAIN, f"{new.height} newly admitted partitions", fingerprint)
    if trained_at is None:
        return Refresh(
            None,
            f"{new.height} admitted partitions, {after_partitions} start the first training",
            fingerprint,
        )
    changed = published_at is None or any(
        store.ledger.states(TABLES[name]).filter(pl.col("at") > published_at).height for name in INPUTS
    )
    if changed:
        return Refresh(PUBLISH, f"{new.height} newly admitted partitions, not enough to retrain", fingerprint)
    return Refresh(None, "nothing was admitted since the last run", fingerprint)


def _newest(store: Store, name: str) -> dt.datetime | None:
    """Return when an unpartitioned table was last written with all its checks passed."""
    states = store.ledger.states(TABLES[name]).filter("admitted")
    return states.item(0, "at") if states.height else None


def _once_failed(store: Store) -> pl.DataFrame:
    return (
        store.tables.scan(CHECK_RESULTS)
        .filter(pl.col("check").is_in(REPAIRED_CHECKS) & ~pl.col("passed") & pl.col("date").is_not_null())
        .select("date", "source")
        .unique()
        .collect()
    )
