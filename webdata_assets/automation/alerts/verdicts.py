"""Causes that verdicts of checks tell: failed blocking checks, hosts and proxies that are down, the model.

What belongs here: which failed check is which kind of cause. What does not: what is done about it
(automation/rules.py), and formulas (checks/).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import orjson
import polars as pl

from webdata_assets.automation.alerts.cause import Cause, Kind, about, written
from webdata_assets.errors import FailureDomain
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.schemas.pages import PAGES
from webdata_assets.store import Store

FINISHED = ("pages", "finished")
"""Fails while a crawl is paused. Blocks nobody, and tells which host, or that no proxy, can be asked."""

POOL = ("frontier", "proxies_healthy")
"""Fails when too few proxies answer before a crawl."""

WATCHED = (
    FINISHED,
    ("monitoring", "drifted_share"),
    ("monitoring", "domain_auc"),
    ("monitoring", "champion_score"),
)
"""(table, check) of checks that keep nobody out and are told all the same."""

KINDS: dict[tuple[str, str], Kind] = {
    POOL: "proxies_empty",
    ("model", "score_floor"): "model_held_back",
    ("monitoring", "drifted_share"): "model_held_back",
    ("monitoring", "domain_auc"): "model_held_back",
    ("monitoring", "champion_score"): "model_held_back",
}
"""(table, check) → kind; any other failed check is a `check_failed`, and one of deliveries halts them."""

DOMAINS: dict[str, FailureDomain] = {
    "frontier": FailureDomain.TARGET,
    "pages": FailureDomain.TARGET,
    "dead_letters": FailureDomain.TARGET,
    "training_set": FailureDomain.MODEL,
    "model": FailureDomain.MODEL,
    "release": FailureDomain.MODEL,
    "monitoring": FailureDomain.MODEL,
    "vector_index": FailureDomain.SINK,
    "delivery": FailureDomain.SINK,
}
"""Table → whose fault its failed checks are; of the others it is the content's."""

_WRITE = ["asset", "date", "source", "data_version"]
NO_PROXY = "no proxy is healthy"
_METRICS = 6


def newest_verdicts(store: Store) -> pl.DataFrame:
    """Return the newest verdict of every check that is told, on any write of its partition.

    A partition that is being written again has no verdict on the new write yet: what was wrong with the last
    one is over only when a newer verdict says so. `written_at` is when the judged rows were written.
    """
    # a check that no longer exists gives no verdict that could end it
    told = [
        {"asset": name, "check": check}
        for name, table in TABLES.items()
        for check in {*table.blocking_checks, *(each for at, each in WATCHED if at == name)}
    ]
    entries = store.tables.scan(CHECK_RESULTS)
    written = entries.filter(pl.col("check") == MATERIALIZED).group_by(*_WRITE).agg(written_at=pl.max("at"))
    return (
        entries.filter(pl.col("check") != MATERIALIZED)
        .select(
            *_WRITE, "check", "passed", "severity", "blocking", "value", "threshold", "metrics", "detail",
            "at",
        )
        .join(pl.LazyFrame(told), on=["asset", "check"], how="semi")
        .sort("at")
        .group_by("asset", "check", "date", "source")
        .last()
        .join(written, on=_WRITE, how="left", nulls_equal=True)
        .collect()
    )  # fmt: skip


def verdict_causes(
    store: Store, verdicts: pl.DataFrame, enabled: Collection[str], known: Collection[str]
) -> list[Cause]:
    """Return the causes that newest verdicts tell, in order of partition.

    Args:
        verdicts: as `newest_verdicts` returns them.
        enabled: names of the sources that count.
        known: names of causes that were told already; others are looked into more closely.
    """
    of_enabled = pl.col("source").is_null() | pl.col("source").is_in(list(enabled))
    verdicts = verdicts.filter(of_enabled)
    paused = list(_paused(verdicts))
    waiting = {cause.source for cause in paused}
    failed = verdicts.filter(
        ~pl.col("passed"),
        ((pl.col("severity") == "ERROR") & pl.col("blocking")) | (pl.col("asset") == "monitoring"),
    ).sort("date", "source", "asset", "check", nulls_last=True)
    found = {cause.cause: cause for cause in paused}
    pools = dict(_newest_of_source(verdicts, POOL).select("source", "date").iter_rows())
    for row in failed.iter_rows(named=True):
        if (row["asset"], row["check"]) == POOL and row["date"] != pools[row["source"]]:
            continue  # the pool is the source's: an older date, that nobody crawls, says nothing of it
        if row["asset"] == PAGES.name and row["source"] in waiting and _is_of_a_pause(row, verdicts):
            continue  # what a pause leaves incomplete is told once, with the pause
        cause = _failed(store, row, known)
        found.setdefault(cause.cause, cause)
    return list(found.values())


