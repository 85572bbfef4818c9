"""Embeddings: chunks of records with their vectors."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

DIMENSIONS = 384
"""Of all-MiniLM-L6-v2, the default encoder."""


class Embeddings(dy.Schema):
    """One chunk of one record. `text` is an exact slice of the record's title and text."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    chunk_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}-[0-9]{4,}$")
    """`record_id`, a hyphen, and the chunk's ordinal."""
    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    ordinal = dy.Int32(nullable=False, min=0)
    start = dy.Int32(nullable=False, min=0)
    """Offset in characters in the embedded document: title, blank line, text."""
    end = dy.Int32(nullable=False, min=1)
    tokens = dy.Int16(nullable=False, min=1)
    text = dy.String(nullable=False, min_length=1)
    text_hash = columns.blake3_hash()
    model_id = dy.String(nullable=False)
    """name@weights-sha/precision/pooling/max-length."""
    vector = dy.List(dy.Float32(nullable=False), nullable=False, min_length=1)
    """Unit length, float32."""


EMBEDDINGS = Table(
    name="embeddings",
    schema=Embeddings,
    description="Chunks of each record with their unit vectors, by one named model.",
    key=("chunk_id",),
    blocking_checks=("schema", "unique_keys", "reconciliation", "unit_vectors", "one_model"),
    unhashed=frozenset({"vector"}),
)
