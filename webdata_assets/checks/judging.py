"""Judging what is stored: run formulas, and enter what they found into the ledger.

What belongs here: the one way in which a partition is judged, whoever asks, a check step or a command. What
does not: any formula, and telling Dagster (telling.py).
"""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.errors import NotAdmittedError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import Table
from webdata_assets.sinks.model import SinkFile
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry
from webdata_assets.stages.clean.normalise import clean_body
from webdata_assets.stages.crawl.http.proxies import ProxyHealth
from webdata_assets.store import Store
from webdata_assets.store.store import data_version
from webdata_assets.store.verdict import Verdict, Write
from webdata_assets.tasks.model import Task

TIMED_CHECK = "schema"
"""Its metrics tell `check_seconds`: what all checks of the table took together, reading its rows included."""


@dataclass(frozen=True)
class Judge:
    """What formulas are given beside the rows.

    Attributes:
        store: where the rows and the ledger are.
        sources: every declared source.
        now: the moment of the check, in UTC.
        task: what the model learns; needed for unpartitioned tables only.
        index_uri: where the searchable index is; in the store if empty.
        check_proxies: fetches a page through each proxy of a source.
        sinks: every enabled sink by name; needed for deliveries only.
        environ: holds the secrets with which sinks are opened.
    """

    store: Store
    sources: Registry
    now: dt.datetime
    task: Task | None = None
    index_uri: str = ""
    check_proxies: Callable[[Source], Sequence[ProxyHealth]] = field(default=lambda _source: ())
    sinks: Mapping[str, SinkFile] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def subject(self, table: Table, partition: Partition | None) -> Subject:
        """Return what the formulas of a table look at."""
        return Subject(
            table=table,
            partition=partition,
            source=self.sources.get(partition.source) if partition else None,
            store=self.store,
            now=self.now,
            index_uri=self.index_uri,
            sources=self.sources.all,
            task=self.task,
            check_proxies=self.check_proxies,
            sinks=self.sinks,
            environ=self.environ,
        )

    def judge(
        self, checks: Sequence[Check], partition: Partition | None, *, run_id: str
    ) -> list[tuple[Check, Finding]]:
        """Evaluate checks on what is stored, and enter their verdicts into the ledger, table by table.

        Rows are read once for all checks of a partition.

        Raises:
            NotAdmittedError: a table was never written, or its newest write never committed.
            PermanentError: the partition's source is not declared.
            TransientError: a table was written again meanwhile; nothing is entered about it.
        """
        by_table: dict[str, list[Check]] = defaultdict(list)
        for check in checks:
            by_table[check.table.name].append(check)
        reads: dict[str, pl.DataFrame] = {}
        judged = []
        for of_table in by_table.values():
            started = time.perf_counter()
            subject = replace(self.subject(of_table[0].table, partition), reads=reads)
            write = _require_newest_write(subject)
            found = [(check, _printable(check.evaluate(subject))) for check in of_table]
            seconds = time.perf_counter() - started
            found = [
                (check, _timed(finding, seconds) if check.name == TIMED_CHECK else finding)
                for check, finding in found
            ]
            self.store.ledger.record(
                subject.table,
                partition,
                [verdict_of(check, finding) for check, finding in found],
                run_id=run_id,
                judged=write,
            )
            judged += found
        return judged


def verdict_of(check: Check, finding: Finding) -> Verdict:
    """Return what the ledger keeps of a finding."""
    return Verdict(
        check=check.name,
        passed=finding.passed,
        value=finding.value,
        threshold=finding.threshold,
        detail=finding.detail,
        blocking=check.blocking,
        severity=severity_of(check, finding),
        threshold_origin=finding.origin if finding.threshold is not None else None,
        metrics=finding.metrics,
    )


def severity_of(check: Check, finding: Finding) -> Literal["ERROR", "WARN"]:
    """Return ERROR where a failure keeps readers out."""
    return "ERROR" if check.blocking and not finding.only_warns else "WARN"


def _require_newest_write(subject: Subject) -> Write:
    """Return the newest write; raise NotAdmittedError unless the stored rows are its rows.

    A run that died between entering its write and committing it leaves other rows: passing their checks would
    admit them under a version that was never stored.
    """
    write = subject.store.ledger.newest_write(subject.table, subject.partition)
    name = f"{subject.table.name} {subject.partition or ''}".rstrip()
    if write is None:
        raise NotAdmittedError(f"{name} was never materialized; materialize it first")
    if write.data_version != data_version(subject.table, subject.rows):
        raise NotAdmittedError(f"the newest write of {name} was never committed; materialize it again")
    return write


def _printable(finding: Finding) -> Finding:
    # Details quote crawled strings, whose control and bidirectional characters can disguise what is shown.
    return replace(finding, detail=clean_body(finding.detail)) if finding.detail else finding


def _timed(finding: Finding, seconds: float) -> Finding:
    return replace(finding, metrics={**finding.metrics, "check_seconds": seconds})
