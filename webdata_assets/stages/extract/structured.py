"""What a page says of itself in machine-readable form: JSON-LD, meta elements, OpenGraph, in one pass.

What belongs here: reading and mending it, and choosing the object that describes the page. What does not:
which field takes which value (content.py, products.py).
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson
from selectolax.lexbor import LexborHTMLParser

JsonObject = dict[str, Any]

_ARTICLE_TYPES = frozenset(
    {
        "Article", "NewsArticle", "BlogPosting", "ReportageNewsArticle", "AnalysisNewsArticle",
        "OpinionNewsArticle", "ReviewNewsArticle", "TechArticle", "ScholarlyArticle", "LiveBlogPosting",
        "AdvertiserContentArticle", "SocialMediaPosting", "DiscussionForumPosting", "Report", "QAPage",
    }
)  # fmt: skip
_PRODUCT_TYPES = ("Product", "IndividualProduct", "ProductModel", "ProductGroup", "Vehicle", "Car")
"""From the type that says most to the one that says least."""
_PAGE_TYPES = frozenset(
    {
        "WebPage", "ItemPage", "AboutPage", "ContactPage", "CollectionPage", "FAQPage", "ProfilePage",
        "SearchResultsPage",
    }
)  # fmt: skip
_FURNITURE_TYPES = frozenset(
    {
        "WebSite", "Organization", "NewsMediaOrganization", "Corporation", "OnlineStore", "LocalBusiness",
        "BreadcrumbList", "Person", "ImageObject", "SearchAction", "SiteNavigationElement", "ItemList",
        "ListItem", "WPHeader", "WPFooter", "WPSideBar", "Question", "Answer", "Comment", "Review", "Rating",
        "AggregateRating", "Offer", "AggregateOffer", "Place", "PostalAddress", "ContactPoint", "VideoObject",
    }
)  # fmt: skip
"""Types that describe the site or a part of the page, and never what the page is about."""

_CONTAINERS = ("@graph", "mainEntity", "mainEntityOfPage")
_MAX_NESTING = 8
_STRING = r'("(?:\\.|[^"\\])*")'
_COMMENT = re.compile(
    rf"{_STRING}"
    r"|<!--[^{}\[\]]{0,500}?-->|<!--|-->|(?://)?\s*(?:<!\[CDATA\[|\]\]>)|/\*.*?(?:\*/|\Z)|//[^\n]*",
    re.DOTALL,
)
_TRAILING_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)


@dataclass(frozen=True)
class StructuredData:
    """JSON-LD objects in the order of the page, and the first content of each meta element by its name."""

    objects: tuple[JsonObject, ...] = ()
    meta: dict[str, str] = field(default_factory=dict)

    def meta_value(self, *names: str) -> str | None:
        """Return the content of the first of these meta elements that the page has."""
        return next((value for name in names if (value := self.meta.get(name.lower()))), None)

    def main_object(self, kind: str) -> JsonObject | None:
        """Return the JSON-LD object that describes a page of this kind, with its references resolved.

        Product pages need a Product. Articles and documents take an article, else the page; items prefer a
        type of their own (Recipe, Event…) to the article or page around it.
        """
        ranked = [(rank, item) for item in self.objects if (rank := _rank(item, kind)) is not None]
        best = min(ranked, key=lambda entry: entry[0], default=None)
        return self._resolved(best[1]) if best else None

    def _resolved(self, item: JsonObject) -> JsonObject:
        """Return the object with `{"@id": …}` values replaced by what they refer to, one level deep."""
        return {
            name: [self._target(entry) for entry in value] if isinstance(value, list) else self._target(value)
            for name, value in item.items()
        }

    def _target(self, value: Any) -> Any:
        if isinstance(value, dict) and set(value) <= {"@id", "@type"} and isinstance(value.get("@id"), str):
            return self._by_id.get(value["@id"], value)
        return value

    @cached_property
    def _by_id(self) -> dict[str, JsonObject]:
        named = ((item.get("@id"), item) for item in reversed(self.objects) if len(item) > 2)
        return {name: item for name, item in named if isinstance(name, str)}


def types_of(item: JsonObject) -> tuple[str, ...]:
    """Return an object's schema.org types without their namespace."""
    value = item.get("@type")
    names = value if isinstance(value, list) else [value]
    return tuple(re.split(r"[/#:]", name)[-1] for name in names if isinstance(name, str))


def read_structured(tree: LexborHTMLParser) -> StructuredData:
    """Read a page's JSON-LD and meta elements. What cannot be mended is left out."""
    scripts: list[Any] = []
    meta: dict[str, str] = {}
    for node in tree.css('meta[content], script[type*="ld+json"], script[type*="LD+JSON"]'):
        attributes = node.attributes
        if node.tag == "script":
            scripts.append(load_jsonld(node.text() or ""))
            continue
        content = (attributes.get("content") or "").strip()
        for key in ("name", "property", "itemprop", "http-equiv"):
            if content and (name := attributes.get(key)):
                meta.setdefault(name.strip().lower(), content)
    return StructuredData(tuple(_objects(scripts)), meta)


def load_jsonld(text: str) -> Any:
    """Parse the text of a JSON-LD script, mended where needed; None where that does not help.

    Mended: comment and CDATA wrappers, JavaScript comments, control characters in strings, trailing commas,
    anything after the first value, and text that was HTML-escaped as a whole.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    mended = html.unescape(text) if '"' not in text and "&quot;" in text else text
    for unwanted in (_COMMENT, _TRAILING_COMMA):
        mended = unwanted.sub(lambda match: match[1] or "", mended)
    # strict=False allows control characters; NaN and its like are no JSON
    decoder = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
    try:
        return decoder.raw_decode(mended.strip())[0]
    except (ValueError, RecursionError):
        return None


def _objects(value: Any) -> Iterator[JsonObject]:
    """Yield objects, outermost first: of lists, `@graph`, and of what a page says is its main entity."""
    level = [value]
    for _ in range(_MAX_NESTING):
        flat = [entry for each in level for entry in (each if isinstance(each, list) else [each])]
        objects = [entry for entry in flat if isinstance(entry, dict)]
        yield from objects
        level = [entry for entry in flat if isinstance(entry, list)]
        level += [_contained(entry[name]) for entry in objects for name in _CONTAINERS if name in entry]


def _contained(value: Any) -> Any:
    """Return the list that some sites write as an object with the keys "0", "1"…"""
    is_numbered = isinstance(value, dict) and value and all(key.isdigit() for key in value)
    return list(value.values()) if is_numbered else value


def _rank(item: JsonObject, kind: str) -> int | None:
    """Return how well an object fits a kind, 0 the best; None when it does not describe the page at all."""
    types = set(types_of(item))
    if kind == "product":
        return next((rank for rank, name in enumerate(_PRODUCT_TYPES) if name in types), None)
    if types & _ARTICLE_TYPES:
        return 1
    if types & _PAGE_TYPES:
        return 2
    return 0 if kind == "item" and types and not types & _FURNITURE_TYPES else None