def _paused(verdicts: pl.DataFrame) -> Iterator[Cause]:
    """Sources whose newest crawl, of whatever date, was left unfinished."""
    newest = _newest_of_source(verdicts, FINISHED)
    for row in newest.filter(~pl.col("passed")).sort("source").iter_rows(named=True):
        partition, reason = Partition(row["date"], row["source"]), row["detail"] or ""
        no_proxy = NO_PROXY in reason
        kind: Kind = "proxies_empty" if no_proxy else "breaker_open"
        yield Cause(
            cause=f"{kind}:{partition.source}",
            kind=kind,
            date=partition.date,
            source=partition.source,
            failure_domain=FailureDomain.ACCESS if no_proxy else FailureDomain.TARGET,
            title=f"{about(partition)}: crawl paused, {'no proxy answers' if no_proxy else 'a host is down'}",
            body=written(
                f"{row['value'] or 0:.0f} URLs were left for the next run: {reason}",
                "What was fetched goes on downstream; the crawl is gone on with by itself.",
            ),
        )


def _newest_of_source(verdicts: pl.DataFrame, check: tuple[str, str]) -> pl.DataFrame:
    """Return the verdict on each source's newest write: it is newer than one on an old write judged again."""
    of_check = verdicts.filter(asset=check[0], check=check[1])
    return of_check.sort("written_at", "at").group_by("source", maintain_order=True).last()


def _is_of_a_pause(row: Mapping[str, Any], verdicts: pl.DataFrame) -> bool:
    of_same_write = verdicts.filter(
        asset=FINISHED[0], check=FINISHED[1], date=row["date"], source=row["source"],
        data_version=row["data_version"],
    )  # fmt: skip
    return of_same_write.height > 0 and not of_same_write.item(0, "passed")


def _failed(store: Store, row: Mapping[str, Any], known: Collection[str]) -> Cause:
    asset, check = row["asset"], row["check"]
    partition = Partition(row["date"], row["source"]) if row["source"] is not None else None
    default: Kind = "delivery_halted" if asset == "delivery" else "check_failed"
    kind = KINDS.get((asset, check), default)
    if kind == "proxies_empty" and partition is not None:
        name = f"proxies_empty:{partition.source}"
    else:
        name = f"check:{asset}.{check}:{partition.key if partition else ''}"
    domain: FailureDomain | None = DOMAINS.get(asset, FailureDomain.PARSE)
    visits = ""
    if kind == "proxies_empty":
        domain = FailureDomain.ACCESS
    elif asset == PAGES.name and partition is not None and name not in known:
        domain, visits = _failed_visits(store, partition, domain)
    return Cause(
        cause=name,
        kind=kind,
        date=row["date"],
        source=row["source"],
        failure_domain=domain,
        title=f"{about(partition)}: {asset}.{check} failed",
        body=written(_compared(row), _numbers(row["metrics"]), visits, _effect(asset, row["blocking"])),
    )


def _compared(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return ""
    limit = "" if row["threshold"] is None else f", threshold {row['threshold']:.4g}"
    return f"value {row['value']:.4g}{limit}"


def _numbers(metrics: str | None) -> str:
    """Return the check's further numbers; their names are ours, or of a source's fields."""
    pairs: dict[str, float] = orjson.loads(metrics) if metrics else {}
    shown = [f"{name} {value:.4g}" for name, value in pairs.items() if value is not None]
    return ", ".join(shown[:_METRICS])


def _effect(asset: str, blocking: bool) -> str:
    if asset == "monitoring":
        return "The champion stays in use; the task's rules say whether a new model is trained."
    if asset == "model":
        return "No new model comes into use."
    if asset == "delivery":
        return "Deliveries are halted: readers keep what they have."
    return "Nothing downstream reads it until the check passes." if blocking else ""


def _failed_visits(
    store: Store, partition: Partition, otherwise: FailureDomain | None
) -> tuple[FailureDomain | None, str]:
    """Return what most failed visits of a partition failed for, and their counts by status."""
    counts = (
        store.tables.scan_partition(PAGES, partition)
        .with_columns(failure_domain=pl.coalesce("failure_domain", _forbidden()))
        .filter(pl.col("failure_domain").is_not_null())
        .group_by("failure_domain", "http_status")
        .len()
        .sort("len", "failure_domain", "http_status", descending=[True, False, False])
        .collect()
    )
    if counts.is_empty():
        return otherwise, ""
    by_domain = counts.group_by("failure_domain").agg(pl.col("len").sum())
    most = by_domain.sort("len", "failure_domain", descending=[True, False]).item(0, "failure_domain")
    words = [
        f"{count} {domain}" + (f" (status {status})" if status else "")
        for domain, status, count in counts.head(_METRICS).iter_rows()
    ]
    return FailureDomain(most), f"visits that reached nothing: {', '.join(words)}"


def _forbidden() -> pl.Expr:
    """The domain of visits that robots.txt forbade, which are skipped, not failed."""
    by_robots = (pl.col("outcome") == "skipped") & pl.col("reason").str.contains("robots.txt", literal=True)
    return pl.when(by_robots).then(pl.lit(FailureDomain.ACCESS.value))
