"""How many of the extracted records have a field, and how many should.

What belongs here: shares of fields. What does not: thresholds with their origin, and verdicts (checks/).
"""

from collections.abc import Sequence

import orjson
import polars as pl

from webdata_assets.sources.expect import Expect
from webdata_assets.stages.observe.anomaly import counting_noise


def field_shares(records: pl.DataFrame, quarantine: pl.DataFrame, fields: Sequence[str]) -> dict[str, float]:
    """Return, per field, the share of extracted records, good and refused, that have a value for it.

    Records that the source filters out do not count: they are valid, and nobody wants them.
    """
    refused = refused_records(quarantine)["record"].to_list()
    total = records.height + len(refused)
    if total == 0:
        return {}
    refused_values = [orjson.loads(record) for record in refused]
    return {
        field: (
            int(present(records, field).sum())
            + sum(record.get(field) is not None for record in refused_values)
        )
        / total
        for field in fields
    }  # fmt: skip


def refused_records(quarantine: pl.DataFrame) -> pl.DataFrame:
    """Return one row of the quarantine for each refused record; pages that gave none are not among them."""
    of_records = quarantine.filter((pl.col("disposition") == "refused") & (pl.col("ordinal") >= 0))
    return of_records.unique(["url", "ordinal"], keep="first", maintain_order=True)


def present(records: pl.DataFrame, field: str) -> pl.Series:
    """Return, for each record, whether it has a value for a field, in a column of its own or in `extra`."""
    if field in records.columns:
        return records[field].is_not_null()
    return pl.Series(
        [orjson.loads(extra).get(field) is not None for extra in records["extra"]], dtype=pl.Boolean
    )


def least_share(expect: Expect, field: str, before: float | None, records: int) -> float | None:
    """Return the least share of a field: the source's own, else what it was before less what it may fall.

    That is the allowed drop, or what counting so few records that lack it may vary.

    Args:
        before: the share that it is compared with; None where there is none.
        records: of which the share is.
    """
    if field in expect.completeness:
        return expect.completeness[field]
    if before is None or not records:
        return None
    noise = expect.deviation * counting_noise((1 - before) * records) / records
    return max(0.0, before - max(expect.completeness_drop, noise))
