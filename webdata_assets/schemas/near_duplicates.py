"""Near-duplicates across all admitted partitions, and which partitions they are about."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class NearDuplicates(dy.Schema):
    """One record whose newest text is, or nearly is, that of an older record."""

    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    text_hash = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    """Of the record's text that was compared, as in `fingerprints`."""
    duplicate_of = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    """The cluster's canonical record: oldest date first, then smallest id."""
    original_hash = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    """Of the canonical record's text."""
    similarity = dy.Float64(nullable=False, min=0, max=1)
    """Exact Jaccard similarity of the two texts' word shingles; 1 for the same words in the same order. It is
    below the threshold where the two are in one cluster by way of others."""


class ComparedPartitions(dy.Schema):
    """One version of one partition of `fingerprints` whose records have been compared with all others."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    data_version = columns.blake3_hash()


NEAR_DUPLICATES = Table(
    name="near_duplicates",
    schema=NearDuplicates,
    description="Records whose text nearly is that of an older one, of any partition, exactly verified.",
    key=("record_id",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "canonical", "admitted_only"),
)
COMPARED_PARTITIONS = Table(
    name="compared_partitions",
    schema=ComparedPartitions,
    description="The versions of partitions that `near_duplicates` is about: the rest is compared next.",
    key=("date", "source"),
    partitioned=False,
    blocking_checks=("schema", "unique_keys"),
)
