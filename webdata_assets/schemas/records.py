"""Records and quarantine: the typed things extracted from a partition's pages, good and bad."""

import dataframely as dy
import polars as pl

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

KINDS = ("article", "product", "document", "item")
PAGE_TYPES = ("article", "product", "documentation", "forum", "listing", "collection", "service")
"""What a page is, as its structure tells."""

AVAILABILITIES = ("InStock", "OutOfStock", "PreOrder", "Discontinued", "LimitedAvailability")
"""Names of schema.org ItemAvailability values."""


DISPOSITIONS = ("refused", "filtered")


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
    structured_text = dy.String(nullable=True, min_length=1)
    """The same content as Markdown: headings, lists, tables and code kept."""
    description = dy.String(nullable=True, min_length=1)
    language = dy.String(nullable=True, regex=r"^[a-z]{2,3}$")
    """As the page declares it."""
    author = dy.String(nullable=True, min_length=1)
    site_name = dy.String(nullable=True, min_length=1)
    canonical_url = columns.url(nullable=True)
    breadcrumbs = dy.List(dy.String(nullable=False, min_length=1), nullable=True)
    """From the site's root to the page."""
    category = dy.String(nullable=True, min_length=1)
    published_at = columns.moment(nullable=True)
    modified_at = columns.moment(nullable=True)
    image_url = columns.url(nullable=True)
    price = columns.money()
    currency = dy.String(nullable=True, regex=r"^[A-Z]{3}$")
    sku = dy.String(nullable=True, min_length=1)
    gtin = dy.String(nullable=True, regex=r"^\d{8}$|^\d{12,14}$")
    """GTIN-8, -12, -13 or -14 with a right check digit."""
    brand = dy.String(nullable=True, min_length=1)
    availability = dy.String(nullable=True, check=lambda column: column.is_in(AVAILABILITIES))
    rating = dy.Float64(nullable=True, min=0)
    """Mean rating on the page's own scale."""
    rating_count = dy.Int64(nullable=True, min=0)
    extra = dy.String(nullable=False)
    """Fields without a column of their own, as one JSON object with sorted keys."""
    page_type = dy.String(nullable=True, check=lambda column: column.is_in(PAGE_TYPES))
    content_confidence = dy.Float64(nullable=True, min=0, max=1)
    """How sure the choice of the main content is: its expected word F1."""
    link_share = dy.Float64(nullable=True, min=0, max=1)
    """Characters in links / characters of the main content."""
    detected_language = dy.String(nullable=True, regex=r"^[a-z]{2,3}$")
    """Of the text itself, found by its words."""
    language_confidence = dy.Float64(nullable=True, min=0, max=1)
    tokens = dy.Int32(nullable=True, min=0)
    """Tokens of the text, see stages/clean/tokens."""
    quality_flags = dy.List(dy.String(nullable=False), nullable=True)
    """Quality rules that the text breaks, as `gopher:word_count`; null where nothing was judged."""
    pii = dy.String(nullable=True)
    """Personal data found in the record's texts, as one JSON object of kind → count."""
    injection_flags = dy.List(dy.String(nullable=False), nullable=True)
    """Patterns in the text that address a language model and not a reader."""
    content_hash = columns.blake3_hash()
    """BLAKE3 of the record's fields, so that changed bytes with unchanged content are seen as such."""
    duplicate_of = dy.String(nullable=True)
    """`record_id` of the first record of this partition with the same or nearly the same text."""
    similarity = dy.Float64(nullable=True, min=0, max=1)
    """To that record: Jaccard of word shingles; 1 for the same normalised text."""
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
    disposition = dy.String(nullable=False, check=lambda column: column.is_in(DISPOSITIONS))
    """`refused`: it is not valid. `filtered`: it is valid, and the source asked to leave such records out."""
    rule = dy.String(nullable=False)
    """The broken rule: `column|rule` as the schema names it, `required`, `duplicate_key` or `extract`; of
    filtered records `language`, `quality:<rule>`, `pii`, `injection`, `duplicate`, `missing:<field>` or
    `invalid:<field>`."""
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
    blocking_checks=(
        "schema",
        "unique_keys",
        "completeness",
        "record_count",
        "valid_share",
        "reconciliation",
    ),
    unrepeated=frozenset({"text"}),
    looked_up=True,
)
QUARANTINE = Table(
    name="quarantine",
    schema=Quarantine,
    description="Extracted records that failed validation, one row per reason, with their payload.",
    key=("url", "ordinal", "rule", "field"),
    blocking_checks=("schema",),
)
