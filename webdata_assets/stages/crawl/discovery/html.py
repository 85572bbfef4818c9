"""HTML as discovery reads it: decoded, parsed, and with the base that its links go by.

What belongs here: what links.py and listing.py share. What does not: reading content (stages/extract).
"""

import re

from selectolax.lexbor import LexborHTMLParser

from webdata_assets.errors import PermanentError
from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets.stages.crawl.urls import canonical_url

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)


def parse_html(page: Page) -> tuple[LexborHTMLParser, str]:
    """Return the parsed page and the URL that its relative links are resolved against."""
    tree = LexborHTMLParser(_decode(page))
    base = tree.css_first("base[href]")
    href = base.attributes.get("href") if base is not None else None
    if not href:
        return tree, page.url
    try:
        return tree, canonical_url(href, page.url)
    except PermanentError:
        return tree, page.url


def _decode(page: Page) -> str:
    """UTF-8 where it is valid, then what the server says, then what the bytes look like."""
    try:
        return page.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    declared = _CHARSET.search(page.content_type or "")
    if declared:
        try:
            return page.body.decode(declared[1], "replace")
        except LookupError:
            pass
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    return bytes_to_str(page.body, detect_encoding(page.body, from_html_meta=True) or "utf-8")
