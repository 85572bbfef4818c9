"""Gathering what the daily report tells: the ledger first, then a few columns of a few tables.

What belongs here: reading, with columns and dates pruned; never a payload, a record or a text. What does not:
what is made of it (stages/observe/report). It comes from the store alone, so that the report survives the
loss of Dagster's own database.
"""

import datetime as dt

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.monitoring import MONITORING
from webdata_assets.schemas.near_duplicates import NEAR_DUPLICATES
from webdata_assets.schemas.pages import DEAD_LETTERS
from webdata_assets.schemas.records import QUARANTINE
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.slo import SLO
from webdata_assets.schemas.table import Table
from webdata_assets.sources.registry import Registry
from webdata_assets.stages.observe.failed_partitions import take_inventory
from webdata_assets.stages.observe.report.facts import Facts, Reasons, SourceFacts
from webdata_assets.store.alerts import open_alerts
from webdata_assets.store.selector_proposals import current_proposals
from webdata_assets.store.store import Store

DAYS = 90
"""Dates that a report looks back."""
REASON_DAYS = 7
"""Dates whose quarantine and dead letters are read: each partition of them is a file to open."""
MAX_REASONS = 25
_MODEL_COLUMNS = (
    "version", "metric", "score", "score_low", "score_high", "baseline_score", "promotable", "reason",
    "train_rows", "trained_at",
)  # fmt: skip


def gather(store: Store, registry: Registry, now: dt.datetime, *, days: int = DAYS) -> Facts:
    """Return what a report of the moment `now` tells.

    Args:
        store: admitted or not, everything counts: what is not admitted is what a report is about.
        registry: the declared sources; those of no file any more are told from what is stored.
        now: in UTC.
        days: how many dates to look back.
    """
    partitioned = [table for table in TABLES.values() if table.partitioned]
    everything = {
        table.name: (store.ledger.states(table), store.ledger.all_newest_verdicts(table))
        for table in partitioned
    }
    since, until = _window(registry, everything, now.date(), days)
    recent = pl.col("date").is_between(since, until)
    states = {name: found.filter(recent) for name, (found, _) in everything.items()}
    duplicates = store.tables.scan(NEAR_DUPLICATES).select(
        records=pl.len(), clusters=pl.col("duplicate_of").n_unique()
    )
    records, clusters = duplicates.collect().row(0)
    return Facts(
        now=now,
        since=since,
        until=until,
        sources=_sources(registry, states),
        states=states,
        verdicts={name: found.filter(recent) for name, (_, found) in everything.items()},
        tables=_tables(store),
        inventory=take_inventory(everything, now),
        reasons=_reasons(store, until),
        corpus_records=_rows(store, CORPUS),
        duplicates=records,
        clusters=clusters,
        monitoring=store.tables.read(MONITORING),
        models=store.tables.scan(MODEL).select(_MODEL_COLUMNS).sort("trained_at").collect(),
        releases=store.tables.read(RELEASE),
        deliveries=store.tables.read(DELIVERY),
        service_levels=store.tables.read(SLO),
        alerts=open_alerts(store),
        proposals=current_proposals(store, registry),
    )


def _window(
    registry: Registry,
    everything: dict[str, tuple[pl.DataFrame, pl.DataFrame]],
    today: dt.date,
    days: int,
) -> tuple[dt.date, dt.date]:
    """Return the first and the last date to look at: up to today where a schedule makes data due.

    Without one, up to the newest stored date: data of past dates are told as well as those of today. It
    begins at the oldest stored date where that is later than `days` ago.
    """
    dates = pl.concat([states["date"] for states, _ in everything.values()]).drop_nulls()
    dates = dates.filter(dates <= today)
    is_scheduled = any(source.schedule is not None for source in registry.enabled.values())
    oldest, newest = dates.min(), dates.max()
    if not isinstance(oldest, dt.date) or not isinstance(newest, dt.date):
        return today, today
    until = today if is_scheduled else newest
    return min(until, max(until - dt.timedelta(days=days - 1), oldest)), until


def _sources(registry: Registry, states: dict[str, pl.DataFrame]) -> tuple[SourceFacts, ...]:
    """Return the enabled sources, and those that are stored and declared no more, by name."""
    found = {
        name: SourceFacts(
            name=name,
            start=source.start,
            end=source.end,
            cadence_hours=source.cadence_hours,
            max_age_hours=source.max_age_hours,
            is_scheduled=source.schedule is not None,
        )
        for name, source in registry.enabled.items()
    }
    stored = pl.concat([frame.select("source", "date") for frame in states.values()])
    for name, first, last in stored.group_by("source").agg(
        pl.col("date").min(), pl.col("date").max().alias("last")
    ).iter_rows():  # fmt: skip
        found.setdefault(name, SourceFacts(name, first, last, 24.0, 36.0, is_scheduled=False))
    return tuple(found[name] for name in sorted(found))


def _tables(store: Store) -> pl.DataFrame:
    """Return the state of each unpartitioned table that was ever written, in the order of the graph."""
    states = [
        store.ledger.states(table).select(
            pl.lit(table.name).alias("table"), "rows", "at", "failed", "missing", "admitted"
        )
        for table in TABLES.values()
        if not table.partitioned
    ]
    return pl.concat(states)


def _rows(store: Store, table: Table) -> int | None:
    write = store.ledger.newest_write(table, None)
    return None if write is None else write.rows


def _reasons(store: Store, until: dt.date) -> Reasons:
    # values, and not a comparison, tell the scan which partitions' files to open
    dates = [until - dt.timedelta(days=back) for back in range(REASON_DAYS)]
    quarantine = _counted(store, QUARANTINE, ("rule", "disposition"), dates)
    dead_letters = _counted(store, DEAD_LETTERS, ("reason", "failure_domain"), dates)
    return Reasons(
        days=REASON_DAYS,
        quarantine=quarantine.head(MAX_REASONS),
        dead_letters=dead_letters.head(MAX_REASONS),
        quarantined=int(quarantine["rows"].sum()),
        dead=int(dead_letters["rows"].sum()),
    )


def _counted(store: Store, table: Table, by: tuple[str, str], dates: list[dt.date]) -> pl.DataFrame:
    """Return how often each reason occurs on dates: `rows`, `sources`, and the newest `date`."""
    return (
        store.tables.scan(table)
        .filter(pl.col("date").is_in(dates))
        .group_by(by)
        .agg(rows=pl.len(), sources=pl.col("source").n_unique(), date=pl.col("date").max())
        .sort("rows", *by, descending=[True, False, False])
        .collect()
    )
