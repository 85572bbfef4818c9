"""Fingerprints: by which texts that are alike find each other, without being read."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class Fingerprints(dy.Schema):
    """What is compared of one record's text."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    text_hash = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    """Equal for texts with the same words in the same order, without case and white space."""
    shingles = dy.Int32(nullable=False, min=0)
    """Word shingles of the text, repetitions included; 0 where it has no word."""
    bands = dy.List(dy.Int32(nullable=False), nullable=False, min_length=1)
    """Hashes of the bands of its MinHash signature: texts that agree in one are compared."""
    method = dy.String(nullable=False)
    """shingle size/bands × rows/version: only fingerprints of one method can be compared."""


FINGERPRINTS = Table(
    name="fingerprints",
    schema=Fingerprints,
    description="MinHash bands of each record's text, by which near-duplicates are found in any partition.",
    key=("record_id",),
    blocking_checks=("schema", "unique_keys", "reconciliation"),
    unhashed=frozenset({"bands"}),
)
