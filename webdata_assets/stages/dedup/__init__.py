"""Which texts are the same, or nearly: exact hashes, MinHash bands, verified pairs, clusters.

What belongs here: pure functions over texts and fingerprints. What does not: where either is stored.
"""

from webdata_assets.stages.dedup.within import duplicates_within

__all__ = ["duplicates_within"]
