"""Checks of the quality report: the page is there and small, and no partition is left failed."""

from collections.abc import Sequence

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.inventory import failed_partitions
from webdata_assets.checks.limits import Limit
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.quality_report import QUALITY_REPORT
from webdata_assets.store.reports import page_hash, read_report

MAX_BYTES = 1_000_000
"""Of the page: it opens at once, and goes by mail."""
NAMED = 10
"""Failed partitions that the standing check names."""


def rendered(subject: Subject) -> Finding:
    """The page that the newest row tells of is there, whole and small.

    Formula: bytes of the stored page < 1,000,000, and equal in number and BLAKE3 to those recorded.
    Default: 1 MB.
    Severity: blocks.
    Source: a choice of ours; what a browser opens without waiting, and mail servers take.
    """
    (limit,) = _size_limits(subject)
    newest = subject.rows.sort("date").row(-1, named=True)
    page = read_report(subject.store.location, newest["date"])
    detail = None
    if page is None:
        detail = f"{newest['path']} is not there; materialize quality_report again"
    elif (len(page), page_hash(page)) != (newest["bytes"], newest["page_hash"]):
        detail = f"{newest['path']} is not what was rendered; materialize quality_report again"
    elif len(page) >= MAX_BYTES:
        detail = f"{newest['path']} has {len(page):,} bytes"
    return Finding(
        detail is None,
        value=None if page is None else len(page),
        threshold=limit.value,
        detail=detail,
        origin=limit.origin,
    )


def no_failed_partitions(subject: Subject) -> Finding:
    """No partition is left failed: a standing check over the whole store.

    Formula: partitions of which a layer's blocking check failed on the newest data, or never ran on data
    written more than an hour ago, = 0. The count is exact; the detail names the newest with their recovery.
    Severity: warns.
    Source: the failed-partitions check of mitodl/ol-data-platform.
    """
    inventory = failed_partitions(subject.store, NAMED)
    lines = [
        f"{each.partition} {each.layer} ({', '.join(each.checks)}): {each.remedy}" for each in inventory.rows
    ]
    if inventory.total > len(lines):
        lines.append(f"and {inventory.total - len(lines)} more; see `webdata status`")
    return Finding(
        inventory.total == 0,
        value=inventory.total,
        threshold=0,
        detail="\n".join(lines) or None,
        metrics={f"failed_{layer}": float(count) for layer, count in inventory.by_layer.items()},
    )


def _size_limits(_subject: Subject) -> Sequence[Limit]:
    return (Limit(float(MAX_BYTES), "default", sense="<"),)


CHECKS = (
    schema_check(QUALITY_REPORT),
    unique_keys_check(QUALITY_REPORT),
    Check(
        "rendered", QUALITY_REPORT, f"Bytes of the stored page < {MAX_BYTES:,}, and as recorded.", rendered,
        _size_limits,
    ),
    Check(
        "no_failed_partitions", QUALITY_REPORT, "Partitions that are left failed = 0; the detail says how to "
        "recover each.", no_failed_partitions,
    ),
)  # fmt: skip
