"""The corpus asset: the current state of every record."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.stages.corpus.corpus import build_corpus


@dg.asset(name="corpus", **describe(CORPUS, kinds={"polars"}, code_version="2"))
def corpus(
    records: pl.LazyFrame, pages: pl.LazyFrame, near_duplicates: pl.DataFrame
) -> dg.Output[pl.DataFrame]:
    """Newest admitted version of each record; tombstones for pages that are gone."""
    rows = build_corpus(records, pages, near_duplicates)
    return output(
        CORPUS,
        rows,
        {
            "live": rows.filter(pl.col("state") == "live").height,
            "gone": rows.filter(pl.col("state") == "gone").height,
            "duplicates": rows["duplicate_of"].is_not_null().sum(),
        },
    )
