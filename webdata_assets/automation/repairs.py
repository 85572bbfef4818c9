"""Which partitions need repair, and how: pure rules over the ledger.

What belongs here: the table of rules and the plan they give. What does not: launching (sensors.py), budgets,
and the repair itself (it is an ordinary run of a job).
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Literal

import polars as pl

from webdata_assets.automation.jobs import CRAWL, EMBED, REPLAY
from webdata_assets.checks.crawl import age_hours
from webdata_assets.errors import PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.records import RECORDS
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry
from webdata_assets.stages.crawl.frontier import check_date
from webdata_assets.stages.extract.extractor import extractor_version
from webdata_assets.store import Store
from webdata_assets.store.embedded import embedded_by_another

RULES: dict[tuple[str, str], str] = {
    ("pages", "completeness"): CRAWL,
    ("pages", "freshness"): CRAWL,
    ("pages", "payload_hash"): CRAWL,
    ("pages", "reconciliation"): CRAWL,
    ("records", "completeness"): REPLAY,
    ("records", "valid_share"): REPLAY,
    ("records", "reconciliation"): REPLAY,
    ("changes", "reconciliation"): REPLAY,
    ("features", "reconciliation"): REPLAY,
    ("embeddings", "reconciliation"): REPLAY,
    ("embeddings", "exact_slices"): REPLAY,
    ("embeddings", "one_model"): EMBED,
    ("fingerprints", "reconciliation"): REPLAY,
}
"""(asset, failed check) → the job that repairs. A failure in `records` is replayed once the source's
extraction was patched: the same parser on the same bytes would fail the same way."""

CHECKED = ("frontier", "pages", "records", "changes", "features", "embeddings", "fingerprints")

INTERRUPTED_AFTER = dt.timedelta(minutes=10)
"""A write that is this old without verdicts belongs to a run that died."""

AT_REST_AFTER_CADENCES = 2
"""A source that is overdue for this many cadences is at rest: it is no longer asked for."""


@dataclass(frozen=True)
class Repair:
    """One partition that needs a run, or a person.

    Attributes:
        partition: the partition.
        job: the job to run; None where only a person can help.
        cause: names the failure for ever, so that one failure is answered once per attempt.
        reason: in words.
        awaits: what a repair without a job waits for.
    """

    partition: Partition
    job: str | None
    cause: str
    reason: str
    awaits: Literal["awaiting_patch", "person"] | None = None


def plan_repairs(store: Store, registry: Registry, now: dt.datetime, model_id: str | None) -> list[Repair]:
    """Return at most one repair per partition, that of its earliest layer, in order of partition.

    Args:
        store: what is stored, with its ledger.
        registry: the declared sources.
        now: the moment of the look, in UTC.
        model_id: of the encoder in use; partitions with vectors of another are embedded again. None where it
            is not known.
    """
    found: dict[Partition, Repair] = {}
    for repair in (
        *_missing(store, registry, now),
        *_stale(store, registry, now),
        *_failed(store, registry, now),
        *_paused(store, registry, now),
        *_interrupted(store, registry, now),
        *_unfinished(store, registry, now),
        *_of_another_model(store, registry, model_id),
    ):
        found.setdefault(repair.partition, repair)
    return [found[partition] for partition in sorted(found)]


def _failed(store: Store, registry: Registry, now: dt.datetime) -> list[Repair]:
    """Partitions with a failed blocking check; without a job where only a person can help."""
    repairs = []
    for table in (TABLES[name] for name in CHECKED):
        failed = store.ledger.states(table).filter(pl.col("failed").list.len() > 0)
        for row in failed.iter_rows(named=True):
            source = registry.enabled.get(row["source"])
            check = next((name for name in row["failed"] if (table.name, name) in RULES), None)
            if source is None or check is None:
                continue
            partition = Partition(row["date"], row["source"])
            job: str | None = RULES[table.name, check]
            awaits: Literal["awaiting_patch", "person"] | None = None
            cause = f"{table.name}.{check}:{row['data_version'][:16]}"
            reason = f"{table.name}.{check} failed"
            if job == CRAWL and not _may_crawl(source, partition.date, now):
                job, awaits = None, "person"
                reason = f"{reason}: the site no longer shows that date, a person is needed"
            if table is RECORDS:
                parser = extractor_version(source)
                cause += f":{parser}"
                if row["code_version"] == parser:
                    job, awaits = None, "awaiting_patch"
                    reason = f"{reason}: awaiting a patch of {source.name}'s extraction, then replay"
            repairs.append(Repair(partition, job, cause, reason, awaits))
    return repairs


def _stale(store: Store, registry: Registry, now: dt.datetime) -> list[Repair]:
    """Scheduled partitions of today and yesterday whose newest observation is older than it may be."""
    states = store.ledger.states(PAGES).select("date", "source", "at")
    written = {(date, source): at for date, source, at in states.iter_rows()}
    repairs = []
    for source in registry.enabled.values():
        for date in (now.date(), now.date() - dt.timedelta(days=1)):
            at = written.get((date, source.name))
            if source.schedule is None or at is None or not _may_crawl(source, date, now):
                continue
            partition = Partition(date, source.name)
            age = age_hours(date, _newest_observation(store, partition), now)
            if age > source.max_age_hours:
                cause = f"stale:{at:%Y%m%dT%H%M%S}"
                repairs.append(Repair(partition, CRAWL, cause, f"newest observation is {age:.1f} h old"))
    return repairs


def _paused(store: Store, registry: Registry, now: dt.datetime) -> list[Repair]:
    """Partitions whose crawl left URLs to the next run, because a host or the proxies were down."""
    paused = store.ledger.newest_verdicts(PAGES, "finished").filter(~pl.col("passed"))
    repairs = []
    for row in paused.iter_rows(named=True):
        source = registry.enabled.get(row["source"])
        if source is not None and _may_crawl(source, row["date"], now):
            cause = f"paused:{row['at']:%Y%m%dT%H%M%S}"
            reason = f"{row['value']:.0f} URLs were deferred: {row['detail']}"
            repairs.append(Repair(Partition(row["date"], row["source"]), CRAWL, cause, reason))
    return repairs


def _missing(store: Store, registry: Registry, now: dt.datetime) -> list[Repair]:
    """Scheduled sources whose next partition, one cadence after the newest, did not arrive on its date.

    A live source whose missed date can no longer be seen is crawled for today instead.
    """
    newest = dict(store.ledger.states(PAGES).group_by("source").agg(pl.col("date").max()).iter_rows())
    repairs = []
    for source in registry.enabled.values():
        if source.schedule is None or source.name not in newest:
            continue
        cadence = dt.timedelta(days=max(1, math.ceil(source.cadence_hours / 24)))
        expected = newest[source.name] + cadence
        due = dt.datetime.combine(expected, dt.time(), tzinfo=dt.UTC) + dt.timedelta(days=1)
        if not due <= now < due + AT_REST_AFTER_CADENCES * cadence:
            continue
        date = expected if _may_crawl(source, expected, now) else now.date()
        if _may_crawl(source, date, now):
            reason = f"{expected} never arrived"
            repairs.append(Repair(Partition(date, source.name), CRAWL, f"missing:{expected}", reason))
    return repairs


def _interrupted(store: Store, registry: Registry, now: dt.datetime) -> list[Repair]:
    """Partitions written by a run that died before its checks."""
    repairs = []
    for name, job in (
        ("frontier", CRAWL),
        ("pages", CRAWL),
        ("records", REPLAY),
        ("changes", REPLAY),
        ("features", REPLAY),
        ("embeddings", REPLAY),
        ("fingerprints", REPLAY),
    ):
        states = store.ledger.states(TABLES[name]).filter(
            (pl.col("missing").list.len() > 0)
            & (pl.col("failed").list.len() == 0)
            & (pl.col("at") < now - INTERRUPTED_AFTER)
        )
        for row in states.iter_rows(named=True):
            source = registry.enabled.get(row["source"])
            if source and (job == REPLAY or _may_crawl(source, row["date"], now)):
                cause = f"interrupted:{name}:{row['at']:%Y%m%dT%H%M%S%f}"
                repairs.append(
                    Repair(Partition(row["date"], row["source"]), job, cause, f"{name} was not checked")
                )
    return repairs


def _unfinished(store: Store, registry: Registry, now: dt.datetime) -> list[Repair]:
    """Admitted partitions whose next layer was never written, or is older than they are."""
    repairs = []
    keys = ["date", "source"]
    for upstream, downstream in (
        ("pages", "records"),
        ("records", "changes"),
        ("changes", "features"),
        ("records", "embeddings"),
        ("records", "fingerprints"),
    ):
        above = store.ledger.states(TABLES[upstream]).filter("admitted").select(*keys, "at", "data_version")
        below = store.ledger.states(TABLES[downstream]).select(*keys, below_at="at")
        behind = above.join(below, on=keys, how="left").filter(
            (pl.col("below_at").is_null() | (pl.col("below_at") < pl.col("at")))
            & (pl.col("at") < now - INTERRUPTED_AFTER)
        )
        for row in behind.iter_rows(named=True):
            if row["source"] in registry.enabled:
                cause = f"unfinished:{downstream}:{row['data_version'][:16]}"
                reason = f"{downstream} is behind {upstream}"
                repairs.append(Repair(Partition(row["date"], row["source"]), REPLAY, cause, reason))
    return repairs


def _of_another_model(store: Store, registry: Registry, model_id: str | None) -> list[Repair]:
    """Admitted partitions that another encoder has embedded: vectors of two models cannot be compared."""
    if model_id is None:
        return []
    repairs = []
    for partition, model in embedded_by_another(store, model_id):
        if partition.source in registry.enabled:
            reason = f"the vectors are of {model or 'an unknown model'}, the encoder in use is {model_id}"
            repairs.append(Repair(partition, EMBED, f"model:{model_id}", reason))
    return repairs


def _may_crawl(source: Source, date: dt.date, now: dt.datetime) -> bool:
    try:
        check_date(source, date, now)
    except PermanentError:
        return False
    return True


def _newest_observation(store: Store, partition: Partition) -> dt.datetime | None:
    newest = store.tables.read_partition(PAGES, partition, ["observed_at"])["observed_at"].max()
    assert newest is None or isinstance(newest, dt.datetime)
    return newest
