"""HTML trees, for the pages and rules that need one, and only where building it is cheap enough.

What belongs here: parsing within limits, and the base that links go by. What does not: links that can be read
without a tree (tags.py), and reading content (stages/extract).
"""

import re
from collections import Counter
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets.stages.crawl.discovery.tags import ATTRIBUTE, attributes, start_tag
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets.stages.extract.decode import decode

_ALWAYS_CHEAP_CHARACTERS = 64_000
_MAX_STEPS = 1_000_000_000
"""A few seconds: the parser walks all open elements at each tag, and all attributes at each attribute."""
_ANY_TAG = re.compile(rf"<(/?)([a-zA-Z][^\t\n\f\r />]*+)((?:[\t\n\f\r /]++|{ATTRIBUTE})*+)")
_ATTRIBUTE = re.compile(ATTRIBUTE)
_NOT_NESTING = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "a",
        "p",
        "li",
        "dt",
        "dd",
        "td",
        "th",
        "tr",
        "tbody",
        "thead",
        "tfoot",
        "option",
        "optgroup",
        "rp",
        "rt",
        "colgroup",
        "body",
        "html",
        "head",
    ]
)
"""Void elements, and those that the next of their kind ends."""


def parse_html(page: Page) -> tuple[LexborHTMLParser, str]:
    """Return the page's tree and the URL that its relative links are resolved against.

    Raises:
        PermanentError: RESOURCE, when the page nests so deep that parsing it would not end in seconds.
    """
    tree = parse_tree(decode(page.body, page.content_type))
    return tree, base_of((start_tag(node.html or "") for node in tree.css("base[href]")), page.url)


def parse_tree(text: str) -> LexborHTMLParser:
    """Return the tree of a decoded page. Raises as parse_html does."""
    if len(text) > _ALWAYS_CHEAP_CHARACTERS and _steps(text) > _MAX_STEPS:
        raise PermanentError(
            "the page's elements or attributes are too many, one in another, to be parsed",
            failure_domain=FailureDomain.RESOURCE,
        )
    return LexborHTMLParser(text)


def base_of(bases: Iterable[str], url: str) -> str:
    """Return what relative links go by: the first `href` of <base> start tags, or else the page's URL."""
    href = next(attributes(bases, "href"), None)
    if not href:
        return url
    try:
        return canonical_url(href, url)
    except PermanentError:
        return url


def _steps(text: str) -> int:
    """Return an upper bound of the steps that grow faster than the page."""
    opened: Counter[str] = Counter()
    tags = depth = deepest = steps = 0
    for slash, written, values in _ANY_TAG.findall(text):
        tags += 1
        if len(values) > 1_000:
            steps += len(_ATTRIBUTE.findall(values)) ** 2
        name = written.lower()
        if name in _NOT_NESTING:
            continue
        if not slash:
            opened[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
    return steps + tags * deepest
