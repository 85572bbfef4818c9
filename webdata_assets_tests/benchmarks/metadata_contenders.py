"""Three ways from a page to its metadata: ours, extruct with a plain choice of fields, and trafilatura.

What belongs here: one function per contender, bytes to fields. What does not: gold, scores, clocks.
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from webdata_assets.stages.extract.content import ARTICLE_DEFAULTS
from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.found import PageContext
from webdata_assets_tests.benchmarks.metadata_sets import FIELDS, GoldPage

Metadata = dict[str, str]

_EXTRUCT_SYNTAXES = ["json-ld", "microdata", "opengraph"]
_ARTICLE_TYPES = ("Article", "NewsArticle", "BlogPosting", "Recipe", "Product", "WebPage")
_TRAFILATURA = {
    "title": "title", "author": "author", "canonical_url": "url", "site_name": "sitename",
    "description": "description", "image_url": "image", "language": "language",
}  # fmt: skip


def ours(page: GoldPage) -> Metadata:
    """Return what our finders say of all fields."""
    document = parse_document(page.url, page.html, "text/html", "html")
    context = PageContext(page.kind, dt.date(2026, 6, 1))
    found = ((name, ARTICLE_DEFAULTS[name](document, context)) for name in FIELDS)
    return {name: str(hit.value) for name, hit in found if hit}


def our_pass(page: GoldPage) -> Metadata:
    """Parse and read the structured data, without choosing fields: what extruct does."""
    _ = parse_document(page.url, page.html, "text/html", "html").structured.items
    return {}


def our_parse(page: GoldPage) -> Metadata:
    """Decode and parse only: what a page costs before anything is asked of it."""
    parse_document(page.url, page.html, "text/html", "html")
    return {}


def with_extruct(page: GoldPage) -> Metadata:
    """Return fields of extruct's JSON-LD, microdata and OpenGraph, in the usual order of trust."""
    import extruct

    found = extruct.extract(
        page.html, base_url=page.url, syntaxes=_EXTRUCT_SYNTAXES, uniform=True, errors="ignore"
    )
    main = _main_object([*found.get("json-ld", []), *found.get("microdata", [])])
    opengraph = next(iter(found.get("opengraph", [])), {})
    first = {
        "title": [main.get("headline"), main.get("name"), opengraph.get("og:title")],
        "author": [main.get("author")],
        "language": [main.get("inLanguage"), opengraph.get("og:locale")],
        "canonical_url": [opengraph.get("og:url"), main.get("url")],
        "site_name": [opengraph.get("og:site_name"), main.get("publisher")],
        "description": [main.get("description"), opengraph.get("og:description")],
        "image_url": [opengraph.get("og:image"), main.get("image")],
    }
    chosen = {name: next(filter(None, map(_text, values)), None) for name, values in first.items()}
    return {name: value for name, value in chosen.items() if value}


def extruct_parse(page: GoldPage) -> Metadata:
    """Parse only, as extruct does before it reads any syntax."""
    from extruct.utils import parse_html

    parse_html(page.html, encoding="UTF-8")
    return {}


def with_trafilatura(page: GoldPage) -> Metadata:
    """Return the fields of trafilatura's metadata; it gives no language."""
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    found = trafilatura.extract_metadata(page.html, default_url=page.url)
    values = ((name, getattr(found, theirs, None)) for name, theirs in _TRAFILATURA.items())
    return {name: value for name, value in values if isinstance(value, str)}


CONTENDERS: Mapping[str, Callable[[GoldPage], Metadata]] = {
    "ours": ours,
    "extruct": with_extruct,
    "trafilatura": with_trafilatura,
}


def _main_object(objects: list[Any]) -> dict[str, Any]:
    flat = list(_flat(objects))
    for wanted in _ARTICLE_TYPES:
        for item in flat:
            types = item.get("@type")
            if wanted in (types if isinstance(types, list) else [types]):
                return item
    return {}


def _flat(objects: list[Any]) -> Iterator[dict[str, Any]]:
    for item in objects:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (
                (entry for entry in graph if isinstance(entry, dict)) if isinstance(graph, list) else ()
            )


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        texts = [text for text in map(_text, value) if text]
        return ", ".join(dict.fromkeys(texts)) or None
    if isinstance(value, dict):
        return _text(value.get("name") or value.get("url"))
    return value if isinstance(value, str) else None
