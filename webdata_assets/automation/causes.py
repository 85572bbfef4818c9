"""Causes of repair: what a look at the ledger finds, each answered by its rule (rules.py).

What belongs here: finding each kind of cause. What does not: which of several causes of a partition counts
(repairs.py), budgets (budget.py), and the repair itself (it is an ordinary run of a job).
"""

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import polars as pl

from webdata_assets.automation.rules import Action, Rule, cause_rule, rule_for
from webdata_assets.checks.crawl import age_hours
from webdata_assets.errors import PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.pages import PAGES
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry
from webdata_assets.stages.crawl.frontier import check_date
from webdata_assets.stages.extract.extractor import extractor_version
from webdata_assets.store import Store
from webdata_assets.store.embedded import of_another_model
from webdata_assets.store.ledger_snapshot import LedgerSnapshot

CHECKED = tuple(name for name, table in TABLES.items() if table.partitioned)
"""Tables whose partitions are repaired, in the order of the graph."""

MADE_FROM = (
    ("pages", "records"),
    ("records", "changes"),
    ("changes", "features"),
    ("records", "embeddings"),
    ("records", "fingerprints"),
)
"""Layers that are behind, if they are older than the admitted partition that they are made from."""

INTERRUPTED_AFTER = dt.timedelta(minutes=10)
"""A write that is this old without verdicts belongs to a run that died."""

AT_REST_AFTER_CADENCES = 2
"""A source that is overdue for this many cadences is at rest: it is no longer asked for."""


@dataclass(frozen=True)
class Repair:
    """One partition that needs a run, or a person.

    Attributes:
        partition: the partition.
        layer: the table that the cause was found in.
        action: what its rule says, as far as it can be done.
        cause: names the failure for ever, so that one failure is answered once per attempt.
        reason: in words.
        awaits: what a repair without a job waits for.
        answered_by: the run that made the failed data version, where that is not to be made again; None
            where another attempt may end otherwise.
    """

    partition: Partition
    layer: str
    action: Action
    cause: str
    reason: str
    awaits: Literal["awaiting_patch", "person"] | None = None
    answered_by: str | None = None

    @property
    def job(self) -> str | None:
        """The job to run; None where only a person can help."""
        return None if self.awaits else self.action.job


