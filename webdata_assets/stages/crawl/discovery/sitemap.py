"""Sitemaps: the lists of pages that sitemaps.org defines, as XML, feed or plain text, gzipped or not.

What belongs here: reading them. What does not: which of their pages are recent enough (discover.py).
"""

import io
import re
from dataclasses import replace
from typing import Any

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.discovery.dates import end_of_stated
from webdata_assets.stages.crawl.discovery.feed import FEED_ROOTS, discover_feed
from webdata_assets.stages.crawl.discovery.found import (
    MAX_LINKS,
    Found,
    Page,
    Role,
    resolve_link,
    resolve_links,
    too_many_links,
    unreadable,
)
from webdata_assets.stages.crawl.discovery.xml import SAFE, forget, local_name, plain_xml
from webdata_assets.stages.crawl.http.bodies import gunzip

_GZIP_MAGIC = b"\x1f\x8b"
_TEXT_LINE = re.compile(r"^[ \t\ufeff]*(https?://\S+)[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_ROLES: dict[str, Role] = {"urlset": "content", "sitemapindex": "discovery"}


def discover_sitemap(page: Page, *, max_bytes: int) -> list[Found]:
    """Return the pages of a sitemap, or the sitemaps of an index, with the dates of their last change.

    Args:
        page: an XML sitemap or index, a feed, or a text file with one URL a line; gzipped or not.
        max_bytes: cap on the size after decompression.

    Raises:
        PermanentError: PARSE, when it is no sitemap, or breaks off; RESOURCE, when it exceeds the cap,
            or names more than MAX_LINKS.
    """
    body = page.body
    if body.startswith(_GZIP_MAGIC):
        try:
            body = gunzip(body, max_bytes)
        except TransientError as error:
            # these bytes came whole, so fetching them again gives the same
            raise PermanentError(
                "the sitemap is not whole gzip", failure_domain=FailureDomain.PARSE
            ) from error
    page = replace(page, body=body)
    start = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"http://", b"https://")):
        lines = (line[1] for line in _TEXT_LINE.finditer(body.decode("utf-8", "replace")))
        return resolve_links(lines, page.url, "content")
    return _read_xml(page)


def _read_xml(page: Page) -> list[Found]:
    from lxml import etree

    # white space before the declaration is as common as it is forbidden
    body = plain_xml(page.body).lstrip()
    events = etree.iterparse(io.BytesIO(body), events=("end",), tag=("{*}url", "{*}sitemap"), **SAFE)
    found: dict[str, Found] = {}
    try:
        for _, element in events:
            item = _read_entry(element, page.url)
            if item is not None:
                found.setdefault(item.url, item)
                if len(found) > MAX_LINKS:
                    raise too_many_links()
            forget(element)
    except etree.XMLSyntaxError as error:
        raise unreadable(page, f"a sitemap ({error.msg})") from error
    root = local_name(events.root.tag)
    if root in FEED_ROOTS:
        return discover_feed(page)
    if root not in _ROLES:
        raise unreadable(page, "a sitemap")
    return list(found.values())


def _read_entry(element: Any, base: str) -> Found | None:
    parent = element.getparent()
    role = None if parent is None else _ROLES.get(local_name(parent.tag))
    if role is None:
        return None
    said = {local_name(child.tag): child.text or "" for child in element.iterchildren("*")}
    # some generators leave <loc> out
    url = resolve_link(said.get("loc") or element.text or "", base)
    return None if url is None else Found(url, role, end_of_stated(said.get("lastmod", "")))
