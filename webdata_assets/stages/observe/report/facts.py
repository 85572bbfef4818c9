"""What a report is made from: frames and a few values, gathered elsewhere.

What belongs here: the names and columns of the facts. What does not: reading them (store/report_facts.py),
and what is shown of them.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from webdata_assets.stages.observe.failed_partitions import Inventory


@dataclass(frozen=True)
class SourceFacts:
    """What a source file says of when its data are due.

    Attributes:
        name: the source's.
        start: the first date that it has.
        end: the last date that it has, if it has one.
        cadence_hours: how often fresh data are due.
        max_age_hours: age at which its newest observation is stale.
        is_scheduled: whether a schedule crawls it.
    """

    name: str
    start: dt.date
    end: dt.date | None
    cadence_hours: float
    max_age_hours: float
    is_scheduled: bool


@dataclass(frozen=True)
class Reasons:
    """Why URLs and records were put aside, in some newest days.

    Attributes:
        days: how many.
        quarantine: `rule`, `disposition`, `rows`, `sources`, `date` (the newest), the most frequent first.
        dead_letters: `reason`, `failure_domain`, `rows`, `sources`, `date`, the most frequent first.
        quarantined: rows in all.
        dead: rows in all.
    """

    days: int
    quarantine: pl.DataFrame
    dead_letters: pl.DataFrame
    quarantined: int
    dead: int


@dataclass(frozen=True)
class Facts:
    """Everything that a report tells.

    Attributes:
        now: the moment of the report, in UTC.
        since: the first date that it looks at.
        until: the last one.
        sources: by name; those of no file any more are known from what is stored.
        states: by partitioned table, in the order of the graph: columns of `Ledger.states`, from `since` on.
        verdicts: likewise, columns of `Ledger.all_newest_verdicts`.
        tables: one row per unpartitioned table: `table`, `rows`, `at`, `failed`, `missing`, `admitted`.
        inventory: the partitions that are left failed, of all dates.
        reasons: of quarantine and dead letters.
        corpus_records: rows of the corpus; None while there is none.
        duplicates: records that nearly repeat an older one.
        clusters: groups of such records.
        monitoring: rows of the table.
        models: the registry, without evaluations, by moment of training.
        releases: every promoted pair, by number.
        deliveries: rows of the table.
        service_levels: rows of the table `slo`.
        alerts: that are open.
        proposals: of selectors, that await a person.
    """

    now: dt.datetime
    since: dt.date
    until: dt.date
    sources: tuple[SourceFacts, ...]
    states: Mapping[str, pl.DataFrame]
    verdicts: Mapping[str, pl.DataFrame]
    tables: pl.DataFrame
    inventory: Inventory
    reasons: Reasons
    corpus_records: int | None
    duplicates: int
    clusters: int
    monitoring: pl.DataFrame
    models: pl.DataFrame
    releases: pl.DataFrame
    deliveries: pl.DataFrame
    service_levels: pl.DataFrame
    alerts: pl.DataFrame
    proposals: pl.DataFrame

    @property
    def date(self) -> dt.date:
        """The day of the report, in UTC."""
        return self.now.date()

    @property
    def partitions(self) -> int:
        """How many partitions are stored, of the dates that the report looks at."""
        stored = [frame.select("date", "source") for frame in self.states.values()]
        return pl.concat(stored).n_unique() if stored else 0
