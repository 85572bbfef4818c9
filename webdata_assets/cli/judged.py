"""The work of `webdata checks`: the catalogue, effective thresholds, and judging what is stored.

What belongs here: bringing settings, store and checks together. What does not: printing (checks.py), and
judging itself (checks/judging.py).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.checks.check import Check, Finding
from webdata_assets.checks.judging import Judge, severity_of
from webdata_assets.checks.limits import Limit
from webdata_assets.errors import FailureDomain, NotAdmittedError, PermanentError, TransientError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES, Table
from webdata_assets.settings import Settings
from webdata_assets.store import Store

RUN_ID = "webdata checks run"
"""What the ledger names as the run of verdicts that no run found."""
ASKS_NETWORK = ("frontier", "proxies_healthy")
"""(table, check) of the check that looks at more than what is stored."""


def list_checks() -> list[dict[str, Any]]:
    """Return a row for each check of the catalogue, in the order of the graph."""
    return [
        {
            "asset": check.table.name,
            "check": check.name,
            "blocking": check.blocking,
            "formula": check.description,
        }
        for check in _catalogue()
    ]


def explain_checks(source: str, date: dt.date | None) -> dict[str, Any]:
    """Return every threshold that a partition would be judged by now, and those of what is made of all.

    Args:
        date: of the partition; the day after the newest one stored if None, or the source's first.

    Raises:
        PermanentError: there is no such source, or a source file or the task file is broken.
    """
    judge = _judge(Settings())
    declared = judge.sources.get(source)
    partition = Partition(date or _next_date(judge.store, source) or declared.start, source)
    rows = []
    for check in _catalogue():
        subject = judge.subject(check.table, partition if check.table.partitioned else None)
        rows += [_threshold(check, limit) for limit in check.limits(subject)]
    return {"partition": partition.key, "thresholds": rows}


def judge_again(source: str, date: dt.date | None, layer: str | None) -> list[dict[str, Any]]:
    """Judge the stored rows of partitions by today's thresholds; tell the ledger and Dagster.

    Args:
        source: the source's name.
        date: of the partition; every stored date, the oldest first, if None: later ones are compared with it.
        layer: the only one to judge; all that are stored if None.

    Returns:
        For each partition `partition`, `admitted` (every layer that was judged), `checks` (a row each) and
        `problems`.

    Raises:
        NotAdmittedError: nothing of the partition, or of the source, is stored.
        PermanentError: there is no such source or layer.
    """
    from webdata_assets.cli.instance import open_instance

    settings = Settings()
    judge = _judge(settings)
    judge.sources.get(source)
    tables = _tables(layer)
    partitions = [Partition(date, source)] if date else _stored_partitions(judge.store, source, tables)
    if not partitions:
        raise NotAdmittedError(f"nothing of {source} is stored; run it first")
    with open_instance(settings) as instance:
        return [_judge_partition(judge, instance, partition, tables) for partition in partitions]


def _judge_partition(
    judge: Judge, instance: dg.DagsterInstance, partition: Partition, tables: Sequence[Table]
) -> dict[str, Any]:
    from webdata_assets.checks.telling import tell_without_run

    stored = [table for table in tables if judge.store.ledger.newest_write(table, partition)]
    if not stored:
        raise NotAdmittedError(f"nothing of {partition.key} is stored; run it first")
    judged: list[tuple[Check, Finding]] = []
    problems = []
    for table in stored:
        checks = [check for check in _catalogue() if check.table == table]
        checks = [check for check in checks if not _is_of_its_time(judge.store, check, partition)]
        try:
            judged += judge.judge(checks, partition, run_id=RUN_ID)
        except (NotAdmittedError, TransientError) as error:
            problems.append(str(error))  # such as a write that died; the other layers are judged all the same
    told = tell_without_run(instance, judged, partition)
    left_out = [table.name for table in stored if not _is_admitted(judge.store, table, partition)]
    problems = [*(f"{name} is not admitted" for name in left_out), *problems]
    if told < len(judged):
        problems.append(f"Dagster does not know of {len(judged) - told} checks' materializations")
    return {
        "partition": partition.key,
        "admitted": not left_out,
        "checks": [_verdict(check, finding) for check, finding in judged],
        "problems": problems,
    }


def _is_of_its_time(store: Store, check: Check, partition: Partition) -> bool:
    """Whether a check asked the network before the crawl, and passed: now it would tell nothing of then."""
    if (check.table.name, check.name) != ASKS_NETWORK:
        return False
    found = store.ledger.newest_verdicts(check.table, check.name)
    return found.filter("passed", date=partition.date, source=partition.source).height > 0


def summary(reports: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each judged partition: whether it is admitted, and else why not."""
    return [
        {
            "partition": report["partition"],
            "admitted": report["admitted"],
            "problems": "; ".join(report["problems"]),
        }
        for report in reports
    ]


