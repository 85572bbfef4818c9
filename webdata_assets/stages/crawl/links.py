"""Links: what a visited page names, read from its bytes, or from what was kept when they were read before.

What belongs here: where the bytes or the links of an unchanged page come from. What does not: the formats
(discovery/), and what becomes of the links (walk.py).
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

import orjson
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.discovery import Found, Page, discover
from webdata_assets.stages.crawl.node import Node
from webdata_assets.stages.crawl.rows import Visit, links_from_json
from webdata_assets.stages.crawl.urls import Scope
from webdata_assets.stages.crawl.walk import Walk

logger = logging.getLogger(__name__)

LoadPayload = Callable[[str, str, dt.date], bytes]
"""URL, payload hash and payload date → stored bytes. LookupError means that they are stored no more."""
LoadLinks = Callable[[dt.date], Iterable[tuple[str, str, str]]]
"""Payload date → URL, rule and links of every page of that partition that was read for links."""

_READER_VERSION = 1
"""Raised when pages are read for links in another way, so that what was kept is read again."""


class PayloadGoneError(Exception):
    """The bytes of an unchanged page are stored no more; it must be fetched again."""


class LinkReader:
    """Reads the visited pages of one crawl for links."""

    def __init__(
        self,
        source: Source,
        scope: Scope,
        walk: Walk,
        load_payload: LoadPayload,
        load_links: LoadLinks | None,
    ) -> None:
        """Take the source, whose rules say what is a link, and where stored bytes and links come from."""
        self._source = source
        self._scope = scope
        self._walk = walk
        self._load_payload = load_payload
        self._load_links = load_links
        self._loaded: dict[dt.date, asyncio.Task[None]] = {}
        self._rule_ids = [_rule_id(source, index) for index in range(len(source.fetch.discover))]

    async def read(self, node: Node, visit: Visit, body: bytes | None) -> tuple[Visit, list[Found]]:
        """Return the visit as reading the page leaves it, and the URLs that the page names.

        Args:
            node: says which rule reads it.
            visit: reached.
            body: the page's bytes; None where they must be had from the store.

        Raises:
            PayloadGoneError: they are stored no more.
            PermanentError: CONFIGURATION, as the rule raises it.
        """
        rule_id = self._rule_ids[node.rule]
        rule = self._source.fetch.discover[node.rule]
        if visit.links is not None and visit.links_rule == rule_id:
            return visit, visit.links
        if body is None:
            assert visit.payload_hash is not None and visit.payload_date is not None
            kept = await self._kept_links(node.url, rule_id, visit.payload_date)
            if kept is not None:
                return visit, kept
            try:
                body = await asyncio.to_thread(
                    self._load_payload, node.url, visit.payload_hash, visit.payload_date
                )
            except LookupError as error:
                logger.warning("%s: its stored payload is missing; fetching it again", node.url)
                raise PayloadGoneError from error
        page = Page(visit.final_url or node.url, body, visit.content_type, visit.headers)
        try:
            found = discover(self._source, self._scope, rule, page, requested_url=node.url)
        except PermanentError as error:
            if error.failure_domain is FailureDomain.CONFIGURATION:
                raise
            return visit.failed_to_parse(error), []
        if visit.outcome == "fetched":
            visit = replace(visit, links=found, links_rule=rule_id)
        return visit, found

    async def _kept_links(self, url: str, rule_id: str, date: dt.date) -> list[Found] | None:
        if self._load_links is None:
            return None
        if date not in self._loaded:
            self._loaded[date] = asyncio.create_task(self._load(self._load_links, date))
        await asyncio.shield(self._loaded[date])
        kept = self._walk.visited.kept_links(url, date, rule_id)
        return None if kept is None else links_from_json(kept)

    async def _load(self, load_links: LoadLinks, date: dt.date) -> None:
        self._walk.visited.keep_links(date, await asyncio.to_thread(load_links, date))


def _rule_id(source: Source, index: int) -> str:
    """Return what a page's links depend on beside its bytes: the rule, the scope, the date parameter."""
    fetch = source.fetch
    parts = [
        str(_READER_VERSION),
        fetch.discover[index].model_dump_json(
            exclude={"max_depth", "max_listing_pages", "modified_within_days", "path"}
        ),
        orjson.dumps(fetch.hosts).decode(),
        "" if source.as_of is None else source.as_of.model_dump_json(),
    ]
    return blake3("\n".join(parts).encode()).hexdigest()[:16]
