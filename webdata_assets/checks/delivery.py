"""Checks of delivery: every sink holds what was sent, all of it, and what the corpus says now."""

import datetime as dt
from collections.abc import Mapping

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.sink_freshness import freshness
from webdata_assets.checks.sink_verdicts import of_sinks
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.errors import WebdataError
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.schemas.records import RECORDS
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.stages.deliver.changes import changes, hash_of
from webdata_assets.stages.deliver.chunks import delivered_manifest
from webdata_assets.stages.deliver.sink import Sink
from webdata_assets.store.derived import not_failed_since
from webdata_assets.store.sinks import open_sink
from webdata_assets.store.store import data_version

_DELIVERED = pl.col("state") == "delivered"


def delivered(subject: Subject) -> Finding:
    """Each sink took what it was sent.

    Formula: sinks whose last delivery failed = 0; a contract that would be broken is the check `contract`.
    Severity: blocks.
    Source: each sink's own answer; no threshold to choose.
    """
    return _ended_as(subject, "failed")


def contract(subject: Subject) -> Finding:
    """What is delivered is what each sink's contract promises.

    Formula: sinks whose contract would be broken by a column that is missing, of another type, or without a
    value where one is required = 0. Such a delivery stops before the sink, which keeps what it has.
    Severity: blocks.
    Source: the sink file's `contract`, as of data contracts (Open Data Contract Standard 3.0).
    """
    return _ended_as(subject, "contract_broken")


def same_content(subject: Subject) -> Finding:
    """Each sink, read back after the merge, has the content of the rows that were sent.

    Formula: sinks whose content hash differs from the source's = 0.
    Severity: blocks.
    Source: end-to-end checksums, as of data migrations; no threshold to choose.
    """
    rows = subject.rows.filter(_DELIVERED)
    different = rows.filter(pl.col("content_hash").ne_missing(pl.col("source_hash")))["sink"].to_list()
    detail = f"sinks that differ from what was sent: {', '.join(different)}" if different else None
    return Finding(
        not different,
        value=len(different),
        threshold=0,
        detail=detail,
        metrics={
            "sinks": subject.rows.height,
            "rows": max(rows["rows"].to_list(), default=0),
            **of_sinks(dict.fromkeys(different, 1)),
        },
    )


def row_count(subject: Subject) -> Finding:
    """Each sink holds as many rows as there are live records that are no duplicates, or chunks of them.

    Formula: largest |rows of a sink - live, canonical records of the corpus that was delivered, or chunks
    that the index's manifest has of them| = 0, each of the sink's sources; records of partitions that failed
    since the corpus was made do not count. Where the corpus was written again since, `lag` says so, and
    nothing is compared.
    Severity: blocks.
    Source: double-entry accounting of each step's rows; no threshold to choose.
    """
    corpus = subject.rows_of(CORPUS)
    good = not_failed_since(corpus, subject.store)
    live = good.filter(pl.col("duplicate_of").is_null(), state="live")
    of_now = subject.rows.filter(_DELIVERED, corpus_version=data_version(CORPUS, corpus))
    surplus = {}
    for sink, content, rows in of_now.select("sink", "content", "rows").iter_rows():
        wanted = live
        if content == "chunks":
            wanted = delivered_manifest(subject.rows_of(VECTOR_INDEX), good)
        sources = subject.sinks[sink].sources if sink in subject.sinks else ()
        if sources:
            wanted = wanted.filter(pl.col("source").is_in(list(sources)))
        surplus[sink] = rows - wanted.height
    most = max(map(abs, surplus.values()), default=0)
    shown = ", ".join(f"{sink} {rows:+}" for sink, rows in surplus.items() if rows)
    return Finding(
        most == 0,
        value=most,
        threshold=0,
        detail=f"rows beside those of the corpus: {shown}" if most else None,
        metrics={"source_rows": float(live.height), **of_sinks(surplus)},
    )


