"""`webdata backfill`: many partitions, one run each, all in this process.

What belongs here: which partitions, in which order, and how they went. What does not: one partition's run
(partitions.py), and repairs.
"""

import datetime as dt
import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from webdata_assets.automation.due import due_job, failed_checks
from webdata_assets.automation.jobs import CRAWL, REPLAY
from webdata_assets.errors import FailureDomain, PermanentError, SourceFileError
from webdata_assets.partitions import Partition
from webdata_assets.resources.extractor import ExtractorResource
from webdata_assets.settings import Settings
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry, load_sources
from webdata_assets.store import Store
from webdata_assets.store.ledger_snapshot import LedgerSnapshot

Which = Literal["due", "replay", "all"]
"""What is run: what is not admitted yet, stored pages again, or everything again."""


@dataclass(frozen=True)
class Row:
    """How one partition went.

    Attributes:
        job: that was run; None where none was.
        state: `admitted`, `failed`, or `left out`.
        why: what failed, or why nothing was run.
        seconds: of wall time.
    """

    partition: str
    job: str | None
    state: Literal["admitted", "failed", "left out"]
    why: str = ""
    seconds: float = 0.0

    def line(self) -> str:
        """Return it as a line for people."""
        what = f"{self.job}: {self.state} ({self.seconds:.1f} s)" if self.job else self.state
        return f"{self.partition} {what}" + (f"; {self.why}" if self.why else "")


def backfill(
    names: Sequence[str], first: dt.date, last: dt.date, which: Which, tell: Callable[[str], None]
) -> list[Row]:
    """Run the partitions of sources between two dates, both included; return how each went.

    Every partition has a run of its own, so that one that fails holds nobody else back, and Dagster shows the
    same as of a backfill from the UI. They share this process: starting one costs more than most runs. Dates
    come in order, since later ones compare with earlier ones. Ended early, it goes on where it was.

    Args:
        names: of sources; every enabled one if empty.
        first: the first date.
        last: the last date.
        which: what is run.
        tell: takes a line after each partition.

    Raises:
        PermanentError: CONFIGURATION, a source that is not there or not enabled, or dates in the wrong order.
    """
    from webdata_assets.cli.demo_hosts import demo_hosts
    from webdata_assets.cli.instance import execute, open_instance
    from webdata_assets.definitions import build_defs

    if last < first:
        raise PermanentError(
            f"--from {first} is after --to {last}; swap them", failure_domain=FailureDomain.CONFIGURATION
        )
    settings = Settings()
    sources = _chosen(load_sources(settings.sources, patches=settings.patches), names)
    store = Store.of(settings)
    store.location.check_writable()
    wanted = list(_partitions(sources, first, last))
    ledger = LedgerSnapshot.read(store.tables)
    rows: list[Row] = []
    ran: set[str] = set()
    with open_instance(settings) as instance, demo_hosts(sources.values(), settings) as hosts:
        settings = settings.model_copy(update={"connect_to": {**hosts, **settings.connect_to}})
        extractor = ExtractorResource.of(settings, kept=True)
        definitions = build_defs(settings=settings, resources={"extractor": extractor})
        # modules and definitions stay: no collection after a run needs to walk through them
        gc.freeze()
        for partition in wanted:
            job = {"due": due_job(ledger, partition), "replay": REPLAY, "all": CRAWL}[which]
            if job is None and partition.source in ran:
                # what ran is the past of this one
                ledger = LedgerSnapshot.read(store.tables)
                job = due_job(ledger, partition)
            row = _left_out(ledger, sources[partition.source], partition, job, store)
            if row is None:
                assert job is not None
                began = time.monotonic()
                outcome = execute(definitions, instance, job, partition=partition)
                ran.add(partition.source)
                why = "; ".join([*outcome.failed_checks, *filter(None, [outcome.error])])
                state: Literal["admitted", "failed"] = "admitted" if outcome.success else "failed"
                row = Row(partition.key, job, state, why, time.monotonic() - began)
            rows.append(row)
            tell(f"[{len(rows)}/{len(wanted)}] {row.line()}")
    return rows


def summary(rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    """Return the number of partitions and the seconds of each state."""
    states = sorted({row.state for row in rows})
    return [
        {
            "state": state,
            "partitions": sum(row.state == state for row in rows),
            "seconds": round(sum(row.seconds for row in rows if row.state == state), 1),
        }
        for state in states
    ]


def _chosen(registry: Registry, names: Sequence[str]) -> dict[str, Source]:
    if not names:
        return dict(registry.enabled)
    chosen = {name: registry.get(name) for name in dict.fromkeys(names)}
    for name, source in chosen.items():
        if not source.enabled:
            raise SourceFileError(
                f"source {name} is not enabled: write `enabled: true` in {registry.path_of(name)}"
            )
    return chosen


def _partitions(sources: Mapping[str, Source], first: dt.date, last: dt.date) -> Iterator[Partition]:
    for day in range((last - first).days + 1):
        date = first + dt.timedelta(days=day)
        yield from (Partition(date, name) for name in sorted(sources))


def _left_out(
    ledger: LedgerSnapshot, source: Source, partition: Partition, job: str | None, store: Store
) -> Row | None:
    """Return the row of a partition of which no run would make sense; None where one would."""
    from webdata_assets.schemas import TABLES
    from webdata_assets.stages.crawl.frontier import check_date

    if job is None:
        failed = failed_checks(ledger, partition)
        if failed:
            why = f"{', '.join(failed)} failed: mend the cause, then --replay or --all"
            return Row(partition.key, None, "failed", why)
        return Row(partition.key, None, "admitted", "already")
    if job == CRAWL:
        try:
            check_date(source, partition.date, dt.datetime.now(dt.UTC))
        except PermanentError as refused:
            return Row(partition.key, None, "left out", str(refused))
    elif store.ledger.newest_write(TABLES["pages"], partition) is None:
        return Row(partition.key, None, "left out", "no pages are stored: there is nothing to replay")
    return None
