"""What was extracted from a partition's pages: the good, the refused, and what a source leaves out.

What belongs here: counts that several formulas of records rest on. What does not: any threshold, and shares
of fields (stages/observe/completeness.py).
"""

import re

import polars as pl

from webdata_assets.checks.check import Subject
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.records import QUARANTINE, RECORDS

CLEAN_RULES = "^(?:language|quality:.*|pii|injection|duplicate)$"
"""Rules by which the `clean` section of a source file leaves valid records out."""
WANT_RULES = "^(?:missing|invalid):"
"""Rules by which a field's own declaration leaves records out that lack it."""


def records_of(subject: Subject) -> pl.DataFrame:
    """Return the partition's records."""
    return subject.rows_of(RECORDS)


def quarantine_of(subject: Subject) -> pl.DataFrame:
    """Return the partition's quarantine."""
    return subject.rows_of(QUARANTINE)


def refused(quarantine: pl.DataFrame) -> pl.DataFrame:
    """Return the rows about records and pages that are not valid."""
    return quarantine.filter(disposition="refused")


def left_out(quarantine: pl.DataFrame, rules: str = CLEAN_RULES) -> pl.DataFrame:
    """Return the rows about valid records that rules of this form leave out."""
    return quarantine.filter(disposition="filtered").filter(pl.col("rule").str.contains(rules))


def places(quarantine: pl.DataFrame) -> int:
    """Return the number of records and whole pages that rows of the quarantine are about."""
    return quarantine.select("url", "ordinal").n_unique() if quarantine.height else 0


def examined(subject: Subject) -> int:
    """Return the number of valid records that `clean` looked at: those kept, and those that it left out."""
    return records_of(subject).height + places(left_out(quarantine_of(subject)))


def content_pages(subject: Subject) -> pl.DataFrame:
    """Return `url` and `outcome` of the reached pages that extraction reads when they change.

    Binaries are none, nor are pages that `extract.pages` does not name.
    """
    pages = subject.rows_of(PAGES, columns=["url", "outcome", "role", "in_blobs"])
    reached = pl.col("outcome").is_in(["fetched", "unchanged"])
    content = pages.filter(reached & (pl.col("role") != "discovery") & ~pl.col("in_blobs"))
    pattern = subject.declared.extract.pages
    if pattern:
        is_wanted = [re.search(pattern, url) is not None for url in content["url"]]
        content = content.filter(pl.Series(is_wanted, dtype=pl.Boolean))
    return content.select("url", "outcome")