def idempotent(subject: Subject) -> Finding:
    """Delivering the same rows again would change nothing.

    Formula: rows that a second merge would insert, update or delete, in any sink = 0. Each sink is read back
    now. How many they are is told by another sink of the same content that holds what was sent; without one,
    that a sink differs is all that is known.
    Severity: blocks.
    Source: idempotence of upserts by key (Kleppmann, Designing Data-Intensive Applications, 2017, ch. 11).
    """
    rows = subject.rows.filter(_DELIVERED, pl.col("sink").is_in(list(subject.sinks)))
    differing, intact, unreadable = {}, {}, {}
    for row in rows.iter_rows(named=True):
        try:
            sink = _opened(subject, row["sink"])
            held = sink.read()
        except WebdataError as error:
            unreadable[row["sink"]] = str(error)
            continue
        if hash_of(held, sink.shape) == row["source_hash"]:
            intact[row["source_hash"]] = sink
        else:
            differing[row["sink"]] = (sink, held, row["source_hash"])
    counts = dict.fromkeys(("inserted", "updated", "deleted"), 0)
    unknown = list(unreadable)
    for name, (sink, held, sent) in differing.items():
        if sent not in intact:
            unknown.append(name)
            continue
        planned = changes(intact[sent].read(), held, sink.shape)
        for change in counts:
            counts[change] += getattr(planned, change).height
    wrong = {*differing, *unreadable}
    told = []
    if differing:
        told.append(
            f"not what was delivered: {', '.join(sorted(differing))}; others or the sink's file changed it, "
            "so deliver again"
        )
    told += [f"{name} cannot be read back: {error}" for name, error in unreadable.items()]
    return Finding(
        not wrong,
        value=None if unknown else sum(counts.values()),
        threshold=0,
        detail="; ".join(told) or None,
        metrics={
            **{f"planned_{name}": float(count) for name, count in counts.items()},
            **of_sinks(dict.fromkeys(wrong, 1)),
        },
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
    rows = subject.rows.filter(_DELIVERED)
    behind = rows.filter(pl.col("corpus_version").ne_missing(pl.lit(version, pl.String)))["sink"].to_list()
    detail = f"behind the corpus: {', '.join(behind)}; deliver again" if behind else None
    hours = _lag_hours(subject)
    return Finding(
        not behind,
        value=len(behind),
        threshold=0,
        detail=detail,
        metrics={**({} if hours is None else {"lag_hours": hours}), **of_sinks(dict.fromkeys(behind, 1))},
    )


def _ended_as(subject: Subject, state: str) -> Finding:
    """Return the finding that no sink's last delivery ended in a state."""
    rows = subject.rows.filter(state=state)
    detail = "; ".join(
        f"{sink}: {error} ({domain or 'unknown'})"
        for sink, error, domain in rows.select("sink", "error", "failure_domain").iter_rows()
    )
    wrong: Mapping[str, float] = dict.fromkeys(rows["sink"].to_list(), 1)
    return Finding(not wrong, value=len(wrong), threshold=0, detail=detail or None, metrics=of_sinks(wrong))


def _opened(subject: Subject, name: str) -> Sink:
    return open_sink(subject.sinks[name], subject.store.location, subject.environ)


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
    Check("delivered", DELIVERY, "Sinks whose last delivery failed = 0.", delivered),
    Check("contract", DELIVERY, "Sinks whose contract would be broken = 0.", contract),
    Check("same_content", DELIVERY, "Sinks whose content hash differs from the source's = 0.", same_content),
    Check(
        "row_count", DELIVERY, "Rows of a sink - live, canonical records, or their chunks = 0.", row_count
    ),
    Check("idempotent", DELIVERY, "Rows that a second merge would change = 0.", idempotent),
    Check("lag", DELIVERY, "Sinks delivered from another corpus than the newest = 0.", lag),
    Check("freshness", DELIVERY, "Age of each source's data <= the contract's freshness_hours.", freshness),
)  # fmt: skip
