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
from webdata_assets.stages.crawl.node import Node

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
    item.name for item in fields(Visit) if item.name not in (*_MOMENTS, "payload_date", "links", "body")
)


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
        values["links"] = [
            [link.url, link.role, None if link.last_modified is None else link.last_modified.isoformat()]
            for link in visit.links
        ]
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
        known["links"] = [found_of(*link) for link in values["links"]]
    return Visit(**known)


def found_of(url: str, role: str, last_modified: str | None) -> Found:
    """Return a link as the spool and the pages table keep it."""
    moment = None if last_modified is None else dt.datetime.fromisoformat(last_modified)
    return Found(url, role, moment)  # type: ignore[arg-type]


def pages_frame(
    source: Source, date: dt.date, rows: Iterable[tuple[Node, Mapping[str, Any], bytes | None]]
) -> pl.DataFrame:
    """Return rows of the pages table, in the order given.

    Args:
        source: of all rows.
        date: of all rows.
        rows: node, visit as the spool keeps it, and payload.
    """
    taken = list(rows)
    nodes = [node for node, _, _ in taken]
    visits = [visit for _, visit, _ in taken]
    columns: dict[str, Any] = {
        "date": [date] * len(taken),
        "source": [source.name] * len(taken),
        "url": [node.url for node in nodes],
        "role": [node.role for node in nodes],
        "discovery": [node.rule for node in nodes],
        "why": [node.why for node in nodes],
        "discovered_from": [node.discovered_from for node in nodes],
        "depth": [node.depth for node in nodes],
        "payload": [payload for _, _, payload in taken],
        "payload_date": [_date(visit.get("payload_date")) for visit in visits],
        "links": [_links(visit.get("links")) for visit in visits],
        "observed_at": [_observed_at(source, date, visit) for visit in visits],
        "attempts": [visit.get("attempts", 0) for visit in visits],
    }
    series = []
    for name, dtype in TABLES["pages"].polars_schema.items():
        values = columns[name] if name in columns else [visit.get(name) for visit in visits]
        if isinstance(dtype, pl.Datetime):
            series.append(pl.Series(name, values, pl.Int64).cast(dtype))
        else:
            series.append(pl.Series(name, values, dtype))
    return pl.DataFrame(series)


def dead_letters_frame(
    source: Source, date: dt.date, rows: Iterable[tuple[Node, Mapping[str, Any]]]
) -> pl.DataFrame:
    """Return one dead letter for each of the failed rows given, in their order."""
    schema = TABLES["dead_letters"].polars_schema
    letters = []
    for node, visit in rows:
        known = {**visit, "date": date, "source": source.name, "url": node.url}
        known["attempts"] = visit.get("attempts", 0)
        known["first_tried_at"] = _moment(visit.get("first_tried_at"))
        known["last_tried_at"] = _moment(visit.get("fetched_at"))
        letters.append([known.get(name) for name in schema])
    return pl.DataFrame(letters, schema=schema, orient="row")


def _observed_at(source: Source, date: dt.date, visit: Mapping[str, Any]) -> int | None:
    observed: int | None = visit.get("observed_at") or visit.get("fetched_at")
    if observed is None or source.as_of is None:
        return observed
    end_of_date = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), dt.UTC)
    return min(observed, (end_of_date - _EPOCH) // _MICROSECOND)


def _moment(microseconds: int | None) -> dt.datetime | None:
    return None if microseconds is None else _EPOCH + microseconds * _MICROSECOND


def _date(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def _links(links: list[list[Any]] | None) -> str | None:
    return None if links is None else orjson.dumps(links).decode()
