"""Changes: what became of each record since the version before."""

import dataframely as dy
import polars as pl

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

CHANGE_KINDS = ("new", "changed", "unchanged", "gone")
"""new: no earlier version is known; changed: its content differs from that version; unchanged: it does not,
though the page's bytes did; gone: its page is gone since."""


class Changes(dy.Schema):
    """One record of the partition, or one whose page is gone, beside its newest earlier admitted version."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    kind = dy.String(nullable=False, check=lambda column: column.is_in(CHANGE_KINDS))
    url = columns.url()
    """Of this version; of the earlier one where the record is gone."""
    previous_date = dy.Date(nullable=True)
    """The partition of the earlier version; null where there is none."""
    first_date = dy.Date(nullable=False)
    """The partition of its first version."""
    versions = dy.Int32(nullable=False, min=1)
    """Versions in admitted partitions so far, this one included."""
    content_changes = dy.Int32(nullable=False, min=0)
    """How often its content differed from the version before, this time included."""
    changed_fields = dy.List(dy.String(nullable=False, min_length=1), nullable=False)
    """Columns of its content that differ; `extra.NAME` for a field without a column."""
    text_similarity = dy.Float64(nullable=True, min=0, max=1)
    """Jaccard of word 3-shingles of both texts, 1 where the content is the same; null for new and gone
    records, and where neither version has a text."""
    price = columns.money()
    currency = dy.String(nullable=True, regex=r"^[A-Z]{3}$")
    previous_price = columns.money()
    """Of the earlier version; null where it was in another currency."""
    price_change = dy.Decimal(18, 4, nullable=True)
    """Price minus previous price."""
    extractor_changed = dy.Bool(nullable=False)
    """Whether another extractor made the earlier version: the difference may then be ours, not the site's.
    Not hashed: it says where the earlier version came from, not what changed."""
    content_hash = columns.blake3_hash(nullable=True)
    """Null where the record is gone."""
    previous_content_hash = columns.blake3_hash(nullable=True)

    @dy.rule()
    def only_new_records_have_no_earlier_version(cls) -> pl.Expr:
        return (pl.col("kind") == "new") == pl.col("previous_date").is_null()

    @dy.rule()
    def compared_with_an_earlier_date(cls) -> pl.Expr:
        earlier = pl.col("previous_date").is_null() | (pl.col("previous_date") < pl.col("date"))
        return earlier & (pl.col("first_date") <= pl.col("date"))

    @dy.rule()
    def kind_follows_the_content(cls) -> pl.Expr:
        same = pl.col("content_hash") == pl.col("previous_content_hash")
        return (
            pl.when(pl.col("kind") == "changed")
            .then(~same)
            .when(pl.col("kind") == "unchanged")
            .then(same)
            .otherwise((pl.col("kind") == "gone") == pl.col("content_hash").is_null())
        )


CHANGES = Table(
    name="changes",
    schema=Changes,
    description="What became of each record since the version before: new, changed, unchanged or gone.",
    key=("record_id",),
    blocking_checks=("schema", "unique_keys", "reconciliation"),
    unhashed=frozenset({"extractor_changed"}),
)
