"""Links: every page names other pages by its <a> and <area> elements."""

from webdata_assets.stages.crawl.discovery.found import Found, Page, resolve_links
from webdata_assets.stages.crawl.discovery.html import parse_html


def discover_links(page: Page) -> list[Found]:
    """Return the pages that an HTML page links to; other types have no links."""
    if not page.is_html:
        return []
    tree, base = parse_html(page)
    hrefs = (node.attributes.get("href") for node in tree.css("a[href], area[href]"))
    return resolve_links(hrefs, base, "both")
