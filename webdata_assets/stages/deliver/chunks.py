"""Chunks to deliver: what the admitted state of the index holds of live, canonical records, vectors included.

What belongs here: from the index's rows to a sink's. What does not: records (rows.py), and what the index
holds (stages/index).
"""

import polars as pl

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.deliver.sink import ROW_HASH, Shape
from webdata_assets.stages.hashing import row_hashes
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA

CHUNKS = Shape("chunk_id", pl.Schema({**CHUNK_SCHEMA, ROW_HASH: pl.String()}))
"""What sinks with `content: chunks` are offered."""


def delivered_manifest(manifest: pl.DataFrame, corpus: pl.DataFrame) -> pl.DataFrame:
    """Return the manifest's rows that are to be delivered.

    The index keeps what it has of a partition that is not admitted any more, until it is repaired; sinks do
    not: of records that the corpus does not hold, no chunk is delivered.

    Args:
        manifest: rows of the `vector_index` table.
        corpus: rows of the `corpus` table.
    """
    live = corpus.filter(pl.col("duplicate_of").is_null(), state="live")
    return manifest.join(live, on="record_id", how="semi")


def chunk_rows(held: pl.DataFrame, manifest: pl.DataFrame, corpus: pl.DataFrame) -> pl.DataFrame:
    """Return the rows to deliver, of the schema of `CHUNKS`, by `chunk_id`.

    Args:
        held: rows of `CHUNK_SCHEMA` of the index's state that the manifest describes.
        manifest: rows of the `vector_index` table.
        corpus: rows of the `corpus` table.

    Raises:
        TransientError: the index does not hold what the manifest says.
    """
    wanted = delivered_manifest(manifest, corpus)
    rows = held.join(wanted, on=["chunk_id", "text_hash"], how="semi").select(CHUNK_SCHEMA.names())
    if rows.height != wanted.height:
        raise TransientError(
            f"the index holds {rows.height} of the {wanted.height} chunks that its manifest names; "
            "materialize vector_index again",
            failure_domain=FailureDomain.SINK,
        )
    rows = rows.cast(CHUNK_SCHEMA).sort("chunk_id")
    return rows.with_columns(row_hashes(rows)).select(CHUNKS.schema.names())
