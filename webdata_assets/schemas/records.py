"""Records and quarantine: the typed things extracted from a partition's pages, good and bad."""

import dataframely as dy
import polars as pl

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

KINDS = ("article", "product", "document", "item")
AVAILABILITIES = ("InStock", "OutOfStock", "PreOrder", "Discontinued", "LimitedAvailability")
"""Names of schema.org ItemAvailability values."""


class Records(dy.Schema):
    """One clean record with a stable id. Every rule here quarantines the rows that break it."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    """First 128 bits of the BLAKE3 of the source's name and the record's key fields."""
    kind = dy.String(nullable=False, check=lambda column: column.is_in(KINDS))
    url = columns.url()
    ordinal = dy.Int32(nullable=False, min=0)
    """Position on the page, 0 where a page holds one record."""
    title = dy.String(nullable=True, min_length=1, max_length=2_000)
    text = dy.String(nullable=True, min_length=1)
    language = dy.String(nullable=True, regex=r"^[a-z]{2,3}$")
    author = dy.String(nullable=True, min_length=1)
    category = dy.String(nullable=True, min_length=1)
    published_at = columns.moment(nullable=True)
    image_url = columns.url(nullable=True)
    price = columns.money()
    currency = dy.String(nullable=True, regex=r"^[A-Z]{3}$")
    sku = dy.String(nullable=True, min_length=1)
    brand = dy.String(nullable=True, min_length=1)
    availability = dy.String(nullable=True, check=lambda column: column.is_in(AVAILABILITIES))
    extra = dy.String(nullable=False)
    """Fields without a column of their own, as one JSON object with sorted keys."""
    content_hash = columns.blake3_hash()
    """BLAKE3 of the record's fields, so that changed bytes with unchanged content are seen as such."""
    duplicate_of = dy.String(nullable=True)
    """`record_id` of the first record of this partition with the same normalised text."""
    payload_hash = columns.blake3_hash()
    payload_date = dy.Date(nullable=False)
    extractor = dy.String(nullable=False)
    """Version of the code and of the source's `extract` section that made the record."""

    @dy.rule()
    def price_has_currency(cls) -> pl.Expr:
        return pl.col("price").is_null() | pl.col("currency").is_not_null()

    @dy.rule()
    def not_published_after_the_partition(cls) -> pl.Expr:
        return pl.col("published_at").is_null() | (
            pl.col("published_at").dt.date() <= pl.col("date") + pl.duration(days=1)
        )


class Quarantine(dy.Schema):
    """One reason why one extracted record, or a whole page, was refused."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    url = columns.url()
    ordinal = dy.Int32(nullable=False, min=-1)
    """Position on the page; -1 when the whole page could not be extracted."""
    rule = dy.String(nullable=False)
    """The broken rule: `column|rule` as the schema names it, `required`, `duplicate_key` or `extract`."""
    field = dy.String(nullable=True)
    reason = dy.String(nullable=False)
    value = dy.String(nullable=True)
    """What was found, cut to 500 characters."""
    record = dy.String(nullable=False)
    """The refused record as one JSON object."""
    payload_hash = columns.blake3_hash()
    payload_date = dy.Date(nullable=False)


RECORDS = Table(
    name="records",
    schema=Records,
    description="Clean, typed records extracted from the pages that changed, each with a stable id.",
    key=("record_id",),
    blocking_checks=("schema", "unique_keys", "completeness", "valid_share", "reconciliation"),
)
QUARANTINE = Table(
    name="quarantine",
    schema=Quarantine,
    description="Extracted records that failed validation, one row per reason, with their payload.",
    key=("url", "ordinal", "rule", "field"),
    blocking_checks=("schema",),
)
