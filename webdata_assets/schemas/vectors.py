"""Vectors: what was encoded once, kept for ever, so that no text is encoded twice by one model."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class Vectors(dy.Schema):
    """The vector of one text by one model."""

    model_id = dy.String(nullable=False)
    """name@weights-sha/precision/pooling/max-length."""
    text_hash = columns.blake3_hash()
    """Of exactly what was encoded."""
    vector = dy.Binary(nullable=False)
    """Unit length; its float32 values, little-endian. Lists would all be unpacked to find a few of them."""


VECTORS = Table(
    name="vectors",
    schema=Vectors,
    description="The vector of each text that was ever encoded, by model; only ever added to.",
    key=("model_id", "text_hash"),
    partitioned=False,
    unhashed=frozenset({"vector"}),
    unrepeated=frozenset({"text_hash", "vector"}),
    looked_up=True,
)
