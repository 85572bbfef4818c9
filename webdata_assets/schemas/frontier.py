"""The frontier: the URLs that a partition must visit, as known before the crawl starts."""

import dataframely as dy
import polars as pl

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

ROLES = ("discovery", "content", "both")
"""discovery: read for links only; content: holds records; both: holds records and links."""

WHYS = ("start", "revisit", "retry", "link")
"""start: named in the source file, archive or folder; revisit: visited on an earlier date; retry: a dead
letter of an earlier date; link: found during the crawl."""


class Frontier(dy.Schema):
    """One URL to visit, with why and with the validators of its last admitted visit."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    url = columns.url()
    role = dy.String(nullable=False, check=lambda column: column.is_in(ROLES))
    discovery = dy.Int16(nullable=False, min=0)
    """Position in `fetch.discover` of the rule that governs the URL."""
    why = dy.String(nullable=False, check=lambda column: column.is_in(WHYS))
    depth = dy.Int32(nullable=False, min=0)
    etag = dy.String(nullable=True)
    last_modified = dy.String(nullable=True)
    payload_hash = columns.blake3_hash(nullable=True)
    payload_date = dy.Date(nullable=True)
    """The partition date that holds the bytes of the last visit."""
    visited_at = columns.moment(nullable=True)
    """The moment whose content the last visit saw."""

    @dy.rule()
    def validators_name_their_payload(cls) -> pl.Expr:
        return pl.col("payload_hash").is_null() == pl.col("payload_date").is_null()


FRONTIER = Table(
    name="frontier",
    schema=Frontier,
    description="URLs that a partition must visit, each with why and with the validators of its last visit.",
    key=("url",),
    blocking_checks=("schema", "unique_keys", "not_empty", "proxies_healthy"),
    unhashed=frozenset({"visited_at"}),
)