@dataclass(frozen=True)
class Look:
    """What is looked at, at one moment, and the causes that are found in it."""

    store: Store
    ledger: LedgerSnapshot
    registry: Registry
    now: dt.datetime

    def failed(self) -> Iterator[Repair]:
        """Partitions with a failed blocking check."""
        for name in CHECKED:
            states = self.ledger.states(TABLES[name])
            for row in states.filter(pl.col("failed").list.len() > 0).iter_rows(named=True):
                source = self.registry.enabled.get(row["source"])
                matched = rule_for(name, row["failed"])
                if source is not None and matched is not None:
                    yield self._answer(name, *matched, source, row)

    def _answer(self, name: str, rule: Rule, check: str, source: Source, row: dict[str, Any]) -> Repair:
        partition = Partition(row["date"], row["source"])
        cause = f"{name}.{check}:{row['data_version'][:16]}"
        reason = f"{name}.{check} failed"
        action, answered_by = rule.action, row["run_id"] if rule.once else None
        if action is Action.ALERT:
            return Repair(
                partition, name, action, cause, f"{reason}, a person is needed: {rule.why}", "person"
            )
        if action is Action.REPLAY and partition not in self._sound_pages:
            action = Action.RECRAWL_MISSING
        elif action is Action.REPLAY and name == "records":
            # the same parser on the same bytes would fail the same way
            parser = extractor_version(source)
            cause += f":{parser}"
            if row["code_version"] == parser:
                reason = f"{reason}: awaiting a patch of {source.name}'s extraction, then replay"
                return Repair(partition, name, action, cause, reason, "awaiting_patch")
        if _crawls(action) and not _may_crawl(source, partition.date, self.now):
            reason = f"{reason}: the site no longer shows that date, a person is needed"
            return Repair(partition, name, action, cause, reason, "person")
        return Repair(partition, name, action, cause, reason, answered_by=answered_by)

    @cached_property
    def _sound_pages(self) -> frozenset[Partition]:
        """Partitions whose payloads can be read again: their hashes, too, were found right."""
        admitted = self.ledger.states(PAGES).filter("admitted").select("date", "source")
        return frozenset(Partition(date, source) for date, source in admitted.iter_rows())

    def stale(self) -> Iterator[Repair]:
        """Scheduled partitions of today and yesterday whose newest observation is older than it may be."""
        days = [self.now.date(), self.now.date() - dt.timedelta(days=1)]
        recent = pl.col("date").is_in(days)
        written = self.ledger.states(PAGES).filter(recent).select("date", "source", "at").rows()
        observed = _newest_observations(self.store, days) if written else {}
        for date, name, at in written:
            source = self.registry.enabled.get(name)
            if source is None or source.schedule is None or not _may_crawl(source, date, self.now):
                continue
            age = age_hours(date, observed.get((date, name)), self.now)
            if age > source.max_age_hours:
                reason = f"newest observation is {age:.1f} h old"
                yield self._of_cause("stale", "pages", Partition(date, name), f"{at:%Y%m%dT%H%M%S}", reason)

    def paused(self) -> Iterator[Repair]:
        """Partitions whose crawl left URLs to the next run, because a host or the proxies were down."""
        paused = self.ledger.newest_verdicts(PAGES, "finished").filter(~pl.col("passed"))
        for row in paused.iter_rows(named=True):
            source = self.registry.enabled.get(row["source"])
            if source is not None and _may_crawl(source, row["date"], self.now):
                partition, at = Partition(row["date"], row["source"]), f"{row['at']:%Y%m%dT%H%M%S}"
                reason = f"{row['value']:.0f} URLs were deferred: {row['detail']}"
                yield self._of_cause("paused", "pages", partition, at, reason)

    def missing(self) -> Iterator[Repair]:
        """Scheduled sources whose next partition, one cadence after the newest, did not arrive on its date.

        A live source whose missed date can no longer be seen is crawled for today instead.
        """
        newest = dict(self.ledger.states(PAGES).group_by("source").agg(pl.col("date").max()).iter_rows())
        for source in self.registry.enabled.values():
            if source.schedule is None or source.name not in newest:
                continue
            cadence = dt.timedelta(days=max(1, math.ceil(source.cadence_hours / 24)))
            expected = newest[source.name] + cadence
            due = dt.datetime.combine(expected, dt.time(), tzinfo=dt.UTC) + dt.timedelta(days=1)
            if not due <= self.now < due + AT_REST_AFTER_CADENCES * cadence:
                continue
            date = expected if _may_crawl(source, expected, self.now) else self.now.date()
            if _may_crawl(source, date, self.now):
                partition = Partition(date, source.name)
                reason = f"{expected} never arrived"
                yield self._of_cause("never arrived", "pages", partition, str(expected), reason)

    def interrupted(self) -> Iterator[Repair]:
        """Partitions written by a run that died before its checks."""
        for name in CHECKED:
            states = self.ledger.states(TABLES[name]).filter(
                (pl.col("missing").list.len() > 0)
                & (pl.col("failed").list.len() == 0)
                # one that was judged before a check came to be is no work of a dead run
                & pl.col("judged_at").is_null()
                & (pl.col("at") < self.now - INTERRUPTED_AFTER)
            )
            action = cause_rule(name, "interrupted").action
            for row in states.iter_rows(named=True):
                source = self.registry.enabled.get(row["source"])
                if source and (not _crawls(action) or _may_crawl(source, row["date"], self.now)):
                    partition, at = Partition(row["date"], row["source"]), f"{row['at']:%Y%m%dT%H%M%S%f}"
                    yield self._of_cause("interrupted", name, partition, at, f"{name} was not checked")

    def behind(self) -> Iterator[Repair]:
        """Admitted partitions whose next layer was never written, or is older than they are."""
        keys = ["date", "source"]
        for upstream, name in MADE_FROM:
            above = (
                self.ledger.states(TABLES[upstream]).filter("admitted").select(*keys, "at", "data_version")
            )
            below = self.ledger.states(TABLES[name]).select(*keys, below_at="at")
            late = above.join(below, on=keys, how="left").filter(
                (pl.col("below_at").is_null() | (pl.col("below_at") < pl.col("at")))
                & (pl.col("at") < self.now - INTERRUPTED_AFTER)
            )
            for row in late.iter_rows(named=True):
                if row["source"] in self.registry.enabled:
                    partition, version = Partition(row["date"], row["source"]), row["data_version"][:16]
                    yield self._of_cause("behind", name, partition, version, f"{name} is behind {upstream}")

    def of_another_past(self) -> Iterator[Repair]:
        """Admitted partitions that were compared with other earlier dates than are admitted now."""
        for partition, name in self.ledger.of_another_past.items():
            if partition.source in self.registry.enabled:
                made = self.ledger.states(TABLES[name]).filter(date=partition.date, source=partition.source)
                key = f"{made.item(0, 'at'):%Y%m%dT%H%M%S%f}"
                reason = "an earlier date was admitted, or changed, since"
                yield self._of_cause("other past", name, partition, key, reason)

    def of_another_model(self, model_id: str | None) -> Iterator[Repair]:
        """Admitted partitions that another encoder has embedded: vectors of two models cannot be compared."""
        if model_id is None:
            return
        for partition, model in of_another_model(self.ledger.states(EMBEDDINGS), model_id):
            if partition.source in self.registry.enabled:
                reason = f"the vectors are of {model or 'an unknown model'}, the encoder in use is {model_id}"
                yield self._of_cause("other encoder", "embeddings", partition, model_id, reason)

    def _of_cause(self, cause: str, asset: str, partition: Partition, key: str, reason: str) -> Repair:
        """Return the repair by the rule of a cause; `key` tells this case of it from every other."""
        action = cause_rule(asset, cause).action
        return Repair(partition, asset, action, f"{cause.replace(' ', '_')}:{asset}:{key}", reason)


def _crawls(action: Action) -> bool:
    return action in (Action.RECRAWL, Action.RECRAWL_MISSING, Action.RESUME)


def _may_crawl(source: Source, date: dt.date, now: dt.datetime) -> bool:
    try:
        check_date(source, date, now)
    except PermanentError:
        return False
    return True


def _newest_observations(store: Store, days: list[dt.date]) -> dict[tuple[dt.date, str], dt.datetime]:
    rows = (
        store.tables.scan(PAGES)
        .filter(pl.col("date").is_in(days))
        .group_by("date", "source")
        .agg(pl.col("observed_at").max())
        .collect()
    )
    return {(date, source): at for date, source, at in rows.iter_rows()}
