"""Records → rows of the fingerprints table.

What belongs here: the method by which texts are compared across partitions. What does not: the comparison
(across.py).
"""

import polars as pl

from webdata_assets.schemas.fingerprints import BANDS, FINGERPRINTS
from webdata_assets.stages.dedup.minhash import Layout, fingerprints
from webdata_assets.stages.dedup.shingles import SHINGLE_WORDS

SIMILARITY = 0.8
"""Least Jaccard similarity of near-duplicates across partitions."""
LAYOUT = Layout.for_similarity(SIMILARITY)
METHOD = f"{SHINGLE_WORDS} words/{LAYOUT.bands} bands × {LAYOUT.rows} rows/2"
"""The last number is raised when the same text gives other bands, or they are stored in another way."""


def fingerprint_records(records: pl.DataFrame) -> pl.DataFrame:
    """Return one row per record that has a text, by record id.

    Args:
        records: columns `date`, `source`, `record_id` and `text` of the records table.
    """
    with_text = records.filter(pl.col("text").is_not_null()).sort("record_id")
    found = fingerprints(with_text["text"], LAYOUT)
    return with_text.select(
        "date",
        "source",
        "record_id",
        pl.Series("text_hash", found.text_hashes, dtype=pl.String),
        pl.Series("shingles", found.shingle_counts, dtype=pl.Int32),
        *pl.DataFrame(found.bands, schema=BANDS, orient="row"),
        method=pl.lit(METHOD),
    ).cast(FINGERPRINTS.polars_schema)
