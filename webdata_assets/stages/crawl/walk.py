"""The walk: which URLs a crawl knows, in which order it visits them, and which have left their lists.

What belongs here: breadth-first order and the merging of several finds of one URL, independent of timing.
What does not: visiting (visit.py) and reading pages (discovery/).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from webdata_assets.sources.discover import (
    DiscoverApi,
    DiscoverLinks,
    DiscoverListing,
    DiscoverSitemap,
    DiscoverUrls,
)
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.discovery.found import Found, Role

Why = Literal["start", "revisit", "link"]
_PRECEDENCE: tuple[Why, ...] = ("start", "revisit", "link")
_COMPLETE = (DiscoverUrls, DiscoverListing, DiscoverSitemap, DiscoverApi)
"""Rules that name all of their pages, so that a page which they name no longer is gone."""


@dataclass(frozen=True)
class LastVisit:
    """What the frontier knows of a URL's last admitted visit."""

    payload_hash: str
    payload_date: dt.date
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True)
class Node:
    """One URL of the crawl. `rule` is the position in `fetch.discover` of the rule that governs it."""

    url: str
    role: Role
    rule: int
    why: Why
    depth: int
    discovered_from: str | None = None
    last_visit: LastVisit | None = None

    @property
    def reads_links(self) -> bool:
        """Whether the page is read for URLs."""
        return self.role != "content"


class Walk:
    """Hands out URLs by depth, each once, so that a URL's depth is its shortest path."""

    def __init__(self, source: Source, frontier: pl.DataFrame) -> None:
        """Begin with a frontier.

        Revisits under rules that name all of their pages wait until they are named again.
        """
        self._rules = source.fetch.discover
        self._nodes: dict[str, Node] = {}
        self._waiting: defaultdict[int, set[str]] = defaultdict(set)
        self._unnamed: set[str] = set()
        self._broken: set[int] = set()
        self._naming: set[int] = set()
        for row in frontier.iter_rows(named=True):
            node = _starting_node(row)
            self._nodes[node.url] = node
            if node.why == "revisit" and isinstance(self._rules[node.rule], _COMPLETE):
                self._unnamed.add(node.url)
            else:
                self._waiting[node.depth].add(node.url)
                if node.role != "discovery":
                    self._naming.add(node.rule)

    @property
    def nodes(self) -> Iterable[Node]:
        """Every URL known so far."""
        return self._nodes.values()

    def __len__(self) -> int:
        return len(self._nodes)

    def take_level(self) -> list[Node]:
        """Return the waiting URLs of the least depth, ordered by URL; empty when none wait."""
        depths = [depth for depth, urls in self._waiting.items() if urls]
        if not depths:
            return []
        return [self._nodes[url] for url in sorted(self._waiting.pop(min(depths)))]

    def add(self, parent: Node, found: Iterable[Found]) -> None:
        """Take the URLs that a visited page names."""
        rule = self._rules[parent.rule]
        depth = parent.depth + 1
        for item in found:
            if item.role != "discovery":
                self._naming.add(parent.rule)
            if not (isinstance(rule, DiscoverLinks) and depth > rule.max_depth):
                self._add(Node(item.url, item.role, parent.rule, "link", depth, parent.url))

    def mark_broken(self, node: Node) -> None:
        """Note that a page which is read for links was not reached, so that its rule's list is not whole."""
        if node.reads_links:
            self._broken.add(node.rule)

    def release_unnamed(self) -> bool:
        """Queue the revisits whose rule did not name all of its pages; return whether there are any.

        A rule that names nothing is taken for broken too: an empty list is more often a fault than the truth.
        """
        whole = self._naming - self._broken
        released = {url for url in self._unnamed if self._nodes[url].rule not in whole}
        self._unnamed -= released
        for url in released:
            self._waiting[self._nodes[url].depth].add(url)
        return bool(released)

    def vanished(self) -> list[Node]:
        """Return the revisits that no list names any more."""
        return [self._nodes[url] for url in self._unnamed]

    def _add(self, new: Node) -> None:
        old = self._nodes.get(new.url)
        if old is None:
            self._nodes[new.url] = new
            self._waiting[new.depth].add(new.url)
        elif new.url in self._unnamed:
            self._unnamed.remove(new.url)
            self._nodes[new.url] = replace(new, why=old.why, last_visit=old.last_visit)
            self._waiting[new.depth].add(new.url)
        elif new.url in self._waiting.get(old.depth, ()):
            merged = _merge(old, new)
            self._nodes[new.url] = merged
            self._waiting[old.depth].discard(new.url)
            self._waiting[merged.depth].add(new.url)
        elif new.reads_links and not old.reads_links:
            # visited for its content, and now to be read for links as well: it takes another turn
            self._nodes[new.url] = replace(old, role="both", rule=new.rule)
            self._waiting[new.depth].add(new.url)


def _merge(one: Node, other: Node) -> Node:
    """Return what two finds of one URL say together, in whichever order they came."""
    # the first rule that reads the page for links governs it
    governing = min(one, other, key=lambda node: (not node.reads_links, node.rule))
    nearest = min(one, other, key=lambda node: (node.depth, node.discovered_from or ""))
    return Node(
        url=one.url,
        role=one.role if one.role == other.role else "both",
        rule=governing.rule,
        why=min(one.why, other.why, key=_PRECEDENCE.index),
        depth=nearest.depth,
        discovered_from=nearest.discovered_from,
        last_visit=one.last_visit or other.last_visit,
    )


def _starting_node(row: dict[str, object]) -> Node:
    values = {name: row[name] for name in ("url", "role", "why", "depth")}
    last_visit = None
    if row["payload_hash"] is not None:
        last_visit = LastVisit(
            **{name: row[name] for name in ("payload_hash", "payload_date", "etag", "last_modified")}  # type: ignore[arg-type]
        )
    return Node(rule=row["discovery"], last_visit=last_visit, **values)  # type: ignore[arg-type]
