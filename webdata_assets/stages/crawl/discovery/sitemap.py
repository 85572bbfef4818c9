"""Sitemaps: the lists of pages that sitemaps.org defines, as XML, gzip or plain text."""

import io

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.bodies import gunzip
from webdata_assets.stages.crawl.discovery.found import Found, Page, resolve_links, unreadable
from webdata_assets.stages.crawl.discovery.xml import SAFE, local_name

_GZIP_MAGIC = b"\x1f\x8b"


def discover_sitemap(page: Page, *, max_bytes: int) -> list[Found]:
    """Return the pages of a sitemap, or the sitemaps of an index.

    Args:
        page: an XML sitemap or index, gzipped or not, or a text file with one URL a line.
        max_bytes: cap on the size after decompression.

    Raises:
        PermanentError: PARSE, when it is no sitemap, or breaks off; RESOURCE, when it exceeds the cap.
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
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"http://", b"https://")):
        return resolve_links(body.decode("utf-8-sig", "replace").split(), page.url, "content")
    return _read_xml(Page(page.url, body, page.content_type))


def _read_xml(page: Page) -> list[Found]:
    from lxml import etree

    pages: list[str | None] = []
    sitemaps: list[str | None] = []
    events = etree.iterparse(io.BytesIO(page.body), events=("end",), **SAFE)
    try:
        for _, element in events:
            name, parent = local_name(element.tag), element.getparent()
            if name == "loc":
                kind = "" if parent is None else local_name(parent.tag)
                # image:loc and video:loc stand in elements of other names
                if kind == "url":
                    pages.append(element.text)
                elif kind == "sitemap":
                    sitemaps.append(element.text)
            elif name in ("url", "sitemap") and parent is not None:
                # what was read is let go, so that memory does not grow with the file
                element.clear()
                while element.getprevious() is not None:
                    del parent[0]
    except etree.XMLSyntaxError as error:
        raise unreadable(page, f"a sitemap ({error.msg})") from error
    if local_name(events.root.tag) not in ("urlset", "sitemapindex"):
        raise unreadable(page, "a sitemap")
    return resolve_links(pages, page.url, "content") + resolve_links(sitemaps, page.url, "discovery")
