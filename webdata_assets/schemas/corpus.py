"""The corpus: the current state of every record."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.records import KINDS
from webdata_assets.schemas.table import Table


class Corpus(dy.Schema):
    """The newest admitted version of one record, or its tombstone."""

    source = columns.source_name()
    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    date = dy.Date(nullable=False)
    """The partition that holds this version."""
    state = dy.String(nullable=False, check=lambda column: column.is_in(["live", "gone"]))
    gone_on = dy.Date(nullable=True)
    duplicate_of = dy.String(nullable=True)
    """The cluster's canonical record: oldest date first, then smallest id."""
    similarity = dy.Float64(nullable=True, min=0, max=1)
    """To the canonical record: Jaccard of word shingles; 1 for the same words in the same order."""
    kind = dy.String(nullable=False, check=lambda column: column.is_in(KINDS))
    url = columns.url()
    title = dy.String(nullable=True)
    text = dy.String(nullable=True)
    description = dy.String(nullable=True)
    language = dy.String(nullable=True)
    """As the page declares it."""
    detected_language = dy.String(nullable=True)
    """Of the text itself."""
    author = dy.String(nullable=True)
    site_name = dy.String(nullable=True)
    canonical_url = columns.url(nullable=True)
    category = dy.String(nullable=True)
    published_at = columns.moment(nullable=True)
    modified_at = columns.moment(nullable=True)
    image_url = columns.url(nullable=True)
    price = columns.money()
    currency = dy.String(nullable=True)
    sku = dy.String(nullable=True)
    gtin = dy.String(nullable=True)
    brand = dy.String(nullable=True)
    availability = dy.String(nullable=True)
    rating = dy.Float64(nullable=True, min=0)
    rating_count = dy.Int64(nullable=True, min=0)
    page_type = dy.String(nullable=True)
    tokens = dy.Int32(nullable=True, min=0)
    quality_flags = dy.List(dy.String(nullable=False), nullable=True)
    """Quality rules that the text breaks."""
    pii = dy.String(nullable=True)
    """Personal data found in the text, as one JSON object of kind → count."""
    injection_flags = dy.List(dy.String(nullable=False), nullable=True)
    """Patterns in the text that address a language model and not a reader."""
    extra = dy.String(nullable=False)
    content_hash = columns.blake3_hash()


CORPUS = Table(
    name="corpus",
    schema=Corpus,
    description="The newest admitted version of each record; duplicates clustered, removals marked.",
    key=("record_id",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "reconciliation", "canonical"),
)
