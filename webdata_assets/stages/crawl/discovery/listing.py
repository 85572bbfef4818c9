"""Listings: pages whose items are content, and that name the next page of the list."""

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverListing
from webdata_assets.stages.crawl.discovery.found import Found, Page, resolve_links, unreadable
from webdata_assets.stages.crawl.discovery.html import parse_html
from webdata_assets.stages.crawl.discovery.pagination import find_next


def discover_listing(rule: DiscoverListing, page: Page) -> list[Found]:
    """Return the list's items and its next page: what `next` selects, or else what is found at run time.

    Raises:
        PermanentError: PARSE, when the page is no HTML; RESOURCE, when it nests too deep; CONFIGURATION, when
            a selector is not CSS.
    """
    if not page.is_html:
        raise unreadable(page, "an HTML list")
    tree, base = parse_html(page)
    found = resolve_links(_hrefs(tree, rule.items), base, "content")
    if rule.next is not None:
        return found + resolve_links(_hrefs(tree, rule.next), base, "discovery")
    following = find_next(tree, base, page.url)
    return found if following is None else [*found, Found(following, "discovery")]


def _hrefs(tree: LexborHTMLParser, selector: str) -> Iterator[str | None]:
    try:
        nodes = tree.css(selector)
    except ValueError as error:
        raise PermanentError(
            f"{selector!r} is not a CSS selector: {error}", failure_domain=FailureDomain.CONFIGURATION
        ) from error
    for node in nodes:
        # a selector may name the item's box instead of the link in it
        link = node if "href" in node.attributes else node.css_first("a[href]")
        if link is not None:
            yield link.attributes.get("href")
