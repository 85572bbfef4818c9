"""Pages and dead letters: what one visit to each URL of a partition gave."""

import dataframely as dy
import polars as pl

from webdata_assets.errors import FailureDomain
from webdata_assets.schemas import columns
from webdata_assets.schemas.frontier import ROLES, WHYS
from webdata_assets.schemas.table import Table

OUTCOMES = ("fetched", "unchanged", "gone", "failed", "skipped", "deferred")
"""fetched: new bytes; unchanged: 304 or the same bytes; gone: 404, 410 or vanished from a complete listing;
failed: not reached after all tries; skipped: robots, scope or a cap forbade the visit; deferred: left for the
next run, because its host or the proxies were down."""


class Pages(dy.Schema):
    """One visit to one URL. The payload is there only when it changed, and is no binary."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    url = columns.url()
    final_url = columns.url(nullable=True)
    """Where redirects ended."""
    role = dy.String(nullable=False, check=lambda column: column.is_in(ROLES))
    discovery = dy.Int16(nullable=False, min=0)
    why = dy.String(nullable=False, check=lambda column: column.is_in(WHYS))
    discovered_from = columns.url(nullable=True)
    depth = dy.Int32(nullable=False, min=0)
    outcome = dy.String(nullable=False, check=lambda column: column.is_in(OUTCOMES))
    reason = dy.String(nullable=True)
    """Why a page is gone, failed, skipped or deferred, in words."""
    failure_domain = dy.String(nullable=True, check=lambda column: column.is_in(list(FailureDomain)))
    http_status = dy.Int16(nullable=True, min=100, max=599)
    via = dy.String(nullable=True)
    content_type = dy.String(nullable=True)
    etag = dy.String(nullable=True)
    last_modified = dy.String(nullable=True)
    payload = dy.Binary(nullable=True)
    payload_bytes = dy.Int64(nullable=True, min=0)
    payload_hash = columns.blake3_hash(nullable=True)
    payload_date = dy.Date(nullable=True)
    """The partition date that holds the payload: this one when fetched, an earlier one when unchanged."""
    in_blobs = dy.Bool(nullable=False)
    """Whether the payload is a binary, kept apart under its hash."""
    links = dy.String(nullable=True)
    """JSON: what the page names, as [URL, role, lastmod], where it was read for links and is new."""
    links_rule = dy.String(nullable=True)
    """Identifies the rule that the links were read by."""
    attempts = dy.Int16(nullable=False, min=0)
    elapsed_ms = dy.Int32(nullable=True, min=0)
    fetched_at = columns.moment(nullable=True)
    """When the visit ended; null when there was none."""
    observed_at = columns.moment(nullable=True)
    """The moment whose content was seen: `fetched_at`, or the end of the date asked for with `as_of`."""

    @dy.rule()
    def payload_iff_fetched(cls) -> pl.Expr:
        return pl.col("payload").is_not_null() == ((pl.col("outcome") == "fetched") & ~pl.col("in_blobs"))

    @dy.rule()
    def reached_pages_name_their_payload(cls) -> pl.Expr:
        reached = pl.col("outcome").is_in(["fetched", "unchanged"])
        return ~reached | (pl.col("payload_hash").is_not_null() & pl.col("payload_date").is_not_null())

    @dy.rule()
    def unreached_pages_say_why(cls) -> pl.Expr:
        reached = pl.col("outcome").is_in(["fetched", "unchanged"])
        return reached | pl.col("reason").is_not_null()

    @dy.rule()
    def failures_name_their_domain(cls) -> pl.Expr:
        return (pl.col("outcome") != "failed") | pl.col("failure_domain").is_not_null()


class DeadLetters(dy.Schema):
    """A URL that could not be fetched after all tries, kept for a person."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    url = columns.url()
    reason = dy.String(nullable=False)
    failure_domain = dy.String(nullable=False, check=lambda column: column.is_in(list(FailureDomain)))
    http_status = dy.Int16(nullable=True, min=100, max=599)
    head = dy.String(nullable=True)
    """The last response's status line and headers, as far as there was one."""
    attempts = dy.Int16(nullable=False, min=0)
    first_tried_at = columns.moment(nullable=True)
    last_tried_at = columns.moment(nullable=True)


PAGES = Table(
    name="pages",
    schema=Pages,
    description="One row per URL visited: outcome, status, validators, payload hash; the bytes when changed.",
    key=("url",),
    blocking_checks=(
        "schema",
        "unique_keys",
        "completeness",
        "reconciliation",
        "freshness",
        "payload_hash",
        "page_count",
        "page_bytes",
    ),
    unhashed=frozenset(
        {
            "payload",
            "attempts",
            "elapsed_ms",
            "fetched_at",
            "observed_at",
            "discovered_from",
            "links",
            "links_rule",
            "in_blobs",
        }
    ),
)
DEAD_LETTERS = Table(
    name="dead_letters",
    schema=DeadLetters,
    description="URLs that could not be fetched after all tries, with reason, for a person.",
    key=("url",),
    blocking_checks=("schema", "unique_keys"),
    unhashed=frozenset({"attempts", "first_tried_at", "last_tried_at", "head"}),
)
