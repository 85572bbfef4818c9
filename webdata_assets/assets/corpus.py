"""The corpus asset: the current state of every record."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.tables import table
from webdata_assets.resources import StoreResource
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.corpus.corpus import build_corpus
from webdata_assets.store.outdated import require_judged


@dg.asset(name="corpus", **describe(CORPUS, kinds={"polars"}, code_version="3"))
def corpus(
    records: pl.LazyFrame, pages: pl.LazyFrame, near_duplicates: pl.DataFrame, store: StoreResource
) -> dg.Output[pl.DataFrame]:
    """Newest admitted version of each record; tombstones for pages that are gone.

    A partition counts as a whole: while its records are not admitted, its pages make nothing gone either.
    """
    opened = store.open()
    require_judged(opened)
    extracted = opened.ledger.admitted(RECORDS).select("date", "source")
    counted = pages.join(extracted.lazy(), on=["date", "source"], how="semi")
    rows = build_corpus(records, counted, near_duplicates)
    return output(
        CORPUS,
        rows,
        {
            "live": rows.filter(pl.col("state") == "live").height,
            "gone": rows.filter(pl.col("state") == "gone").height,
            "duplicates": rows["duplicate_of"].is_not_null().sum(),
            **table("by_source", _by_source(rows)),
        },
    )


def _by_source(rows: pl.DataFrame) -> pl.DataFrame:
    is_live = pl.col("state") == "live"
    counts = rows.group_by("source").agg(
        live=is_live.sum(),
        gone=(~is_live).sum(),
        duplicates=pl.col("duplicate_of").is_not_null().sum(),
        newest_date=pl.col("date").max(),
    )
    return counts.sort("source")
