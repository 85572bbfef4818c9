"""Feeds: RSS, Atom and JSON Feed, whose entries link to the content.

What belongs here: which link of an entry is the page; feedparser's rules, because readers know feeds by them.
What does not: anything else of an entry.
"""

import io
from typing import Any

from webdata_assets.errors import PermanentError
from webdata_assets.stages.crawl.discovery.found import Found, Page, is_html, resolve_links, unreadable
from webdata_assets.stages.crawl.discovery.json import load_json
from webdata_assets.stages.crawl.discovery.xml import SAFE, forget, local_name, plain_xml
from webdata_assets.stages.crawl.urls import canonical_url

FEED_ROOTS = ("rss", "RDF", "feed")
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_MAX_LENIENT_BYTES = 1_000_000
_MAX_UNCLOSED = 20_000
"""Tags: feedparser takes the square of their number, which is seconds for what is no feed."""
_STUMBLES = (LookupError, ValueError, AttributeError, TypeError, AssertionError, RecursionError)
"""How feedparser fails on markup that it does not expect, such as an end tag too many."""


def discover_feed(page: Page) -> list[Found]:
    """Return the pages that a feed's entries link to.

    Raises:
        PermanentError: PARSE, when it is no feed, or one that declares entities; RESOURCE, as load_json and
            plain_xml do.
    """
    start = page.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    links = _read_json(page) if start.startswith(b"{") else _read_xml(page)
    return resolve_links(links, page.url, "content")


def _read_json(page: Page) -> list[str | None]:
    try:
        feed = load_json(page.body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise unreadable(page, "a JSON Feed") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise unreadable(page, "a JSON Feed")
    urls = [item.get("url") or item.get("external_url") for item in items if isinstance(item, dict)]
    return [url for url in urls if isinstance(url, str)]


def _read_xml(page: Page) -> list[str | None]:
    from lxml import etree

    body = plain_xml(page.body).lstrip()
    links = []
    try:
        events = etree.iterparse(io.BytesIO(body), events=("end",), tag=("{*}item", "{*}entry"), **SAFE)
        for _, entry in events:
            links.append(_link_of(entry, page.url))
            forget(entry)
    except etree.XMLSyntaxError:
        return _read_leniently(page, body)
    root = events.root
    return links if local_name(root.tag) in FEED_ROOTS and len(root) else _read_leniently(page, body)


def _link_of(entry: Any, url: str) -> str | None:
    """Return the last alternate link to HTML or plain <link>, or else a GUID that is a link."""
    found = None
    for child in entry.iterchildren("*"):
        name = local_name(child.tag)
        link = None
        if name == "link":
            link = child.get("href") or "".join(child.itertext()).strip()
            if child.get("href") and not _is_alternate(child):
                continue
        elif name in ("guid", "id") and found is None and child.get("isPermaLink", "true") == "true":
            link = "".join(child.itertext()).strip()
        if link:
            found = _by_its_base(link, child.base, url)
    return found


def _is_alternate(link: Any) -> bool:
    return link.get("rel", "alternate") == "alternate" and link.get("type", "text/html") in _HTML_TYPES


def _by_its_base(link: str, base: str | None, url: str) -> str:
    """Return the link, resolved against what `xml:base` says, if it says anything."""
    if not base:
        return link
    try:
        return canonical_url(link, canonical_url(base, url))
    except PermanentError:
        return link


def _read_leniently(page: Page, body: bytes) -> list[str | None]:
    """Read what is no well-formed XML, or a rare format, as feed readers do; linear, but slow."""
    import feedparser

    unclosed = body.count(b"<") - 2 * body.count(b"</") - body.count(b"/>")
    if len(body) > _MAX_LENIENT_BYTES or unclosed > _MAX_UNCLOSED or is_html(page.body):
        raise unreadable(page, "a feed")
    headers = {"content-location": page.url}
    if page.content_type:
        headers["content-type"] = page.content_type
    # a file object, because it would take text for an address to fetch
    try:
        feed = feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except _STUMBLES as error:
        raise unreadable(page, "a feed") from error
    if not feed.entries and not (feed.get("version") and feed.feed):
        raise unreadable(page, "a feed")
    return [entry.get("link") for entry in feed.entries]
