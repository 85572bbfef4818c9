"""What articles and documents are taken to say where the source declares no rule: title, author, date…

What belongs here: the order of places to look. What does not: the main text (main_text.py), shops
(products.py).
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.main_text import main_text
from webdata_assets.stages.extract.selectors import is_empty
from webdata_assets.stages.extract.values import ConversionError, as_moment, as_text, as_url
from webdata_assets.stages.extract.visible_text import text_of

_MAX_AUTHORS = 20
_EARLIEST_DATE = dt.datetime(1995, 1, 1)  # noqa: DTZ001 - htmldate takes naive dates
_DATE_META = (
    "article:published_time", "og:published_time", "datepublished", "date", "dc.date", "dc.date.issued",
    "dcterms.created", "dcterms.date", "parsely-pub-date", "sailthru.date", "publish-date", "publishdate",
    "pubdate", "publication_date", "citation_publication_date", "citation_date",
)  # fmt: skip
_TIME_ELEMENTS = (
    "time[itemprop=datePublished]",
    "article time[datetime]",
    "main time[datetime]",
    "time[datetime]",
)


@dataclass(frozen=True)
class Found:
    """A default value, and in words where it was found."""

    value: object
    label: str


@dataclass(frozen=True)
class PageContext:
    """What defaults depend on beside the page.

    Attributes:
        kind: the source's kind.
        payload_date: no date after it is taken from a page's loose text, so that the same payload gives the
            same record whenever it is read.
    """

    kind: str
    payload_date: dt.date


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


def find_published_at(document: Document, context: PageContext) -> Found | None:
    """Return the moment of publication: of JSON-LD, meta and time elements, else as htmldate finds it.

    Documents have it in their markup or not at all: the dates in a manual's text are those of other things.
    """
    for label, raw in _published(document, context):
        try:
            return Found(as_moment(raw, month_first=document.month_first), label)
        except ConversionError:
            continue  # a page's own markup may be wrong; the next place may not be
    date = None if context.kind == "document" else _by_htmldate(document, context.payload_date)
    return Found(as_moment(date), "htmldate") if date else None


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


def _published(document: Document, context: PageContext) -> Iterator[tuple[str, object]]:
    described = document.structured.main_object(context.kind) or {}
    for name in ("datePublished", "uploadDate", "dateCreated"):
        if not is_empty(described.get(name)):
            yield f"jsonld:{name}", described[name]
    for name in _DATE_META:
        if raw := document.structured.meta_value(name):
            yield f"meta:{name}", raw
    for selector in _TIME_ELEMENTS:
        node = document.tree.css_first(selector) if document.tree else None
        if node is not None:
            yield f"css:{selector}", node.attributes.get("datetime") or text_of(node)


def _by_htmldate(document: Document, payload_date: dt.date) -> str | None:
    from htmldate import find_date

    if document.tree is None:
        return None
    latest = dt.datetime.combine(payload_date, dt.time.max)
    date: str | None = find_date(
        document.text,
        original_date=True,
        extensive_search=False,
        url=document.url,
        min_date=_EARLIEST_DATE,
        max_date=latest,
    )
    return date


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
