"""How much is known when the index is brought up to date, so that nothing unknown is deleted.

What belongs here: from admission to the scope of a sync. What does not: the sync itself (sync.py).
"""

from collections.abc import Collection

import polars as pl

_PARTITION = ("date", "source")


def refreshed_partitions(
    admitted_records: pl.DataFrame, embeddings: pl.DataFrame, declared: Collection[str]
) -> pl.DataFrame:
    """Return `date` and `source` of the partitions of which the index may delete chunks.

    These are the partitions whose records *and* embeddings are admitted now: where either failed, the corpus
    lacks records that may well be there. Of a source that is declared no more, nothing will be repaired.

    Args:
        admitted_records: `date` and `source` of the admitted partitions of records.
        embeddings: `date`, `source` and `admitted` of every partition of embeddings.
        declared: names of the sources that have a file.
    """
    whole = embeddings.filter("admitted").join(admitted_records, on=_PARTITION, how="semi")
    undeclared = embeddings.filter(~pl.col("source").is_in(list(declared)))
    return pl.concat([whole, undeclared]).select(_PARTITION).unique()


def current_embeddings(embeddings: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return the states of embeddings, not admitted where the records were written after them.

    Such embeddings may be of other texts than the corpus speaks of, as before something was redacted.

    Args:
        embeddings: `date`, `source`, `at` and `admitted` of every partition of embeddings.
        records: `date`, `source` and `at` of every partition of records.
    """
    written = records.select(*_PARTITION, records_at="at")
    is_behind = (pl.col("at") < pl.col("records_at")).fill_null(False)
    states = embeddings.join(written, on=_PARTITION, how="left", maintain_order="left")
    return states.with_columns(admitted=pl.col("admitted") & ~is_behind).drop("records_at")


def pending_records(corpus: pl.DataFrame, embeddings: pl.DataFrame) -> list[str]:
    """Return the ids of live records whose version in the corpus is not embedded, or not admitted, yet.

    Args:
        corpus: rows of the `corpus` table.
        embeddings: `date`, `source` and `admitted` of every partition of embeddings.
    """
    live = corpus.filter(pl.col("duplicate_of").is_null(), state="live")
    return live.join(embeddings.filter("admitted"), on=_PARTITION, how="anti")["record_id"].to_list()
