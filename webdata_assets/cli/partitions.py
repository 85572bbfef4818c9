"""`webdata run` and `webdata status`: one partition's run, and the state of all."""

import datetime as dt
from typing import Any

import polars as pl

from webdata_assets.errors import SourceFileError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES, Table
from webdata_assets.settings import Settings
from webdata_assets.store import Store

PARTITIONED = tuple(table for table in TABLES.values() if table.partitioned)


def run_partition(source: str, date: dt.date, *, replay: bool, missing: bool = False) -> dict[str, Any]:
    """Run one partition in this process and report each layer.

    Args:
        source: the source's name.
        date: the partition's.
        replay: from the stored payloads.
        missing: keep the stored pages, and request only what failed, was deferred or is missing.

    Returns:
        `partition`, `run_id`, `admitted`, `layers` (one row each) and `problems` (lines of text).

    Raises:
        PermanentError: there is no such source, it is not enabled, or it cannot be crawled for that date; or
            a source file is broken.
    """
    from webdata_assets.assets.kept_pages import MISSING_ONLY
    from webdata_assets.automation.jobs import CRAWL, REPLAY
    from webdata_assets.cli.demo_hosts import demo_hosts
    from webdata_assets.cli.instance import execute, open_instance
    from webdata_assets.definitions import build_defs
    from webdata_assets.sources.registry import load_sources
    from webdata_assets.stages.crawl.frontier import check_date

    settings = Settings()
    registry = load_sources(settings.sources, patches=settings.patches)
    declared = registry.get(source)
    if not declared.enabled:
        raise SourceFileError(
            f"source {source} is not enabled: write `enabled: true` in {registry.path_of(source)}"
        )
    if not replay:
        check_date(declared, date, dt.datetime.now(dt.UTC))
    partition = Partition(date, source)
    store = Store.of(settings)
    store.location.check_writable()
    with open_instance(settings) as instance, demo_hosts(declared, settings) as hosts:
        settings = settings.model_copy(update={"connect_to": {**hosts, **settings.connect_to}})
        outcome = execute(
            build_defs(settings=settings),
            instance,
            REPLAY if replay else CRAWL,
            partition=partition,
            tags=MISSING_ONLY if missing else None,
        )
    layers = [layer for table in PARTITIONED if (layer := _layer(store, table, partition))]
    problems = [f"{layer['layer']}: {layer['problem']}" for layer in layers if layer["problem"]]
    if outcome.error:
        problems.append(outcome.error)
    return {
        "partition": partition.key,
        "run_id": outcome.run_id,
        "admitted": outcome.success,
        "layers": layers,
        "problems": problems,
    }


def partition_states(source: str | None) -> dict[str, Any]:
    """Return counts of admitted, failed and unchecked partitions by layer, and a line per problem.

    Raises:
        PermanentError: the source is neither declared nor was it ever stored.
    """
    from webdata_assets.sources.registry import load_sources

    settings = Settings()
    store = Store.of(settings)
    counts, problems, stored = [], [], 0
    for table in PARTITIONED:
        states = store.ledger.states(table)
        if source:
            states = states.filter(pl.col("source") == source)
        stored += states.height
        failed = states.filter(pl.col("failed").list.len() > 0)
        unchecked = states.filter(~pl.col("admitted") & (pl.col("failed").list.len() == 0))
        counts.append(
            {
                "layer": table.name,
                "admitted": states.filter("admitted").height,
                "failed": failed.height,
                "unchecked": unchecked.height,
                "rows": int(states["rows"].sum()),
            }
        )
        for row in failed.iter_rows(named=True):
            details = _details(store, table, Partition(row["date"], row["source"]), row["failed"])
            problems.append(f"{row['date']}|{row['source']} {table.name}: {details}")
        problems += [
            f"{row['date']}|{row['source']} {table.name}: not checked; run it again"
            for row in unchecked.iter_rows(named=True)
        ]
    if source and stored == 0:
        load_sources(settings.sources, patches=settings.patches).get(source)
    return {"counts": counts, "problems": problems}


def _layer(store: Store, table: Table, partition: Partition) -> dict[str, Any] | None:
    states = store.ledger.states(table).filter(
        (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
    )
    if states.height == 0:
        return None
    row = states.row(0, named=True)
    problem = None
    if row["failed"]:
        problem = _details(store, table, partition, row["failed"])
    elif row["missing"]:
        problem = f"not checked: {', '.join(sorted(row['missing']))}"
    return {"layer": table.name, "rows": row["rows"], "admitted": row["admitted"], "problem": problem}


def _details(store: Store, table: Table, partition: Partition, checks: list[str]) -> str:
    details = []
    for check in checks:
        verdicts = store.ledger.newest_verdicts(table, check).filter(
            (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
        )
        detail = verdicts.item(0, "detail") if verdicts.height else None
        details.append(f"{check} failed" + (f": {detail}" if detail else ""))
    return "; ".join(details)
