"""When a page says it was published.

What belongs here: the order of places to look. What does not: parsing a written date (dates.py).
"""

import datetime as dt
from collections.abc import Iterator

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.selectors import is_empty
from webdata_assets.stages.extract.values import ConversionError, as_moment
from webdata_assets.stages.extract.visible_text import text_of

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
