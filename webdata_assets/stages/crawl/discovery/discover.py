"""Discovery: the one door to every way of finding URLs.

What belongs here: choosing the way, scope, and what a rule itself says of the URLs that it keeps. What does
not: reading a format (one file each), and what becomes of the URLs (walk.py).
"""

import datetime as dt
import logging
import re
from collections.abc import Iterable
from dataclasses import replace

from webdata_assets.sources.discover import (
    DiscoverApi,
    DiscoverFeed,
    DiscoverFiles,
    DiscoverJob,
    DiscoverLinks,
    DiscoverListing,
    DiscoverSitemap,
    DiscoverUrls,
    DiscoverWarc,
    Discovery,
)
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.discovery.api import discover_api
from webdata_assets.stages.crawl.discovery.feed import discover_feed
from webdata_assets.stages.crawl.discovery.found import Found, Page
from webdata_assets.stages.crawl.discovery.links import discover_links
from webdata_assets.stages.crawl.discovery.listing import discover_listing
from webdata_assets.stages.crawl.discovery.sitemap import discover_sitemap
from webdata_assets.stages.crawl.urls import Scope, without_as_of

logger = logging.getLogger(__name__)


def discover(source: Source, scope: Scope, rule: Discovery, page: Page, *, requested_url: str) -> list[Found]:
    """Return the URLs that a page names under a rule: in scope, allowed, without the `as_of` parameter.

    They depend on the page alone; what depends on the date is left to keep_recent.

    Raises:
        PermanentError: PARSE, when the page is not of the kind that the rule expects; RESOURCE, when it
            unpacks to more than `fetch.max_body_bytes`, or cannot be parsed in bearable time; CONFIGURATION,
            when the rule itself cannot be followed.
    """
    kept: dict[tuple[str, str], Found] = {}
    for item in _read(source, rule, page, requested_url):
        url = without_as_of(item.url, source.as_of)
        if url in scope:
            # allow and deny choose content; a sitemap index may name its parts as it likes
            if item.role == "discovery" or allows(rule, url):
                kept.setdefault((url, item.role), item if url == item.url else replace(item, url=url))
        elif isinstance(rule, DiscoverApi):
            logger.warning("%s: the listing goes on out of scope, at %s", requested_url, url)
    return list(kept.values())


def keep_recent(rule: Discovery, found: Iterable[Found], date: dt.date) -> list[Found]:
    """Return what a rule's `modified_within_days` leaves of a page's URLs on a date.

    The days are counted back from the start of the date, so that what changed since a crawl of the day before
    is in them. URLs without a date stay.
    """
    if not isinstance(rule, DiscoverSitemap) or rule.modified_within_days is None:
        return list(found)
    start, days = dt.datetime.combine(date, dt.time(), dt.UTC), rule.modified_within_days
    return [
        item
        for item in found
        if item.last_modified is None or (start - item.last_modified) / dt.timedelta(days=1) <= days
    ]


def needs_headers(rule: Discovery) -> bool:
    """Return whether the rule reads response headers, so that its pages must not be asked conditionally."""
    return isinstance(rule, DiscoverApi) and rule.link_header


def allows(rule: Discovery, url: str) -> bool:
    """Return whether the rule's allow and deny patterns, where it has any, keep the URL."""
    if not isinstance(rule, DiscoverLinks | DiscoverSitemap | DiscoverFeed | DiscoverWarc | DiscoverFiles):
        return True
    if any(re.search(pattern, url) for pattern in rule.deny):
        return False
    return not rule.allow or any(re.search(pattern, url) for pattern in rule.allow)


def _read(source: Source, rule: Discovery, page: Page, requested_url: str) -> list[Found]:
    match rule:
        case DiscoverUrls() | DiscoverWarc() | DiscoverFiles() | DiscoverJob():
            return []
        case DiscoverLinks():
            return discover_links(page, obey=source.fetch.robots == "obey")
        case DiscoverListing():
            return discover_listing(rule, page)
        case DiscoverSitemap():
            return discover_sitemap(page, max_bytes=source.fetch.max_body_bytes)
        case DiscoverFeed():
            return discover_feed(page)
        case DiscoverApi():
            return discover_api(rule, page, requested_url=requested_url)
