"""Polling: whether a source's feeds name anything new, by one conditional request for each.

What belongs here: the requests, and what is remembered of their answers. What does not: visiting what is new,
which is a crawl.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from blake3 import blake3

from webdata_assets.sources.discover import DiscoverFeed
from webdata_assets.stages.crawl.discovery import Page, discover
from webdata_assets.stages.crawl.node import LastVisit, Node
from webdata_assets.stages.crawl.requester import Requester
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets.stages.crawl.visit import Retry, Tries, try_url


@dataclass(frozen=True)
class Polled:
    """What a feed said when it was asked last.

    Attributes:
        entries: a hash of the URLs that it named.
        payload_hash: of its bytes.
        etag: its validator.
        last_modified: its other validator.
    """

    entries: str
    payload_hash: str
    etag: str | None = None
    last_modified: str | None = None


async def poll_feeds(requester: Requester, date: dt.date, known: Mapping[str, Polled]) -> dict[str, Polled]:
    """Return what each feed of a source says now; one that cannot be read now says what it said before.

    Robots, rate, breaker and scope hold as they do for a crawl.

    Args:
        requester: of the source.
        date: of today.
        known: URL → what it said before.

    Raises:
        TransientError, PermanentError: as `try_url` raises them, of what concerns the host or the settings.
    """
    said = {}
    source = requester.source
    for index, rule in enumerate(source.fetch.discover):
        if not isinstance(rule, DiscoverFeed):
            continue
        for url in map(canonical_url, rule.start):
            before = known.get(url)
            last = None
            if before is not None:
                validators = (before.etag, before.last_modified)
                last = LastVisit(before.payload_hash, date, *validators, requester.now())
            visit = await try_url(
                requester, Node(url, "discovery", index, "start", 0, last_visit=last), Tries()
            )
            if isinstance(visit, Retry) or visit.outcome != "fetched" or visit.body is None:
                if before is not None:
                    said[url] = before
                continue
            page = Page(visit.final_url or url, visit.body, visit.content_type)
            found = discover(source, requester.scope, rule, page, requested_url=url)
            entries = blake3("\n".join(sorted(item.url for item in found)).encode()).hexdigest()
            said[url] = Polled(entries, visit.payload_hash or "", visit.etag, visit.last_modified)
    return said
