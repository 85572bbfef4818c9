"""The frontier: what a partition must visit, as known before its crawl starts.

What belongs here: whether a date may be crawled, start URLs, revisits with their validators, and dead letters
that are asked again. What does not: what is found while crawling (walk.py).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.sources.discover import (
    DiscoverApi,
    DiscoverFiles,
    DiscoverLinks,
    DiscoverListing,
    DiscoverSitemap,
    DiscoverUrls,
    DiscoverWarc,
    Discovery,
)
from webdata_assets.sources.fetch import StoredWay
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.discovery.discover import allows
from webdata_assets.stages.crawl.discovery.found import Role
from webdata_assets.stages.crawl.urls import canonical_url, scope_of

_DAY_HOURS = 24.0
_MAX_GRACE_HOURS = 12.0
"""For a run that starts late in its day, or fails in the night."""


def check_date(source: Source, date: dt.date, now: dt.datetime) -> None:
    """Refuse to crawl a date whose content the site cannot show any more, or not yet.

    Args:
        source: with `as_of` it can be asked for any date from its start until today. A live source shows
            today only: a date may be crawled while it lasts and for half a cadence longer, 12 hours at most.
        date: the partition's, in UTC.
        now: the moment of asking, with its time zone.

    Raises:
        PermanentError: CONFIGURATION, saying what to do.
    """
    day = dt.datetime.combine(date, dt.time(), dt.UTC)
    if date < source.start:
        raise _refused(source, date, f"it begins on {source.start}; choose a later date or change `start`")
    if source.end is not None and date > source.end:
        raise _refused(source, date, f"it ended on {source.end}; choose an earlier date or change `end`")
    if now < day:
        raise _refused(source, date, "that date is in the future; choose one up to today (UTC)")
    grace_hours = min(_MAX_GRACE_HOURS, source.cadence_hours / 2)
    if source.is_live and now >= day + dt.timedelta(hours=_DAY_HOURS + grace_hours):
        raise _refused(
            source,
            date,
            "the site shows only its present state, and history is not rewritten with it. To work on this "
            "date again, replay its stored pages; if the site can be asked for past dates, say how (`as_of`)",
        )


def starting_role(rule: Discovery) -> Role:
    """Return what a rule's start URLs are read for."""
    if isinstance(rule, DiscoverUrls | DiscoverWarc | DiscoverFiles):
        return "content"
    return "both" if isinstance(rule, DiscoverLinks | DiscoverApi) else "discovery"


@dataclass(frozen=True)
class Retried:
    """A URL that is named once more, as its row of pages had it: a dead letter of an earlier partition."""

    url: str
    role: Role
    discovery: int
    depth: int
    why: str = "retry"


def plan_frontier(
    source: Source,
    date: dt.date,
    last_visits: pl.DataFrame,
    *,
    listed: Mapping[int, Sequence[str]] | None = None,
    retried: Sequence[Retried] = (),
    dropped: Collection[str] = (),
) -> pl.DataFrame:
    """Return the frontier of one partition, ordered by URL.

    Args:
        source: its discovery rules give the start URLs. A URL that several rules start from is one row: it
            is governed by the first rule that reads it for links.
        date: the partition's.
        last_visits: rows of pages without payload: the newest admitted visit of each URL before the date.
            Later rows and older doubles are left out of account.
        listed: position of an archive's or folder's rule → the URLs that it holds for the date.
        retried: dead letters to ask again, whether or not they are revisits; and what the partition holds
            already, when it is added to.
        dropped: URLs that are not asked for any more.

    Returns:
        Start URLs and, with `fetch.revisit`, the URLs of earlier visits that are still in scope and not gone,
        list pages included, so that these are asked for conditionally as well. URLs that were never reached
        are asked again only as dead letters.

    Raises:
        PermanentError: ACCESS, when a start URL is no URL.
    """
    newest = (
        last_visits.filter(pl.col("date") < date)
        .sort("url", "date", descending=[False, True])
        .unique("url", keep="first", maintain_order=True)
    )
    visits = {row["url"]: row for row in newest.iter_rows(named=True)}
    rows: dict[str, dict[str, Any]] = {}
    for index, rule in enumerate(source.fetch.discover):
        role = starting_role(rule)
        for url in map(canonical_url, (*rule.start, *(listed or {}).get(index, ()))):
            if url in dropped:
                continue
            known = rows.get(url)
            if known is None:
                rows[url] = _row(source, date, url, role, index, "start", 0, visits.get(url))
            elif known["role"] != role:
                reads_links = known["discovery"] if known["role"] != "content" else index
                rows[url] = known | {"role": "both", "discovery": reads_links}
    if source.fetch.revisit:
        scope = scope_of(source)
        is_stored = source.fetch.via in get_args(StoredWay)
        for url, visit in visits.items():
            if url in rows or url in dropped or visit["outcome"] == "gone":
                continue
            if not is_stored and url not in scope:
                continue
            if visit["outcome"] == "failed" and visit["payload_hash"] is None:
                continue
            # a rule that the source file has lost since is replaced by its last one
            index = min(visit["discovery"], len(source.fetch.discover) - 1)
            rule = source.fetch.discover[index]
            revisited = _revisited_role(rule, visit["role"])
            if revisited is not None and (revisited == "discovery" or allows(rule, url)):
                rows[url] = _row(source, date, url, revisited, index, "revisit", visit["depth"], visit)
    for letter in retried:
        url, index = letter.url, min(letter.discovery, len(source.fetch.discover) - 1)
        if url not in rows and url not in dropped:
            rows[url] = _row(source, date, url, letter.role, index, letter.why, letter.depth, visits.get(url))
    return pl.DataFrame(list(rows.values()), schema=TABLES["frontier"].polars_schema).sort("url")


def _revisited_role(rule: Discovery, last_role: str) -> Role | None:
    if isinstance(rule, DiscoverLinks | DiscoverApi):
        return "both"
    if isinstance(rule, DiscoverWarc):
        # an archive that lacks a page on a date says nothing of it
        return None
    if last_role == "discovery":
        # only lists and sitemaps have pages of their own beside the start; a former start is no revisit
        return "discovery" if isinstance(rule, DiscoverListing | DiscoverSitemap) else None
    return "content"


def _row(
    source: Source,
    date: dt.date,
    url: str,
    role: Role,
    discovery: int,
    why: str,
    depth: int,
    visit: dict[str, Any] | None,
) -> dict[str, Any]:
    visit = visit or {}
    return {
        "date": date,
        "source": source.name,
        "url": url,
        "role": role,
        "discovery": discovery,
        "why": why,
        "depth": depth,
        # validators without the bytes they stand for would turn a 304 into nothing
        "etag": visit.get("etag") if visit.get("payload_hash") else None,
        "last_modified": visit.get("last_modified") if visit.get("payload_hash") else None,
        "payload_hash": visit.get("payload_hash"),
        "payload_date": visit.get("payload_date"),
        "visited_at": visit.get("observed_at") if visit.get("payload_hash") else None,
    }


def _refused(source: Source, date: dt.date, why: str) -> PermanentError:
    return PermanentError(
        f"source {source.name} cannot be crawled for {date}: {why}",
        failure_domain=FailureDomain.CONFIGURATION,
    )
