"""Checks that every table has: its schema's rules, and unique keys."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.schemas import Table


def schema_check(table: Table) -> Check:
    """Return the check that rows break no rule of the table's schema class."""
    return Check(
        "schema", table, "Rows that break a type, null or row rule of the schema = 0.", _rows_break_no_rule
    )


def unique_keys_check(table: Table) -> Check:
    """Return the check that no key occurs twice."""
    return Check(
        "unique_keys", table, f"Rows minus distinct values of {', '.join(table.key)} = 0.", _keys_are_unique
    )


def _rows_break_no_rule(subject: Subject) -> Finding:
    """Rows are what the table says that they are.

    Formula: rows that break a type, null or row rule of the table's schema class = 0.
    Severity: blocks.
    Source: the data contract of each table; no threshold to choose.
    """
    _, failures = subject.table.schema.filter(subject.rows)
    broken = {str(rule): count for rule, count in failures.counts().items() if count}
    bad = subject.rows.height - _.height
    detail = "; ".join(f"{rule}: {count} rows" for rule, count in sorted(broken.items())) or None
    return Finding(bad == 0, value=bad, threshold=0, detail=detail)


def _keys_are_unique(subject: Subject) -> Finding:
    """A key names one row.

    Formula: rows − distinct values of the table's key = 0.
    Severity: blocks.
    Source: entity integrity of the relational model (Codd 1970).
    """
    key = list(subject.table.key)
    repeated = subject.rows.group_by(key).len().filter(pl.col("len") > 1)
    surplus = subject.rows.height - subject.rows.select(key).n_unique() if subject.rows.height else 0
    detail = None
    if surplus:
        detail = f"{repeated.height} keys occur more than once, such as {repeated.select(key).row(0)}"
    return Finding(surplus == 0, value=surplus, threshold=0, detail=detail)
