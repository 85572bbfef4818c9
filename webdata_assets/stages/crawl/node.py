"""Nodes: what a crawl knows of one URL before it is visited.

What belongs here: the values. What does not: their order (walk.py) and their visit (visit.py).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from webdata_assets.stages.crawl.discovery.found import Role

Why = Literal["start", "revisit", "retry", "link"]


@dataclass(frozen=True, slots=True)
class LastVisit:
    """What the frontier knows of a URL's last admitted visit.

    Attributes:
        payload_hash: of the bytes.
        payload_date: the partition date that holds them.
        etag: the validator for If-None-Match.
        last_modified: the validator for If-Modified-Since.
        visited_at: the moment whose content was seen.
    """

    payload_hash: str
    payload_date: dt.date
    etag: str | None
    last_modified: str | None
    visited_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One URL of the crawl.

    Attributes:
        url: canonical.
        role: what it is read for.
        rule: the position in `fetch.discover` of the rule that governs it.
        why: what led to it first.
        depth: links followed from a start.
        discovered_from: the page that named it.
        last_visit: of an earlier partition.
        listed_modified: the lastmod that a sitemap gives it.
    """

    url: str
    role: Role
    rule: int
    why: Why
    depth: int
    discovered_from: str | None = None
    last_visit: LastVisit | None = None
    listed_modified: dt.datetime | None = None

    @property
    def reads_links(self) -> bool:
        """Whether the page is read for URLs."""
        return self.role != "content"


def host_of_canonical(url: str) -> str:
    """Return the host of a URL that is canonical already, as `urls.host_of` does, many times faster."""
    start = url.index("//") + 2
    authority = url[start : url.index("/", start)]
    if authority.endswith("]"):
        return authority
    return authority.rpartition(":")[0] or authority
