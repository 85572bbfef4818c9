"""The survey of a site: what was looked at, in which order, and what was seen.

What belongs here: which URLs are visited. What does not: what one page shows (looking.py), and what is
proposed (proposal.py).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.authoring.discovering import (
    Feed,
    Sitemap,
    api_ways,
    feeds_of,
    links_of,
    next_of_api,
    sitemaps_of,
)
from webdata_assets.stages.authoring.lists import Listing, Records, listing_of, records_of
from webdata_assets.stages.authoring.patterns import Group, folder_of, groups_of, spread
from webdata_assets.stages.authoring.reading import Reader, Seen
from webdata_assets.stages.authoring.visiting import Visits

SAMPLES = 8
"""Pages that selectors are learnt from, and tried on."""
_FEWEST = 3
_MOST_API_WAYS = 3
_COVERED = 0.6
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Survey:
    """What was seen of a site.

    Attributes:
        start: the page that the look began with.
        samples: the pages that records are made of, as far as they were looked at.
        targets: the URLs of such pages that are known, in groups of one form.
        found_by: what named them: `api`, `records`, `listing`, `feed`, `sitemap`, `links` or `page`.
        sitemaps: with pages below the start's folder.
        feeds: that the start announces.
        listing: the list of links that the start is.
        records: the records that the start is made of.
        api: how the API goes on, as keys of a rule; None where it is not known to go on.
        count: how many such pages are known.
        files: linked files that are no pages.
        unread: pages that could not be read, with reasons.
        needed: why the start needs JavaScript; None where it does not.
        is_readable: whether the start could be read, as it came or by a browser.
    """

    start: Seen
    samples: tuple[Seen, ...]
    targets: tuple[Group, ...] = ()
    found_by: str = "page"
    sitemaps: tuple[Sitemap, ...] = ()
    feeds: tuple[Feed, ...] = ()
    listing: Listing | None = None
    records: Records | None = None
    api: Mapping[str, Any] | None = None
    count: int = 0
    files: tuple[str, ...] = ()
    unread: tuple[str, ...] = field(default=())
    needed: str | None = None
    is_readable: bool = True


def survey(url: str, visits: Visits, reader: Reader, tell: Tell, needed: str | None = None) -> Survey:
    """Look at a site, beginning with one of its pages.

    Args:
        url: canonical.
        visits: of the site.
        reader: of its pages.
        tell: takes a line on each thing that was found.
        needed: why the visits are made by a browser; None where they are not.

    Raises:
        PermanentError: ACCESS, TARGET, RESOURCE: the first page did not come; PARSE: it cannot be read.
        TransientError: its host is not to be had now.
    """
    tell(f"looking at {url}")
    came = visits.first(url)
    pages, failures = reader.read([came])
    if not pages:
        reason = failures[0].removeprefix(f"{came.url}: ") if failures else "nothing was read"
        raise PermanentError(
            f"{url}: {reason}; begin at a page of HTML or an API that answers JSON",
            failure_domain=FailureDomain.PARSE,
        )
    start = pages[0]
    if start.is_json:
        return _survey_api(start, visits, reader, tell)
    if start.needs_javascript and needed is None:
        return Survey(start, (start,), needed=start.needs_javascript, is_readable=False)
    return replace(_survey_pages(start, visits, reader, tell), needed=needed)


def _survey_api(start: Seen, visits: Visits, reader: Reader, tell: Tell) -> Survey:
    shape = start.look["json"]
    if shape["count"] == 0:
        raise PermanentError(
            f"{start.came.url}: the JSON holds no object; begin at the API's list",
            failure_domain=FailureDomain.PARSE,
        )
    tell(f"answers JSON: {shape['count']} objects at {shape['items'] or 'its top'}")
    for way in api_ways(start.came, shape["ways"])[:_MOST_API_WAYS]:
        following = next_of_api(start.came, way)
        if following is None:
            continue
        more, _ = reader.read(visits.get([following]))
        if more and more[0].is_json and more[0].payload.payload_hash != start.payload.payload_hash:
            tell(f"it goes on by {', '.join(key for key in way if key != 'items')}")
            third = next_of_api(more[0].came, way)
            rest, _ = reader.read(visits.get([third] if third else []))
            return Survey(start, (start, *more, *rest), found_by="api", api=way)
    return Survey(start, (start,), found_by="api")


def _survey_pages(start: Seen, visits: Visits, reader: Reader, tell: Tell) -> Survey:
    sitemaps = [_below(start, sitemap) for sitemap in sitemaps_of(start.came.page.url, visits)]
    sitemaps = [sitemap for sitemap in sitemaps if len(sitemap.pages) >= _FEWEST]
    for sitemap in sitemaps:
        tell(f"sitemap {sitemap.url}: {len(sitemap.pages)} pages")
    feeds = feeds_of(start.look["feeds"], visits)
    for feed in feeds:
        tell(f"feed {feed.url}: {len(feed.pages)} entries")
    listing, records = listing_of(start), records_of(start)
    links, files = links_of(start.came)
    below = [link for link in links if link.startswith(folder_of(start.came.page.url))]
    found_by, urls = _targets(start, sitemaps, feeds, listing, records, below)
    tell(_found(found_by, urls, records))
    if found_by == "records":
        assert records is not None
        further, unread = reader.read(visits.get([records.next] if records.next else []))
        further += reader.read(visits.get([page.look["next"] for page in further if page.look["next"]]))[0]
        samples = [start, *(page for page in further if not page.is_json)]
        groups: list[Group] = []
    else:
        groups = groups_of(_all_of_their_form(groups_of(urls), urls, sitemaps))
        came = visits.get(spread(urls, SAMPLES) if found_by == "links" else _choice(groups))
        read, unread = reader.read(came)
        samples = [page for page in read if not page.is_json]
        if not samples:
            # what nobody could read is nothing to propose
            found_by, groups, samples = "page", [], [start]
    tell(f"{len(samples)} pages read, {visits.requests} requests so far")
    return Survey(
        start=start,
        samples=tuple(samples),
        targets=tuple(groups),
        found_by=found_by,
        sitemaps=tuple(sitemaps),
        feeds=tuple(feeds),
        listing=listing,
        records=records,
        count=max(len(urls), sum(len(group.urls) for group in groups)),
        files=tuple(files),
        unread=tuple(unread),
    )


def _found(found_by: str, urls: Sequence[str], records: Records | None) -> str:
    if found_by == "records" and records is not None:
        return f"{records.count} blocks that are records themselves"
    return f"{len(urls)} pages by {found_by}" if urls else "nothing that leads to further pages"


def _targets(
    start: Seen,
    sitemaps: Sequence[Sitemap],
    feeds: Sequence[Feed],
    listing: Listing | None,
    records: Records | None,
    below: Sequence[str],
) -> tuple[str, Sequence[str]]:
    """Return which URLs are content, and by what they were found."""
    if start.page_type == "documentation":
        listing = records = None
    if listing is not None:
        return "listing", listing.links
    if records is not None and (records.next or not (sitemaps or feeds)):
        return "records", ()
    if feeds and len(feeds[0].pages) >= _FEWEST:
        return "feed", feeds[0].pages
    if sitemaps:
        return "sitemap", sitemaps[0].pages
    if len(below) >= _FEWEST:
        return "links", below
    return "page", ()


def _all_of_their_form(
    groups: Sequence[Group], urls: Sequence[str], sitemaps: Sequence[Sitemap]
) -> Sequence[str]:
    """Return the pages of a sitemap that are of the form of those found, if it names most of these."""
    for sitemap in sitemaps:
        if covers(sitemap.pages, groups):
            patterns = [re.compile(group.pattern) for group in groups]
            return [url for url in sitemap.pages if any(pattern.search(url) for pattern in patterns)]
    return urls


def _below(start: Seen, sitemap: Sitemap) -> Sitemap:
    """Return a sitemap with those of its pages that are below the folder of the start."""
    folder = folder_of(start.came.page.url)
    return replace(sitemap, pages=tuple(url for url in sitemap.pages if url.startswith(folder)))


def _choice(groups: Sequence[Group]) -> list[str]:
    """Return pages of each group, more of the larger ones, the groups in turn."""
    total = sum(len(group.urls) for group in groups) or 1
    chosen = []
    for group in groups:
        chosen += spread(group.urls, max(1, round(SAMPLES * len(group.urls) / total)))
    return chosen[:SAMPLES]


def covers(urls: Sequence[str], targets: Sequence[Group]) -> bool:
    """Whether a list of URLs holds most of the pages that are content."""
    wanted = {url for group in targets for url in group.urls}
    return bool(wanted) and len(wanted & set(urls)) >= _COVERED * len(wanted)