def _catalogue() -> list[Check]:
    from webdata_assets.checks.catalogue import STEPS

    order = list(TABLES)
    checks = [check for step in STEPS.values() for check in step]
    return sorted(checks, key=lambda check: order.index(check.table.name))


def _judge(settings: Settings) -> Judge:
    import asyncio

    from webdata_assets.resources import FetcherResource
    from webdata_assets.sources.registry import load_sources
    from webdata_assets.tasks.loading import load_task

    fetcher = FetcherResource.of(settings)
    return Judge(
        store=Store.of(settings),
        sources=load_sources(settings.sources, patches=settings.patches),
        now=dt.datetime.now(dt.UTC),
        task=load_task(settings.task),
        index_uri=settings.index,
        check_proxies=lambda source: asyncio.run(fetcher.check_proxies(source)),
    )


def _next_date(store: Store, source: str) -> dt.date | None:
    """Return the day after the newest date that is stored in any layer; None where nothing is."""
    dates = [
        newest
        for table in TABLES.values()
        if table.partitioned
        and (newest := store.ledger.states(table).filter(pl.col("source") == source)["date"].max())
    ]
    newest_date = max(dates, default=None)
    assert newest_date is None or isinstance(newest_date, dt.date)
    return newest_date + dt.timedelta(days=1) if newest_date else None


def _tables(layer: str | None) -> list[Table]:
    partitioned = {name: table for name, table in TABLES.items() if table.partitioned}
    if layer is not None and layer not in partitioned:
        raise PermanentError(
            f"there is no layer {layer!r} of partitions; known: {', '.join(partitioned)}",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return [partitioned[layer]] if layer else list(partitioned.values())


def _stored_partitions(store: Store, source: str, tables: Sequence[Table]) -> list[Partition]:
    dates = {date for table in tables for date in store.ledger.states(table).filter(source=source)["date"]}
    return [Partition(date, source) for date in sorted(dates)]


def _is_admitted(store: Store, table: Table, partition: Partition) -> bool:
    here = (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
    return store.ledger.admitted(table).filter(here).height > 0


def _threshold(check: Check, limit: Limit) -> dict[str, Any]:
    blocks = check.blocking and not limit.only_warns
    return {
        "asset": check.table.name,
        "check": check.name,
        "of": limit.of,
        "sense": limit.sense,
        "threshold": limit.value,
        "origin": limit.origin,
        "key": limit.key,
        "failure": "blocks" if blocks else "warns",
        "points": limit.points,
    }


def _verdict(check: Check, finding: Finding) -> dict[str, Any]:
    return {
        "asset": check.table.name,
        "check": check.name,
        "passed": finding.passed,
        "failure": "blocks" if severity_of(check, finding) == "ERROR" else "warns",
        "value": finding.value,
        "threshold": finding.threshold,
        "origin": finding.origin if finding.threshold is not None else None,
        "detail": finding.detail,
    }
