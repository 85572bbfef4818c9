"""When to retrain, and when to publish without retraining: pure rules over the ledger and the registry."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from webdata_assets.automation.jobs import PUBLISH, RETRAIN
from webdata_assets.automation.repairs import INTERRUPTED_AFTER
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.model import MODEL
from webdata_assets.store import Store

INPUTS = ("pages", "records", "features", "embeddings", "fingerprints")
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


def plan_refresh(store: Store, *, after_partitions: int, now: dt.datetime) -> Refresh:
    """Return what is due now.

    Retraining is due when a partition that once failed completeness or freshness was admitted after the last
    training, or when `after_partitions` were. Publishing is due when anything was admitted, or withdrawn,
    after the corpus was last written, and when a run ended before the index or the delivery had followed.

    While a partition is between its write and its verdicts, nothing is due: it is not admitted then,
    and publishing would take its records out of the index and the sinks, only to bring them back.
    """
    fingerprint = store.ledger.fingerprint(INPUTS)
    unjudged = sum(_being_written(store, name, now) for name in INPUTS)
    if unjudged:
        return Refresh(None, f"{unjudged} partitions are being written", fingerprint)
    # Judged, not written: a partition is written before the readers may see it.
    admitted = store.ledger.states(TABLES["embeddings"]).filter("admitted")
    trained_at = _trained_at(store)
    new = admitted if trained_at is None else admitted.filter(pl.col("judged_at") > trained_at)
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
    corpus_at = _newest(store, CORPUS.name)
    changed = corpus_at is None or any(
        store.ledger.states(TABLES[name])
        .filter((pl.col("at") > corpus_at) | (pl.col("judged_at") > corpus_at))
        .height
        for name in INPUTS
    )
    if changed:
        return Refresh(PUBLISH, f"{new.height} newly admitted partitions, not enough to retrain", fingerprint)
    for name, made_from in (("vector_index", [CORPUS.name]), ("delivery", [CORPUS.name, MODEL.name])):
        at = _newest(store, name)
        if at is None or any(at < (_newest(store, source) or at) for source in made_from):
            return Refresh(PUBLISH, f"{name} is behind {' and '.join(made_from)}", fingerprint)
    return Refresh(None, "nothing was admitted since the last run", fingerprint)


def _being_written(store: Store, name: str, now: dt.datetime) -> int:
    states = store.ledger.states(TABLES[name])
    unjudged = (pl.col("missing").list.len() > 0) & (pl.col("failed").list.len() == 0)
    return states.filter(unjudged & (pl.col("at") > now - INTERRUPTED_AFTER)).height


def _trained_at(store: Store) -> dt.datetime | None:
    """Return when the training set of the last whole training was written."""
    moments = [_newest(store, name) for name in ("training_set", MODEL.name)]
    return min((at for at in moments if at is not None), default=None) if all(moments) else None


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
