"""What follows from the ledger's entries: states of partitions, and verdicts that count.

What belongs here: pure derivations over frames of `check_results`. What does not: reading and appending them
(ledger.py).
"""

from collections.abc import Mapping

import polars as pl

from webdata_assets.schemas import Table
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.stages.hashing import content_hash

_KEYS = ["date", "source"]


def keeps_nobody_out() -> pl.Expr:
    """Whether a verdict admits: it passed, or its check had too little to go by and only warns."""
    return pl.col("passed") | (pl.col("severity") == "WARN")


def newest_writes_of(entries: pl.DataFrame) -> pl.DataFrame:
    """Return the newest write of each partition: `date`, `source`, `data_version`, … and `at`."""
    return (
        entries.filter(pl.col("check") == MATERIALIZED)
        .sort("at")
        .group_by(_KEYS, maintain_order=True)
        .last()
        .select(*_KEYS, "data_version", "code_version", "rows", "past_version", "run_id", "at")
    )


def newest_verdicts_of(entries: pl.DataFrame) -> pl.DataFrame:
    """Return the newest verdict of each check on the newest write of each partition, by date and check.

    Args:
        entries: of one table.
    """
    writes = newest_writes_of(entries).select(*_KEYS, "data_version", written_at="at")
    return (
        entries.filter(pl.col("check") != MATERIALIZED)
        .join(writes, on=[*_KEYS, "data_version"], nulls_equal=True)
        .filter(pl.col("at") > pl.col("written_at"))
        .sort("at")
        .group_by(*_KEYS, "check", maintain_order=True)
        .last()
        .select(
            *_KEYS, "check", "passed", "severity", "blocking", "value", "threshold", "threshold_origin",
            "metrics", "detail", "data_version", "code_version", "at",
        )
        .sort(*_KEYS, "check")
    )  # fmt: skip


def states_of(entries: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return the state of every partition; columns as `Ledger.states` says.

    Args:
        entries: of that table.
    """
    required = pl.DataFrame({"check": table.blocking_checks}, schema={"check": pl.String})
    writes = newest_writes_of(entries)
    verdicts = newest_verdicts_of(entries.filter((pl.col("check") == MATERIALIZED) | pl.col("blocking")))
    by_check = writes.join(required, how="cross").join(
        verdicts.select(*_KEYS, "check", keeps_nobody_out().alias("passed"), judged_at="at"),
        on=[*_KEYS, "check"],
        how="left",
        nulls_equal=True,
    )
    by_partition = by_check.group_by(_KEYS).agg(
        failed=pl.col("check").filter(~pl.col("passed")).sort(),
        missing=pl.col("check").filter(pl.col("passed").is_null()).sort(),
        admitted=pl.col("passed").fill_null(False).all(),
        judged_at=pl.col("judged_at").max(),
    )
    return writes.join(by_partition, on=_KEYS, nulls_equal=True).sort(_KEYS)


def fingerprint_of(states: Mapping[str, pl.DataFrame]) -> str:
    """Return the BLAKE3 of the admitted partitions, with their data versions, of several tables."""
    admitted = pl.concat(
        states[name].filter("admitted").select(*_KEYS, "data_version").with_columns(asset=pl.lit(name))
        for name in sorted(states)
    )
    return content_hash(admitted, sort_by=["asset", *_KEYS])


def unmet_checks(entries: pl.DataFrame, table: Table) -> set[str]:
    """Return the blocking checks whose newest verdict among entries keeps readers out, or is missing.

    Args:
        entries: of one data version of an unpartitioned table.
    """
    verdicts = (
        entries.filter("blocking")
        .sort("at")
        .group_by("check", maintain_order=True)
        .last()
        .filter(keeps_nobody_out())
    )
    return set(table.blocking_checks) - set(verdicts["check"])
