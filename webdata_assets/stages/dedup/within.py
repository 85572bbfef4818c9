"""Duplicates among the records of one partition, which are all at hand.

What belongs here: exact duplicates first, then near ones. What does not: duplicates across partitions
(across.py).
"""

import numpy as np
import polars as pl

from webdata_assets.stages.dedup.clusters import canonical_members
from webdata_assets.stages.dedup.jaccard import jaccard
from webdata_assets.stages.dedup.minhash import Layout, fingerprints
from webdata_assets.stages.dedup.pairs import compared_pairs

DUPLICATES = pl.Schema({"record_id": pl.String, "duplicate_of": pl.String, "similarity": pl.Float64})


def duplicates_within(records: pl.DataFrame, similarity: float) -> pl.DataFrame:
    """Return the records whose text is, or nearly is, that of another; the first of each cluster is not.

    Texts are compared without case and white space. Those with the same words in the same order are the same
    (similarity 1); others are alike when at least the wished share of their distinct shingles is common.
    Clusters are closed: what is like a duplicate is a duplicate of the same record, even where its
    own similarity to that one is lower, which is then what `similarity` says.

    Args:
        records: columns `record_id`, `text`, `url` and `ordinal`; records without a text are ignored. The
            first by url and ordinal stands for its cluster.
        similarity: least Jaccard similarity of word shingles; 1 finds the same texts only.

    Returns:
        Columns `record_id`, `duplicate_of` and `similarity`, by `record_id`: the same for any order of rows.
    """
    ordered = records.filter(pl.col("text").is_not_null()).sort("url", "ordinal", "record_id")
    return duplicates_among(ordered, similarity)


def duplicates_among(records: pl.DataFrame, similarity: float) -> pl.DataFrame:
    """Return the same as `duplicates_within`, for records in the order in which they stand for others.

    Args:
        records: columns `record_id` and `text`, no text null.
        similarity: least Jaccard similarity of word shingles; 1 finds the same texts only.
    """
    texts, ids = records["text"], records["record_id"]
    found = fingerprints(texts, Layout.for_similarity(similarity))
    with_words = np.flatnonzero(found.shingle_counts)
    hashes = np.array(found.text_hashes)[with_words]
    _, first_places, group = np.unique(hashes, return_index=True, return_inverse=True)
    same = np.arange(len(texts))
    same[with_words] = with_words[first_places][group]
    cluster = same
    if similarity < 1:
        distinct = np.sort(with_words[first_places])
        pairs = compared_pairs(
            found.bands[distinct], lambda numbers: texts.gather(distinct[numbers]), similarity
        ).at_least(similarity)
        canonical = np.arange(len(texts))
        canonical[distinct] = distinct[canonical_members(distinct.size, pairs.left, pairs.right)]
        cluster = canonical[same]
    members = np.flatnonzero(cluster != np.arange(len(texts)))
    alike = np.ones(members.size)
    near = same[members] != cluster[members]
    alike[near] = jaccard(texts.gather, same[members][near], cluster[members][near])
    return pl.DataFrame(
        {
            "record_id": ids.gather(members),
            "duplicate_of": ids.gather(cluster[members]),
            "similarity": alike,
        },
        schema=DUPLICATES,
    ).sort("record_id")
