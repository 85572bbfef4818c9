"""One formula on one stored partition.

What belongs here: finding a check in the catalogue and giving it a subject. What does not: assertions.
"""

import datetime as dt

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.check import Finding, Subject
from webdata_assets.partitions import Partition
from webdata_assets.sources.model import Source
from webdata_assets.store import Store
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
) -> Finding:
    """Evaluate a check of the catalogue on what is stored."""
    chosen = [
        each for step in STEPS.values() for each in step if (each.table.name, each.name) == (table, check)
    ]
    subject = Subject(
        table=chosen[0].table,
        partition=partition,
        source=(declared or source()) if partition else None,
        store=store,
        now=now,
    )
    return chosen[0].evaluate(subject)


def numbers(finding: Finding) -> tuple[bool, float | None, float | None]:
    return finding.passed, finding.value, finding.threshold
