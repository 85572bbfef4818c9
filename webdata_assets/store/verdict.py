"""What the ledger takes and gives: one check's verdict, and one write.

What belongs here: the values. What does not: storing them, and what follows from them (ledger.py).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from webdata_assets.schemas.ledger import MATERIALIZED


@dataclass(frozen=True)
class Verdict:
    """What one check found on one partition.

    Attributes:
        check: the check's name.
        passed: whether the value meets the threshold.
        value: the number compared; None where nothing was to compare.
        threshold: the number it is compared with.
        detail: in words, what failed.
        blocking: whether a failure of severity `ERROR` keeps readers out.
        severity: `ERROR` or `WARN`; a blocking check that has too little to go by only warns.
        threshold_origin: where the threshold came from.
        metrics: further plain numbers.
    """

    check: str
    passed: bool
    value: float | None = None
    threshold: float | None = None
    detail: str | None = None
    blocking: bool = True
    severity: str = "ERROR"
    threshold_origin: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)

    def as_row(self) -> dict[str, Any]:
        """Return the columns of `check_results` that the verdict gives."""
        metrics = {name: float(value) for name, value in sorted(self.metrics.items())}
        return {
            "check": self.check,
            "passed": self.passed,
            "severity": self.severity,
            "blocking": self.blocking,
            "value": None if self.value is None else float(self.value),
            "threshold": None if self.threshold is None else float(self.threshold),
            "threshold_origin": self.threshold_origin,
            "metrics": orjson.dumps(metrics).decode() if metrics else None,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class Write:
    """The newest write of a partition, as the ledger knows it."""

    data_version: str
    code_version: str | None
    rows: int
    extracted: int | None
    run_id: str
    at: dt.datetime

    @classmethod
    def newest(cls, entries: pl.DataFrame) -> "Write | None":
        """Return the newest write among a partition's entries, or None when it was never written."""
        writes = entries.filter(pl.col("check") == MATERIALIZED).sort("at").tail(1)
        if writes.height == 0:
            return None
        row = writes.row(0, named=True)
        return cls(
            data_version=row["data_version"],
            code_version=row["code_version"],
            rows=row["rows"],
            extracted=None if row["value"] is None else int(row["value"]),
            run_id=row["run_id"],
            at=row["at"],
        )
