"""Two versions of the same records → which fields differ, and how alike the texts are.

What belongs here: comparing field by field. What does not: finding the versions (detect.py).
"""

import orjson
import polars as pl

from webdata_assets.stages.changes.similarity import text_similarity
from webdata_assets.stages.clean.columns import CONTENT_COLUMNS

_OF_PREVIOUS = "_previous"


def compare_fields(current: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """Return `record_id`, `changed_fields` and `text_similarity` of records that both frames hold.

    Args:
        current: rows of the records table.
        previous: the earlier version of each.

    Raises:
        ValueError: a record that one of them lacks, which is a bug of the caller.
    """
    columns = ["record_id", *CONTENT_COLUMNS, "extra"]
    pairs = current.select(columns).join(
        previous.select(columns), on="record_id", how="inner", suffix=_OF_PREVIOUS, validate="1:1"
    )
    if not pairs.height == current.height == previous.height:
        raise ValueError(f"{current.height} records, {previous.height} versions, {pairs.height} pairs")
    differing = pairs.select(
        "record_id",
        pl.concat_list(
            pl.when(pl.col(name).ne_missing(pl.col(name + _OF_PREVIOUS))).then(pl.lit(name))
            for name in CONTENT_COLUMNS
        )
        .list.drop_nulls()
        .alias("columns"),
    )
    extra = [_differing_keys(*both) for both in pairs.select("extra", "extra" + _OF_PREVIOUS).iter_rows()]
    alike = [text_similarity(*both) for both in pairs.select("text", "text" + _OF_PREVIOUS).iter_rows()]
    return differing.select(
        "record_id",
        pl.concat_list("columns", pl.Series("extra", extra, dtype=pl.List(pl.String))).alias(
            "changed_fields"
        ),
        pl.Series("text_similarity", alike, dtype=pl.Float64),
    )


def _differing_keys(one: str, other: str) -> list[str]:
    if one == other:
        return []
    after, before = orjson.loads(one), orjson.loads(other)
    missing = object()
    return [
        f"extra.{key}"
        for key in sorted({*after, *before})
        if after.get(key, missing) != before.get(key, missing)
    ]
