"""Embeddings: chunks of records with their vectors."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

CHUNKED_FIELDS = ("structured_text", "text", "title")


class Embeddings(dy.Schema):
    """One chunk of one record. `text` is an exact slice of one of the record's texts."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    chunk_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}-[0-9]{4,}$")
    """`record_id`, a hyphen, and the chunk's ordinal."""
    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    ordinal = dy.Int32(nullable=False, min=0)
    field = dy.String(nullable=False, check=lambda column: column.is_in(CHUNKED_FIELDS))
    """The record's text that it is a slice of: the structured one where there is one."""
    start = dy.Int32(nullable=False, min=0)
    """Offset in characters in that text."""
    end = dy.Int32(nullable=False, min=1)
    heading_path = dy.List(dy.String(nullable=False), nullable=False)
    """Headings above it, the outermost first."""
    tokens = dy.Int32(nullable=False, min=1)
    """Of what is encoded, special ones included: never more than the model reads."""
    text = dy.String(nullable=False, min_length=1)
    context = dy.String(nullable=True)
    """What is encoded before the text: the title and the headings above it, as far as they fit."""
    text_hash = columns.blake3_hash()
    """Of what is encoded: context and text."""
    model_id = dy.String(nullable=False)
    """name@weights-sha/precision/pooling/max-length."""
    vector = dy.List(dy.Float32(nullable=False), nullable=False, min_length=1)
    """Unit length, float32."""


EMBEDDINGS = Table(
    name="embeddings",
    schema=Embeddings,
    description="Chunks of each record with their unit vectors, by one named model.",
    key=("chunk_id",),
    blocking_checks=(
        "schema",
        "unique_keys",
        "reconciliation",
        "exact_slices",
        "unit_vectors",
        "one_model",
        "read_whole",
    ),
    unhashed=frozenset({"vector"}),
)
