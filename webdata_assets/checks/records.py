"""Checks of records and quarantine: is every extracted thing there, and valid?

What belongs here: what must hold of any extraction. What does not: single fields (completeness.py), the past
(volume.py), and what texts say (content.py).
"""

from collections.abc import Sequence

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.completeness import COMPLETENESS
from webdata_assets.checks.content import CONTENT
from webdata_assets.checks.extracted import content_pages, places, quarantine_of, refused
from webdata_assets.checks.limits import Limit, expected
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.checks.volume import RECORD_COUNT
from webdata_assets.schemas.records import QUARANTINE, RECORDS

SHOWN_CHARACTERS = 100
"""Of a crawled value that a detail quotes."""


def valid_limits(subject: Subject) -> Sequence[Limit]:
    """Return the least share of valid records."""
    return (expected(subject.declared.expect, "valid", sense="≥"),)


def valid_share(subject: Subject) -> Finding:
    """What was extracted is valid.

    Formula: valid records / (valid records + refused records and pages) ≥ `expect.valid`. Records that the
    source leaves out are valid ones.
    Default: 99 %.
    Severity: blocks.
    Source: the mostly-parameter of Great Expectations on all rules of a row at once; the house's default.
    """
    (limit,) = valid_limits(subject)
    assert limit.value is not None
    everything = quarantine_of(subject)
    quarantine = refused(everything)
    refused_count = places(quarantine)
    filtered = places(everything) - refused_count
    valid = subject.rows.height + filtered
    total = valid + refused_count
    if total == 0:
        return Finding(True, threshold=limit.value, origin=limit.origin)
    share = valid / total
    detail = None
    if share < limit.value:
        rules = quarantine.group_by("rule").len().sort("len", "rule", descending=[True, False])
        detail = "refused by " + ", ".join(f"{rule} ({count})" for rule, count in rules.head(5).iter_rows())
        url, reason, found = quarantine.select("url", "reason", "value").row(0)
        detail += f"; first: {url}: {reason}" + (f", found {_in_one_line(found)}" if found else "")
    return Finding(
        share >= limit.value,
        value=share,
        threshold=limit.value,
        origin=limit.origin,
        detail=detail,
        metrics={"refused": float(refused_count), "filtered": float(filtered)},
    )


def _in_one_line(text: str) -> str:
    return " ".join(text.split())[:SHOWN_CHARACTERS]


def records_reconciliation(subject: Subject) -> Finding:
    """Nothing that was extracted vanished.

    Formula: |extracted − records − refused − filtered| + changed content pages without a record or a reason
    in quarantine, where a page holds one record, = 0.
    Severity: blocks.
    Source: double-entry accounting of each step's rows; no threshold to choose.
    """
    quarantine = quarantine_of(subject)
    put_aside = quarantine.filter(pl.col("ordinal") >= 0)
    refused_count = places(refused(put_aside))
    filtered = places(put_aside) - refused_count
    write = subject.store.ledger.newest_write(RECORDS, subject.partition)
    extracted = write.extracted if write and write.extracted is not None else -1
    lost = abs(extracted - subject.rows.height - refused_count - filtered)
    problems = []
    if lost:
        problems.append(
            f"extracted {extracted}, records {subject.rows.height}, refused {refused_count}, "
            f"filtered {filtered}"
        )
    if subject.declared.extract.items is None:
        wanted = set(content_pages(subject).filter(outcome="fetched")["url"])
        vanished = len(wanted - set(subject.rows["url"]) - set(quarantine["url"]))
        lost += vanished
        if vanished:
            problems.append(f"{vanished} content pages left neither a record nor a reason")
    return Finding(lost == 0, value=lost, threshold=0, detail="; ".join(problems) or None)


CHECKS = (
    schema_check(RECORDS),
    unique_keys_check(RECORDS),
    COMPLETENESS,
    RECORD_COUNT,
    Check(
        "valid_share", RECORDS, "Valid records / (valid + refused) ≥ expect.valid; filtered ones are valid.",
        valid_share, valid_limits,
    ),
    Check(
        "reconciliation", RECORDS, "Extracted = records + refused + filtered, no content page vanished.",
        records_reconciliation,
    ),
    *CONTENT,
    schema_check(QUARANTINE),
)  # fmt: skip
