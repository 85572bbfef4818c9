"""Discovery: the one door to every way of finding URLs.

What belongs here: choosing the way, scope, and a rule's allow and deny patterns. What does not: reading a
format (one file each), and what becomes of the URLs (walk.py).
"""

import re

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


def discover(source: Source, scope: Scope, rule: Discovery, page: Page, *, requested_url: str) -> list[Found]:
    """Return the URLs that a page names under a rule: in scope, allowed, without the `as_of` parameter.

    Raises:
        PermanentError: PARSE, when the page is not of the kind that the rule expects; RESOURCE, when it
            unpacks to more than `fetch.max_body_bytes`.
    """
    found = _read(source, rule, page, requested_url)
    plain = (Found(without_as_of(item.url, source.as_of), item.role) for item in found)
    kept = (item for item in plain if item.url in scope)
    # allow and deny choose content; a sitemap index may name its parts as it likes
    return [item for item in dict.fromkeys(kept) if item.role == "discovery" or allows(rule, item.url)]


def allows(rule: Discovery, url: str) -> bool:
    """Return whether the rule's allow and deny patterns, where it has any, keep the URL."""
    if not isinstance(rule, DiscoverLinks | DiscoverSitemap | DiscoverFeed):
        return True
    if any(re.search(pattern, url) for pattern in rule.deny):
        return False
    return not rule.allow or any(re.search(pattern, url) for pattern in rule.allow)


def _read(source: Source, rule: Discovery, page: Page, requested_url: str) -> list[Found]:
    match rule:
        case DiscoverUrls() | DiscoverWarc() | DiscoverFiles() | DiscoverJob():
            return []
        case DiscoverLinks():
            return discover_links(page)
        case DiscoverListing():
            return discover_listing(rule, page)
        case DiscoverSitemap():
            return discover_sitemap(page, max_bytes=source.fetch.max_body_bytes)
        case DiscoverFeed():
            return discover_feed(page)
        case DiscoverApi():
            return discover_api(rule, page, requested_url=requested_url)
