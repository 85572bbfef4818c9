"""Near-duplicates among live records: clusters that a tombstone led or held together are made anew.

What belongs here: fitting known clusters to what is live. What does not: finding near-duplicates (dedup/).
"""

import polars as pl

from webdata_assets.stages.dedup.fingerprint import SIMILARITY
from webdata_assets.stages.dedup.within import duplicates_among

_PAIR = ["record_id", "duplicate_of", "similarity"]


def live_duplicates(live: pl.DataFrame, near_duplicates: pl.DataFrame) -> pl.DataFrame:
    """Return `record_id`, `duplicate_of` and `similarity` of live records that are another's duplicate.

    Args:
        live: `record_id`, `first_seen` and `text` of live records.
        near_duplicates: rows of that table; some of its records may be gone, or not be admitted any more.
    """
    ids = live["record_id"].implode()
    whole = pl.col("record_id").is_in(ids) & pl.col("duplicate_of").is_in(ids)
    broken = near_duplicates.filter(~whole)["duplicate_of"].unique().implode()
    kept = near_duplicates.filter(~pl.col("duplicate_of").is_in(broken))
    left = near_duplicates.filter(pl.col("duplicate_of").is_in(broken))
    members = pl.concat([left["record_id"], left["duplicate_of"]]).implode()
    again = live.filter(pl.col("record_id").is_in(members) & pl.col("text").is_not_null())
    remade = duplicates_among(again.sort("first_seen", "record_id"), SIMILARITY)
    return pl.concat([kept.select(_PAIR), remade.select(_PAIR)])
