"""HTML trees, for the pages and rules that need one, and only where building it is cheap enough.

What belongs here: parsing within limits, and the base that links go by. What does not: links that can be read
without a tree (tags.py), and reading content (stages/extract).
"""

import re
from collections import Counter
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.discovery.density import memory_limit
from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets.stages.crawl.discovery.tags import ATTRIBUTE, attributes, start_tag
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets.stages.extract.decode import decode

_ALWAYS_CHEAP_CHARACTERS = 64_000
_MAX_STEPS = 1_000_000_000
"""A few seconds: the parser walks all open elements at each tag, and all attributes at each attribute."""
_ANY_TAG = re.compile(rf"<(/?)([a-zA-Z][^\t\n\f\r />]*+)((?:[\t\n\f\r /]++|{ATTRIBUTE})*+)")
_ATTRIBUTE = re.compile(ATTRIBUTE)
_SEPARATOR = re.compile(r"[\t\n\f\r /]+")
_ELEMENT_BYTES, _ATTRIBUTE_BYTES = 300, 120
"""What lexbor takes for each, and selectolax for a node that is selected."""
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
        PermanentError: RESOURCE, when the page nests so deep that parsing it would not end in seconds, or has
            so many elements and attributes that memory would not hold them.
    """
    tree = parse_tree(decode(page.body, page.content_type))
    return tree, base_of((start_tag(node.html or "") for node in tree.css("base[href]")), page.url)


def parse_tree(text: str) -> LexborHTMLParser:
    """Return the tree of a decoded page. Raises as parse_html does."""
    if len(text) > _ALWAYS_CHEAP_CHARACTERS:
        _check_cost(text)
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


def _check_cost(text: str) -> None:
    """Refuse a page by upper bounds of its memory, and of the steps that grow faster than the page."""
    opened: Counter[str] = Counter()
    tags = elements = attributes = depth = deepest = steps = 0
    memory = memory_limit(len(text))
    for slash, written, values in (tag.groups() for tag in _ANY_TAG.finditer(text)):
        tags += 1
        elements += not slash
        attributes += len(_SEPARATOR.findall(values))
        if elements * _ELEMENT_BYTES + attributes * _ATTRIBUTE_BYTES > memory:
            raise _too_costly()
        if len(values) > 1_000:
            steps += len(_ATTRIBUTE.findall(values)) ** 2
            if steps > _MAX_STEPS:
                raise _too_costly()
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
    if steps + tags * deepest > _MAX_STEPS:
        raise _too_costly()


def _too_costly() -> PermanentError:
    return PermanentError(
        "the page's elements or attributes are too many, or too many one in another, to be parsed",
        failure_domain=FailureDomain.RESOURCE,
    )
