"""What a site says of its own pages: sitemaps, feeds, links, and the next page of an API.

What belongs here: asking for these and reading them as a crawl does. What does not: what follows for the
source (proposal.py).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from webdata_assets.errors import PermanentError
from webdata_assets.sources.discover import DiscoverApi
from webdata_assets.stages.authoring.visiting import Came, Visits
from webdata_assets.stages.crawl.discovery.api import discover_api
from webdata_assets.stages.crawl.discovery.feed import discover_feed
from webdata_assets.stages.crawl.discovery.found import Found, resolve_link
from webdata_assets.stages.crawl.discovery.link_header import parse_link_header
from webdata_assets.stages.crawl.discovery.links import discover_links
from webdata_assets.stages.crawl.discovery.sitemap import discover_sitemap
from webdata_assets.stages.crawl.urls import host_of, origin_of

_MOST_SITEMAPS = 2
_MOST_PARTS = 3
_MOST_FEEDS = 2
_CONTENT_PART = re.compile(r"post|article|product|page|news|blog|item|story|entr", re.IGNORECASE)
_MARGINAL_PART = re.compile(r"tag|categor|author|image|video|user|attachment", re.IGNORECASE)
_MAX_BYTES = 5_000_000
_ASSET = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|ico|css|js|pdf|zip|gz|bz2|xz|tar|epub|mp[34]|xml|json|txt|woff2?|exe|dmg)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Sitemap:
    """A sitemap that was read.

    Attributes:
        url: of the sitemap or the index.
        parts: how many sitemaps an index names; 0 for a sitemap.
        read: how many of them were read.
        pages: URLs of pages in the host's scope.
        has_dates: whether it says when pages changed.
        said_by: where it is announced.
    """

    url: str
    parts: int
    read: int
    pages: tuple[str, ...]
    has_dates: bool
    said_by: str


@dataclass(frozen=True)
class Feed:
    """A feed that was read: its URL, and the pages that its entries link to."""

    url: str
    pages: tuple[str, ...]


def sitemaps_of(url: str, visits: Visits) -> list[Sitemap]:
    """Return the site's sitemaps: those that robots.txt names, else the one at the usual place."""
    origin = origin_of(url)
    named = [
        link
        for written in visits.sitemaps(url)
        if (link := resolve_link(written, url)) is not None and host_of(link) == host_of(url)
    ]
    said_by = "Named by robots.txt" if named else "Found at the usual place"
    found = []
    for address in (named or [f"{origin}/sitemap.xml"])[:_MOST_SITEMAPS]:
        for came in visits.get([address]):
            sitemap = _read_sitemap(came, visits, said_by)
            if sitemap is not None and sitemap.pages:
                found.append(sitemap)
    return found


def _read_sitemap(came: Came, visits: Visits, said_by: str) -> Sitemap | None:
    listed = _sitemap_entries(came)
    parts = [item.url for item in listed if item.role == "discovery"]
    pages = [item for item in listed if item.role == "content"]
    own = [part for part in parts if host_of(part) == host_of(came.url)]
    came_parts = visits.get(sorted(own, key=_part_order)[:_MOST_PARTS])
    for part in came_parts:
        pages += [item for item in _sitemap_entries(part) if item.role == "content"]
    urls = dict.fromkeys(item.url for item in pages if host_of(item.url) == host_of(came.url))
    if not (listed or urls):
        return None
    has_dates = any(item.last_modified is not None for item in pages)
    return Sitemap(came.url, len(parts), len(came_parts), tuple(urls), has_dates, said_by)


def _sitemap_entries(came: Came) -> list[Found]:
    try:
        return discover_sitemap(came.page, max_bytes=_MAX_BYTES)
    except PermanentError:
        # many sites answer with a page of their own where there is none
        return []


def _part_order(url: str) -> int:
    name = url.rpartition("/")[2]
    return 0 if _CONTENT_PART.search(name) else 2 if _MARGINAL_PART.search(name) else 1


def feeds_of(urls: Iterable[str], visits: Visits) -> list[Feed]:
    """Return the announced feeds that could be read and name pages."""
    found = []
    for came in visits.get(list(urls)[:_MOST_FEEDS]):
        try:
            pages = tuple(item.url for item in discover_feed(came.page))
        except PermanentError:
            continue
        own = tuple(page for page in pages if host_of(page) == host_of(came.url))
        if own:
            found.append(Feed(came.url, own))
    return found


def links_of(came: Came) -> tuple[list[str], list[str]]:
    """Return the pages that a page links to on its own host, and the files that are no pages."""
    try:
        found = [item.url for item in discover_links(came.page, obey=True)]
    except PermanentError:
        return [], []
    own = [url for url in found if host_of(url) == host_of(came.page.url) and url != came.page.url]
    files = [url for url in own if _ASSET.search(url.partition("?")[0])]
    return [url for url in own if url not in set(files)], files


def api_ways(came: Came, hints: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return the ways in which an API may go on, as keys of a `by: api` rule: the header first."""
    linked = parse_link_header(came.page.headers.get("link", ""))
    ways: list[dict[str, Any]] = []
    if any("next" in link.relations for link in linked):
        ways.append({"link_header": True})
    return [*ways, *map(dict, hints)]


def next_of_api(came: Came, way: Mapping[str, Any]) -> str | None:
    """Return the next page of an API under a rule, as a crawl would find it; None without one."""
    rule = DiscoverApi.model_validate({"by": "api", "start": [came.url], **way})
    try:
        found = discover_api(rule, came.page, requested_url=came.url)
    except PermanentError:
        return None
    own = [item.url for item in found if host_of(item.url) == host_of(came.url)]
    return own[0] if own and own[0] != came.url else None
