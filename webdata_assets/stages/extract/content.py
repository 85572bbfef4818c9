"""What articles and documents are taken to say where the source declares no rule: title, author, date…

What belongs here: the order of places to look. What does not: the main text (main_text.py), moments
(published.py), shops (products.py).
"""

import re
from collections.abc import Callable
from typing import Any

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.main_text import main_text
from webdata_assets.stages.extract.published import find_published_at
from webdata_assets.stages.extract.selectors import is_empty
from webdata_assets.stages.extract.values import ConversionError, as_text, as_url
from webdata_assets.stages.extract.visible_text import text_of

_MAX_AUTHORS = 20


def find_text(document: Document, _: PageContext) -> Found | None:
    """Return the page's main content."""
    found = main_text(document)
    return Found(found[0], f"main content by {found[1]}") if found else None


def find_title(document: Document, context: PageContext) -> Found | None:
    """Return JSON-LD's headline or name, og:title, the first h1, or the title element."""
    described = document.structured.main_object(context.kind) or {}
    for label, raw in (
        ("jsonld:headline", described.get("headline")),
        ("jsonld:name", described.get("name")),
        ("meta:og:title", document.structured.meta_value("og:title")),
        ("css:h1", _text_at(document, "h1")),
        ("css:title", _text_at(document, "title")),
    ):
        if title := _text_or_none(raw):
            return Found(title, label)
    return None


def find_author(document: Document, context: PageContext) -> Found | None:
    """Return the authors' names, parted by commas: of JSON-LD, meta elements, or marked elements."""
    described = document.structured.main_object(context.kind) or {}
    named = [name for entry in _as_list(described.get("author")) if (name := _text_or_none(entry))]
    if named:
        return Found(", ".join(dict.fromkeys(named[:_MAX_AUTHORS])), "jsonld:author")
    for label, raw in (
        (
            "meta:author",
            document.structured.meta_value("author", "article:author", "dc.creator", "parsely-author"),
        ),
        ("css:[rel=author]", _text_at(document, "[rel=author]")),
        ("css:[itemprop=author]", _text_at(document, "[itemprop=author]")),
    ):
        author = _text_or_none(raw)
        if author and not re.match(r"https?://", author):
            return Found(author, label)
    return None


def find_language(document: Document, context: PageContext) -> Found | None:
    """Return the primary subtag of the page's language, such as `en` of `en-US`."""
    described = document.structured.main_object(context.kind) or {}
    for label, raw in (
        ("css:html@lang", document.language_tag),
        ("jsonld:inLanguage", described.get("inLanguage")),
    ):
        primary = re.split(r"[-_,;\s]", raw.strip().lower())[0] if isinstance(raw, str) else ""
        if re.fullmatch(r"[a-z]{2,3}", primary):
            return Found(primary, label)
    return None


def find_image_url(document: Document, context: PageContext) -> Found | None:
    """Return the absolute URL of JSON-LD's image, og:image or twitter:image."""
    described = document.structured.main_object(context.kind) or {}
    for label, raw in (
        ("jsonld:image", described.get("image")),
        ("meta:og:image", document.structured.meta_value("og:image", "og:image:url")),
        ("meta:twitter:image", document.structured.meta_value("twitter:image", "twitter:image:src")),
    ):
        if not is_empty(raw):
            try:
                return Found(as_url(raw, document.base_url), label)
            except ConversionError:
                continue  # such as a data: URL in place of a lazily loaded picture
    return None


ARTICLE_DEFAULTS: dict[str, Callable[[Document, PageContext], Found | None]] = {
    "text": find_text,
    "title": find_title,
    "author": find_author,
    "published_at": find_published_at,
    "language": find_language,
    "image_url": find_image_url,
}
"""Fields of articles and documents that a source need not declare."""


def _text_at(document: Document, selector: str) -> str | None:
    node = document.tree.css_first(selector) if document.tree else None
    return text_of(node) if node is not None else None


def _text_or_none(raw: object) -> str | None:
    """Return one line of text, or None where a page's markup holds something else."""
    if is_empty(raw):
        return None
    try:
        return as_text(raw) or None
    except ConversionError:
        return None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
