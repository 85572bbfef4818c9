"""Rows: a visit's outcome as a value, and its forms in the spool and in the tables.

What belongs here: the Visit and its conversions. What does not: how it came about (visit.py).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import orjson
import polars as pl

from webdata_assets.errors import PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.discovery.found import Found

Outcome = Literal["fetched", "unchanged", "gone", "failed", "skipped", "deferred"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Visit:
    """What visiting one URL gave; the names are those of the pages table.

    Attributes:
        observed_at: the moment whose content was seen, where it is not `fetched_at`: an archive's.
        head: the last response's status and headers, for a dead letter.
        links: what the page names, where it was read for links, before scope and patterns choose.
        links_rule: identifies the rule that they were read by.
        headers: of the response, where the rule reads them.
        body: the decompressed bytes where they came over the network; stored as payload when fetched.
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
    observed_at: dt.datetime | None = None
    first_tried_at: dt.datetime | None = None
    head: str | None = None
    links: list[Found] | None = field(default=None, repr=False)
    links_rule: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    body: bytes | None = field(default=None, repr=False, compare=False)

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


_MOMENTS = ("fetched_at", "observed_at", "first_tried_at")
_PLAIN = tuple(
    item.name
    for item in fields(Visit)
    if item.name not in (*_MOMENTS, "payload_date", "links", "headers", "body")
)
_JSON = pl.Struct(
    dict.fromkeys(_PLAIN, pl.String)
    | {"http_status": pl.Int16, "attempts": pl.Int16, "elapsed_ms": pl.Int32, "payload_bytes": pl.Int64}
    | {"payload_date": pl.String, "links": pl.String}
    | dict.fromkeys(_MOMENTS, pl.Int64)
)
"""The types of a visit as the spool keeps it."""


def visit_to_json(visit: Visit) -> dict[str, Any]:
    """Return the visit without its body as the spool keeps it: only what is set, moments in microseconds."""
    values: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(visit, name)) is not None}
    for name in _MOMENTS:
        moment = getattr(visit, name)
        if moment is not None:
            values[name] = (moment - _EPOCH) // _MICROSECOND
    if visit.payload_date is not None:
        values["payload_date"] = visit.payload_date.isoformat()
    if visit.links is not None:
        values["links"] = links_to_json(visit.links)
    return values


def visit_from_json(values: Mapping[str, Any]) -> Visit:
    """Return the visit that the spool keeps."""
    known: dict[str, Any] = {name: values[name] for name in _PLAIN if name in values}
    for name in _MOMENTS:
        if name in values:
            known[name] = _EPOCH + values[name] * _MICROSECOND
    if "payload_date" in values:
        known["payload_date"] = dt.date.fromisoformat(values["payload_date"])
    if "links" in values:
        known["links"] = links_from_json(values["links"])
    return Visit(**known)


def links_to_json(links: Iterable[Found]) -> str:
    """Return links as the spool and the pages table keep them."""
    return orjson.dumps(
        [
            [link.url, link.role, None if link.last_modified is None else link.last_modified.isoformat()]
            for link in links
        ]
    ).decode()


def links_from_json(text: str) -> list[Found]:
    """Return the links that were kept."""
    return [
        Found(url, role, None if moment is None else dt.datetime.fromisoformat(moment))
        for url, role, moment in orjson.loads(text)
    ]


def pages_frame(
    source: Source, date: dt.date, nodes: pl.DataFrame, visits: pl.Series, payloads: list[bytes | None]
) -> pl.DataFrame:
    """Return rows of the pages table, in the order given.

    Args:
        source: of all rows.
        date: of all rows.
        nodes: the pages table's columns that say how a URL was found.
        visits: as the spool keeps them, in JSON.
        payloads: null where there is none.
    """
    decoded = visits.str.json_decode(_JSON).struct.unnest()
    observed = pl.coalesce("observed_at", "fetched_at")
    if source.as_of is not None:
        end_of_date = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), dt.UTC)
        observed = pl.min_horizontal(observed, (end_of_date - _EPOCH) // _MICROSECOND)
        observed = pl.when(pl.col("fetched_at").is_not_null()).then(observed)
    moments = {name: _moment(pl.col(name)) for name in ("fetched_at", "first_tried_at")}
    schema = TABLES["pages"].polars_schema
    return (
        pl.concat([nodes, decoded], how="horizontal")
        .with_columns(
            **moments,
            date=pl.lit(date),
            source=pl.lit(source.name),
            payload=pl.Series(payloads, dtype=pl.Binary),
            in_blobs=pl.lit(False),
            payload_date=pl.col("payload_date").str.to_date("%Y-%m-%d"),
            attempts=pl.col("attempts").fill_null(0),
            observed_at=_moment(observed),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    )


def dead_letters_frame(source: Source, date: dt.date, urls: list[str], visits: pl.Series) -> pl.DataFrame:
    """Return dead letters, in the order given: the URLs, and their failed visits as the spool keeps them."""
    schema = TABLES["dead_letters"].polars_schema
    return (
        visits.str.json_decode(_JSON)
        .struct.unnest()
        .with_columns(
            date=pl.lit(date),
            source=pl.lit(source.name),
            url=pl.Series(urls, dtype=pl.String),
            attempts=pl.col("attempts").fill_null(0),
            first_tried_at=_moment(pl.col("first_tried_at")),
            last_tried_at=_moment(pl.col("fetched_at")),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    )


def _moment(microseconds: pl.Expr) -> pl.Expr:
    return microseconds.cast(pl.Datetime("us", "UTC"))
