"""Links: every page names other pages by its <a> and <area> elements."""

from webdata_assets.stages.crawl.discovery.found import Found, Page, resolve_links
from webdata_assets.stages.crawl.discovery.html import base_of, parse_tree
from webdata_assets.stages.crawl.discovery.tags import attribute, attributes, read_tags, start_tag
from webdata_assets.stages.extract.decode import decode


def discover_links(page: Page, *, obey: bool) -> list[Found]:
    """Return the pages that an HTML page links to; other types have no links.

    Args:
        page: as it came.
        obey: whether a link with `rel=nofollow`, and all links of a page whose `<meta name=robots>` says
            `nofollow` or `none`, are left alone.

    Raises:
        PermanentError: RESOURCE, when the page needs its tree, and nests too deep for one.
    """
    if not page.is_html:
        return []
    text = decode(page.body, page.content_type)
    tags = read_tags(text)
    if tags is None:
        nodes = parse_tree(text).css("a[href], area[href], base[href], meta[name]")
        tags = [start_tag(node.html or "") for node in nodes]
    links = [tag for tag in tags if tag[0] in "aA"]
    others = [tag for tag in tags if tag[0] not in "aA"]
    if obey:
        if any(_forbids(tag) for tag in others if tag[0] in "mM"):
            return []
        links = [tag for tag in links if "nofollow" not in tag.lower() or not _is_nofollow(tag)]
    base = base_of((tag for tag in others if tag[0] in "bB"), page.url)
    return resolve_links(attributes(links, "href"), base, "both")


def _is_nofollow(link: str) -> bool:
    return "nofollow" in (attribute(link, "rel") or "").lower().split()


def _forbids(meta: str) -> bool:
    if (attribute(meta, "name") or "").strip().lower() != "robots":
        return False
    directives = (attribute(meta, "content") or "").lower().replace(",", " ").split()
    return "nofollow" in directives or "none" in directives
