"""One formula on one stored partition.

What belongs here: finding a check in the catalogue and giving it a subject. What does not: assertions.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.limits import Limit
from webdata_assets.partitions import Partition
from webdata_assets.settings import PACKAGED_SINKS
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.sinks.model import SinkFile
from webdata_assets.sources.model import Source
from webdata_assets.store import Store
from webdata_assets.tasks.model import Task
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import NOON, SHOP


def source(expect: dict[str, object] | None = None, **values: object) -> Source:
    """Return a source of two fields whose selectors have labels, with what it expects."""
    return Source.model_validate(
        {
            "name": "shop",
            "description": "A shop",
            "start": "2026-06-01",
            "fetch": {"discover": [{"by": "urls", "start": ["https://shop.example.com/0"]}]},
            "extract": {"kind": "product", "fields": {"title": "h1", "price": {"css": ".price"}}},
            "expect": expect or {},
            **values,
        }
    )


def judge(
    store: Store,
    table: str,
    check: str,
    *,
    partition: Partition | None = SHOP,
    declared: Source | None = None,
    now: dt.datetime = NOON,
    task: Task = samples.TASK,
    sinks: Mapping[str, SinkFile] | None = None,
) -> Finding:
    """Evaluate a check of the catalogue on what is stored; with the packaged sinks if none are given."""
    chosen = _find(table, check)
    subject = _subject(store, chosen, partition, declared, now, task)
    return chosen.evaluate(replace(subject, sinks=load_sinks(PACKAGED_SINKS) if sinks is None else sinks))


def limits(
    store: Store,
    table: str,
    check: str,
    *,
    partition: Partition | None = SHOP,
    declared: Source | None = None,
    now: dt.datetime = NOON,
    task: Task = samples.TASK,
) -> list[Limit]:
    """Return what a check of the catalogue would compare with."""
    chosen = _find(table, check)
    return list(chosen.limits(_subject(store, chosen, partition, declared, now, task)))


def _find(table: str, check: str) -> Check:
    checks = (each for step in STEPS.values() for each in step)
    return next(each for each in checks if (each.table.name, each.name) == (table, check))


def _subject(
    store: Store,
    check: Check,
    partition: Partition | None,
    declared: Source | None,
    now: dt.datetime,
    task: Task,
) -> Subject:
    declared = declared or source()
    return Subject(
        table=check.table,
        partition=partition,
        source=declared if partition else None,
        store=store,
        now=now,
        sources={declared.name: declared},
        task=task,
    )


def numbers(finding: Finding) -> tuple[bool, float | None, float | None]:
    return finding.passed, finding.value, finding.threshold
