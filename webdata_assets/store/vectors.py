"""The cache of vectors: each text that any partition of any source ever had encoded, by model.

What belongs here: finding vectors by hash, and adding some. What does not: encoding, and whether a vector is
fit for use (stages/embed).

Rows are only ever added, each batch in one commit. Writers that race, and one that is killed, can leave a
text twice, never with a wrong vector.
"""

from dataclasses import dataclass

import polars as pl

from webdata_assets.schemas.vectors import VECTORS
from webdata_assets.store.tables import Tables

COMPACT_EVERY = 50
"""Commits after which small files are put together, so that looking up stays quick."""


@dataclass(frozen=True)
class StoredVectors:
    """The table `vectors` as the cache that embedding asks."""

    tables: Tables

    def known(self, model_id: str, hashes: pl.Series) -> pl.DataFrame:
        """Return `text_hash` and `vector`, as bytes, of the texts that the model has encoded; each once."""
        wanted = hashes.unique().implode()
        return (
            self.tables.scan(VECTORS)
            .filter((pl.col("model_id") == model_id) & pl.col("text_hash").is_in(wanted))
            .select("text_hash", "vector")
            .collect()
            .unique("text_hash", keep="any")
        )

    def add(self, model_id: str, vectors: pl.DataFrame) -> None:
        """Keep `text_hash` and `vector` of texts that the model has encoded, in one commit."""
        rows = vectors.select(pl.lit(model_id).alias("model_id"), "text_hash", "vector")
        if self.tables.append(VECTORS, rows) % COMPACT_EVERY == 0:
            self.tables.compact(VECTORS)
