"""Rows: a visit's outcome as a value, and its forms in the pages table, the dead letters and the spool.

What belongs here: the Visit and its conversions. What does not: how it came about (visit.py).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import polars as pl

from webdata_assets.errors import PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.walk import Node

Outcome = Literal["fetched", "unchanged", "gone", "failed", "skipped"]

SPOOL_SCHEMA = pl.Schema(
    {
        **TABLES["pages"].polars_schema,
        "head": pl.String(),
        "first_tried_at": pl.Datetime("us", "UTC"),
    }
)
"""The columns of pages, and the two of dead letters that pages lack."""


@dataclass(frozen=True)
class Visit:
    """What visiting one URL gave; the names are those of the pages table.

    Attributes:
        body: the decompressed bytes where they came over the network; stored as payload when fetched.
        head: the last response's status and headers, for a dead letter.
    """

    outcome: Outcome
    reason: str | None = None
    failure_domain: str | None = None
    final_url: str | None = None
    http_status: int | None = None
    via: str | None = None
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    payload_bytes: int | None = None
    payload_hash: str | None = None
    payload_date: dt.date | None = None
    attempts: int = 0
    elapsed_ms: int | None = None
    fetched_at: dt.datetime | None = None
    first_tried_at: dt.datetime | None = None
    head: str | None = None
    body: bytes | None = field(default=None, repr=False)

    @property
    def is_reached(self) -> bool:
        """Whether the page's content is known."""
        return self.outcome in ("fetched", "unchanged")

    def failed_to_parse(self, error: PermanentError) -> "Visit":
        """Return the visit of a page that came, but is not what its rule expects."""
        return Visit(
            "failed",
            str(error),
            error.failure_domain.value,
            http_status=self.http_status,
            via=self.via,
            content_type=self.content_type,
            attempts=self.attempts,
            elapsed_ms=self.elapsed_ms,
            fetched_at=self.fetched_at,
            first_tried_at=self.first_tried_at,
            head=self.head,
        )


_VISIT_COLUMNS = tuple(item.name for item in fields(Visit) if item.name != "body")


def page_row(source: Source, date: dt.date, node: Node, visit: Visit) -> dict[str, Any]:
    """Return the row of pages for one URL, with the spool's two further columns."""
    return {
        **{name: getattr(visit, name) for name in _VISIT_COLUMNS},
        "date": date,
        "source": source.name,
        "url": node.url,
        "role": node.role,
        "discovery": node.rule,
        "why": node.why,
        "discovered_from": node.discovered_from,
        "depth": node.depth,
        "payload": visit.body if visit.outcome == "fetched" else None,
        "observed_at": _observed_at(source, date, visit.fetched_at),
    }


def visit_of(row: Mapping[str, Any]) -> Visit:
    """Return the visit that a row of the spool holds."""
    return Visit(**{name: row[name] for name in _VISIT_COLUMNS}, body=row["payload"])


def pages_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return the pages table's rows, ordered by URL."""
    schema = TABLES["pages"].polars_schema
    return pl.DataFrame([[row[name] for name in schema] for row in rows], schema=schema, orient="row").sort(
        "url"
    )


def dead_letters_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return one dead letter for each failed row, ordered by URL."""
    schema = TABLES["dead_letters"].polars_schema
    failed = (row | {"last_tried_at": row["fetched_at"]} for row in rows if row["outcome"] == "failed")
    letters = [[row[name] for name in schema] for row in failed]
    return pl.DataFrame(letters, schema=schema, orient="row").sort("url")


def _observed_at(source: Source, date: dt.date, fetched_at: dt.datetime | None) -> dt.datetime | None:
    if fetched_at is None or source.as_of is None:
        return fetched_at
    end_of_date = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), dt.UTC)
    return min(fetched_at, end_of_date)
