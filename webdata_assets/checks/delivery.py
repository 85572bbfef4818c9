"""Checks of delivery: every sink holds what was sent, all of it, and what the corpus says now."""

import datetime as dt

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.deliver.rows import delivery_hash
from webdata_assets.stages.deliver.sink import changes
from webdata_assets.stages.deliver.sinks import open_sink
from webdata_assets.store.store import data_version


def same_content(subject: Subject) -> Finding:
    """Each sink, read back after the merge, has the content of the rows that were sent.

    Formula: sinks whose content hash differs from the source's = 0.
    Severity: blocks.
    Source: end-to-end checksums, as of data migrations; no threshold to choose.
    """
    different = subject.rows.filter(pl.col("content_hash") != pl.col("source_hash"))["sink"].to_list()
    detail = f"sinks that differ from what was sent: {', '.join(different)}" if different else None
    return Finding(
        not different,
        value=len(different),
        threshold=0,
        detail=detail,
        metrics={"sinks": subject.rows.height, "rows": max(subject.rows["rows"].to_list(), default=0)},
    )


def row_count(subject: Subject) -> Finding:
    """Each sink holds as many rows as the corpus has live records that are no duplicates.

    Formula: largest |rows of a sink - live, canonical records of the corpus that was delivered| = 0. Where
    the corpus was written again since, `lag` says so, and nothing is compared.
    Severity: blocks.
    Source: double-entry accounting of each step's rows; no threshold to choose.
    """
    corpus = subject.rows_of(CORPUS)
    of_now = subject.rows.filter(corpus_version=data_version(CORPUS, corpus))
    wanted = corpus.filter(pl.col("duplicate_of").is_null(), state="live").height
    surplus = {sink: rows - wanted for sink, rows in of_now.select("sink", "rows").iter_rows()}
    most = max(map(abs, surplus.values()), default=0)
    shown = ", ".join(f"{sink} {rows:+}" for sink, rows in surplus.items() if rows)
    return Finding(
        most == 0,
        value=most,
        threshold=0,
        detail=f"rows beside the corpus's {wanted}: {shown}" if most else None,
        metrics={"source_rows": float(wanted)},
    )


def idempotent(subject: Subject) -> Finding:
    """Delivering the same rows again would change nothing.

    Formula: rows that a second merge would insert, update or delete, in any sink = 0. Each sink is read back
    now; what was sent is what a sink holds whose content has the hash of the source.
    Severity: blocks.
    Source: idempotence of upserts by key (Kleppmann, Designing Data-Intensive Applications, 2017, ch. 11).
    """
    held = {
        row["sink"]: open_sink(row["sink"], subject.store.location.uri(row["target"])).read()
        for row in subject.rows.iter_rows(named=True)
    }
    sent = dict(subject.rows.select("sink", "source_hash").iter_rows())
    wanted = next((rows for sink, rows in held.items() if delivery_hash(rows) == sent[sink]), None)
    if wanted is None:
        told = "no sink holds what was sent any more: deliver again" if held else None
        return Finding(not held, threshold=0, detail=told)
    planned = {sink: changes(wanted, rows) for sink, rows in held.items()}
    counts = {
        "inserted": sum(each.inserted.height for each in planned.values()),
        "updated": sum(each.updated.height for each in planned.values()),
        "deleted": sum(each.deleted.height for each in planned.values()),
    }
    edited = ", ".join(sink for sink, each in planned.items() if each.any)
    total = sum(counts.values())
    return Finding(
        total == 0,
        value=total,
        threshold=0,
        detail=f"changed from outside since: {edited}; deliver again" if total else None,
        metrics={f"planned_{name}": float(count) for name, count in counts.items()},
    )


def lag(subject: Subject) -> Finding:
    """The sinks hold the corpus of now: how late that is depends on when retraining is asked for.

    Formula: sinks delivered from another version of the corpus than the newest = 0. `lag_hours` tells the
    hours from the newest admission of records until the delivery that holds them.
    Severity: blocks.
    Source: the lag of replication, in versions; hours have no limit here, because the task file decides after
    how many partitions there is anything to deliver.
    """
    newest = subject.store.ledger.newest_write(CORPUS, None)
    version = newest.data_version if newest else None
    behind = subject.rows.filter(pl.col("corpus_version").ne_missing(pl.lit(version, pl.String)))["sink"]
    detail = f"behind the corpus: {', '.join(behind)}; deliver again" if len(behind) else None
    hours = _lag_hours(subject)
    return Finding(
        behind.is_empty(),
        value=len(behind),
        threshold=0,
        detail=detail,
        metrics={} if hours is None else {"lag_hours": hours},
    )


def _lag_hours(subject: Subject) -> float | None:
    """Return the hours from the newest admission before the delivery until the delivery."""
    delivered_at = subject.rows["delivered_at"].min()
    if not isinstance(delivered_at, dt.datetime):
        return None
    admitted = subject.store.ledger.states(RECORDS).filter("admitted", pl.col("judged_at") <= delivered_at)
    newest = admitted["judged_at"].max()
    if not isinstance(newest, dt.datetime):
        return None
    return (delivered_at - newest) / dt.timedelta(hours=1)


CHECKS = (
    schema_check(DELIVERY),
    unique_keys_check(DELIVERY),
    Check("same_content", DELIVERY, "Sinks whose content hash differs from the source's = 0.", same_content),
    Check(
        "row_count", DELIVERY, "Rows of a sink - live, canonical records of the corpus = 0.", row_count
    ),
    Check("idempotent", DELIVERY, "Rows that a second merge would change = 0.", idempotent),
    Check("lag", DELIVERY, "Sinks delivered from another corpus than the newest = 0.", lag),
)  # fmt: skip
