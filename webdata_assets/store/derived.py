"""Rows that were made from records, as long as the records are still those, and still good.

What belongs here: leaving out what its records have left behind. What does not: making such rows (stages/).
"""

import polars as pl

from webdata_assets.schemas import Table
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.index.scope import current_embeddings
from webdata_assets.store.store import Store

_VERSION = ["record_id", "source", "date"]


def not_failed_since(corpus: pl.DataFrame, store: Store) -> pl.DataFrame:
    """Return the corpus's rows but for those of partitions that failed their checks after it was made.

    Partitions that are being written again stay as the corpus has them: they were admitted, and nothing says
    yet that they are not.

    Args:
        corpus: rows of the `corpus` table.
        store: whose ledger knows what failed.
    """
    failed = store.ledger.states(RECORDS).filter(pl.col("failed").list.len() > 0)
    return corpus.join(failed.select("source", "date"), on=["source", "date"], how="anti")


def current_rows(rows: pl.LazyFrame, table: Table, corpus: pl.DataFrame, store: Store) -> pl.DataFrame:
    """Return the rows about the versions of records that the corpus names.

    Partitions whose records were written again since are left out: until they have followed, their rows may
    be about other texts.

    Args:
        rows: of the admitted partitions of `table`.
        table: features or embeddings.
        corpus: rows of the `corpus` table.
        store: whose ledger knows when each was written.
    """
    states = current_embeddings(store.ledger.states(table), store.ledger.states(RECORDS))
    return (
        rows.join(corpus.lazy().select(_VERSION), on=_VERSION, how="semi")
        .join(states.lazy().filter("admitted"), on=["source", "date"], how="semi")
        .collect(engine="streaming")
    )
