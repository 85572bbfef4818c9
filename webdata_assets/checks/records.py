"""Checks of records and quarantine: is every extracted thing there, whole and valid?"""

import re

import orjson
import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.records import QUARANTINE, RECORDS

SHOWN_CHARACTERS = 100
"""Of a crawled value that a detail quotes."""


def field_shares(records: pl.DataFrame, quarantine: pl.DataFrame, fields: list[str]) -> dict[str, float]:
    """Return, per field, the share of extracted records, good and refused, that have a value for it.

    Records that the source filters out do not count: they are valid, and nobody wants them.
    """
    of_records = _refused(quarantine).filter(pl.col("ordinal") >= 0)
    refused = of_records.unique(["url", "ordinal"], keep="first", maintain_order=True)["record"].to_list()
    total = records.height + len(refused)
    if total == 0:
        return {}
    refused_records = [orjson.loads(record) for record in refused]
    return {
        field: (
            _present(records, field)
            + sum(record.get(field) is not None for record in refused_records)
        )
        / total
        for field in fields
    }  # fmt: skip


def _present(records: pl.DataFrame, field: str) -> int:
    if field in records.columns:
        return records.height - records[field].null_count()
    return sum(orjson.loads(extra).get(field) is not None for extra in records["extra"])


def records_completeness(subject: Subject) -> Finding:
    """Compare each field's share with `expect.completeness`; the value is the field farthest below.

    A partition in which no page changed has nothing to compare and passes. One of which nothing is left,
    because every record lacked a field that the source drops records without, does not.
    """
    source = subject.declared
    wanted = source.expect.completeness
    quarantine = subject.rows_of(QUARANTINE)
    shares = field_shares(subject.rows, quarantine, list(wanted))
    if not shares:
        for_want = quarantine.filter(pl.col("rule").str.contains("^(?:missing|invalid):"))
        if subject.rows.is_empty() and for_want.height:
            rules = ", ".join(for_want["rule"].unique().sort())
            told = f"all {_places(for_want)} records were left out ({rules}); patch {source.name}'s extract"
            return Finding(False, value=0, detail=f"{told}, then the partition is replayed")
        return Finding(True, detail="nothing was extracted: no page changed" if wanted else None)
    short = {name: share for name, share in shares.items() if share < wanted[name]}
    worst = min(shares, key=lambda name: shares[name] - wanted[name])
    parts = []
    for name in sorted(short):
        rule = source.extract.fields.get(name)
        labels = [selector.label for selector in rule.from_] if rule else ["default extraction"]
        tried = ", ".join(labels) or "its fields, or extract.python"
        parts.append(f"{name} found in {shares[name]:.0%}, expected {wanted[name]:.0%} (selectors: {tried})")
    detail = None
    if parts:
        detail = f"{'; '.join(parts)}; patch {source.name}'s extract.fields, then the partition is replayed"
    return Finding(
        not short,
        value=shares[worst],
        threshold=wanted[worst],
        detail=detail,
        metrics={f"completeness_{name}": share for name, share in shares.items()},
    )


def valid_share(subject: Subject) -> Finding:
    """Compare valid records / (valid records + refused records and pages) with `expect.valid`.

    Filtered records are valid ones.
    """
    everything = subject.rows_of(QUARANTINE)
    quarantine = _refused(everything)
    refused = _places(quarantine)
    filtered = _places(everything) - refused
    valid = subject.rows.height + filtered
    total = valid + refused
    threshold = subject.declared.expect.valid
    if total == 0:
        return Finding(True, threshold=threshold)
    share = valid / total
    detail = None
    if share < threshold:
        rules = quarantine.group_by("rule").len().sort("len", "rule", descending=[True, False])
        detail = "refused by " + ", ".join(f"{rule} ({count})" for rule, count in rules.head(5).iter_rows())
        url, reason, found = quarantine.select("url", "reason", "value").row(0)
        detail += f"; first: {url}: {reason}" + (f", found {_in_one_line(found)}" if found else "")
    metrics = {"refused": float(refused), "filtered": float(filtered)}
    return Finding(share >= threshold, value=share, threshold=threshold, detail=detail, metrics=metrics)


def _refused(quarantine: pl.DataFrame) -> pl.DataFrame:
    return quarantine.filter(pl.col("disposition") == "refused")


def _places(quarantine: pl.DataFrame) -> int:
    """Return the number of records and whole pages that rows of the quarantine are about."""
    return quarantine.select("url", "ordinal").n_unique() if quarantine.height else 0


def _in_one_line(text: str) -> str:
    return " ".join(text.split())[:SHOWN_CHARACTERS]


def records_reconciliation(subject: Subject) -> Finding:
    """Return whether extracted = records + refused + filtered, and no changed content page vanished.

    Where a page holds one record, each fetched content page that is no binary has a record or a reason in
    quarantine.
    """
    quarantine = subject.rows_of(QUARANTINE)
    put_aside = quarantine.filter(pl.col("ordinal") >= 0)
    refused = _places(_refused(put_aside))
    filtered = _places(put_aside) - refused
    write = subject.store.ledger.newest_write(RECORDS, subject.partition)
    extracted = write.extracted if write and write.extracted is not None else -1
    lost = abs(extracted - subject.rows.height - refused - filtered)
    problems = []
    if lost:
        problems.append(
            f"extracted {extracted}, records {subject.rows.height}, refused {refused}, filtered {filtered}"
        )
    source = subject.declared
    if source.extract.items is None:
        pages = subject.rows_of(PAGES, columns=["url", "outcome", "role", "in_blobs"])
        is_content = (pl.col("outcome") == "fetched") & (pl.col("role") != "discovery") & ~pl.col("in_blobs")
        content = pages.filter(is_content)["url"]
        wanted = {url for url in content if not source.extract.pages or re.search(source.extract.pages, url)}
        vanished = len(wanted - set(subject.rows["url"]) - set(quarantine["url"]))
        lost += vanished
        if vanished:
            problems.append(f"{vanished} content pages left neither a record nor a reason")
    return Finding(lost == 0, value=lost, threshold=0, detail="; ".join(problems) or None)


CHECKS = (
    schema_check(RECORDS),
    unique_keys_check(RECORDS),
    Check(
        "completeness", RECORDS, "Per field: extracted records that have it / extracted records ≥ "
        "expect.completeness.", records_completeness,
    ),
    Check(
        "valid_share", RECORDS, "Valid records / (valid + refused) ≥ expect.valid; filtered ones are valid.",
        valid_share,
    ),
    Check(
        "reconciliation", RECORDS, "Extracted = records + refused + filtered, no content page vanished.",
        records_reconciliation,
    ),
    schema_check(QUARANTINE),
)  # fmt: skip
