"""Feeds: RSS, Atom and JSON Feed, whose entries link to the content."""

from webdata_assets.stages.crawl.discovery.found import Found, Page, resolve_links, unreadable
from webdata_assets.stages.crawl.discovery.xml import SAFE, local_name


def discover_feed(page: Page) -> list[Found]:
    """Return the pages that a feed's entries link to.

    Raises:
        PermanentError: PARSE, when it is no feed.
    """
    start = page.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    links = _read_json(page) if start.startswith(b"{") else _read_xml(page)
    return resolve_links(links, page.url, "content")


def _read_json(page: Page) -> list[str | None]:
    import orjson

    try:
        feed = orjson.loads(page.body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise unreadable(page, "a JSON Feed") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise unreadable(page, "a JSON Feed")
    urls = [item.get("url") or item.get("external_url") for item in items if isinstance(item, dict)]
    return [url for url in urls if isinstance(url, str)]


def _read_xml(page: Page) -> list[str | None]:
    import fastfeedparser

    try:
        feed = fastfeedparser.parse(
            page.body,
            include_content=False,
            include_tags=False,
            include_media=False,
            include_enclosures=False,
        )
    except (ValueError, LookupError, TypeError, AttributeError, SyntaxError):
        # what the fast parser trips over, the plain reading of the same elements may still find
        return _read_plainly(page)
    return [entry.get("link") for entry in feed["entries"]]


def _read_plainly(page: Page) -> list[str | None]:
    from lxml import etree

    parser = etree.XMLParser(recover=True, **SAFE)
    try:
        root = etree.fromstring(page.body, parser)
    except etree.XMLSyntaxError as error:
        raise unreadable(page, "a feed") from error
    # a parser that recovers gives nothing at all where there is nothing to save
    if root is None or local_name(root.tag) not in ("rss", "RDF", "feed"):
        raise unreadable(page, "a feed")
    links: list[str | None] = []
    for entry in root.iter("{*}item", "{*}entry"):
        for link in entry.iterchildren("{*}link"):
            if link.get("rel", "alternate") == "alternate":
                links.append(link.get("href") or link.text)
                break
    return links
