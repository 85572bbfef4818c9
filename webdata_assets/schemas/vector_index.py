"""The vector index's manifest: which chunks the searchable index holds."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class VectorIndex(dy.Schema):
    """One chunk that the index holds."""

    chunk_id = dy.String(nullable=False)
    record_id = dy.String(nullable=False)
    source = columns.source_name()
    date = dy.Date(nullable=False)
    text_hash = columns.blake3_hash()
    model_id = dy.String(nullable=False)
    row_hash = columns.blake3_hash()
    """Of all that the index keeps of it but the vector: what else is shown of its record counts too."""


VECTOR_INDEX = Table(
    name="vector_index",
    schema=VectorIndex,
    description="The chunks of live, canonical records in the searchable index (vectors and full text).",
    key=("chunk_id",),
    partitioned=False,
    blocking_checks=(
        "schema",
        "unique_keys",
        "same_ids",
        "one_model",
        "same_vectors",
        "recall",
        "flagged_chunks",
    ),
)
