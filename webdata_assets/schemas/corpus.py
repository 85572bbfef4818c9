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
    kind = dy.String(nullable=False, check=lambda column: column.is_in(KINDS))
    url = columns.url()
    title = dy.String(nullable=True)
    text = dy.String(nullable=True)
    language = dy.String(nullable=True)
    author = dy.String(nullable=True)
    category = dy.String(nullable=True)
    published_at = columns.moment(nullable=True)
    image_url = columns.url(nullable=True)
    price = columns.money()
    currency = dy.String(nullable=True)
    sku = dy.String(nullable=True)
    brand = dy.String(nullable=True)
    availability = dy.String(nullable=True)
    extra = dy.String(nullable=False)
    content_hash = columns.blake3_hash()


CORPUS = Table(
    name="corpus",
    schema=Corpus,
    description="The newest admitted version of each record; duplicates clustered, removals marked.",
    key=("record_id",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "reconciliation"),
)
