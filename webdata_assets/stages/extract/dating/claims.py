"""What a page's markup and address say outright of its dates: JSON-LD, meta elements, microdata, the URL.

What belongs here: reading these claims. What does not: dates in sight of the reader (sight.py), and whom to
believe (published.py).
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.dates import parse_written
from webdata_assets.stages.extract.dating.months import month_number
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.structured import types_of
from webdata_assets.stages.extract.structured.choosing import best_object

_PUBLISHED_META = re.compile(
    r"publi(?!sher)\w*|pub[-_.]?date|rbpubdate|(?:date|time)[-_.]?(?:posted|issued)|post[-_.]?date"
    r"|dc(?:terms)?[.:](?:date[.:])?(?:issued|created)|citation_(?:online_)?date|displaydate|sailthru\.date"
    r"|article\.?_?date(?:_original)?$"
)
"""In the names of meta elements that mean the publication, such as `article:published_time`."""

_DATE_META = re.compile(
    r"^(?:dc(?:terms)?[.:])?date$|^timestamp$|^(?:gen|p)time$|^pdate$|creat(?:ed|e[-_]?date|ion[-_]?date)"
    r"|date[-_]?created|^(?:og:)?regdate$|release[-_]date|upload[-_]?date|^doc[-_]date$"
)
"""Meta elements that mean the publication on most pages, and the last change on others."""

_MODIFIED_META = re.compile(r"modifi|updated|moddate|lastmod|revis(?:ed|ion[-_]date)")
"""In the names of those that mean the last change."""

_OF_PARTS = frozenset(
    {
        "Comment", "Review", "Answer", "Person", "Organization", "ImageObject", "Offer", "UserComments",
        "CriticReview", "UserReview", "AudioObject", "MusicRecording", "Event", "ListItem",
    }
)  # fmt: skip
"""Types of what is on a page, and not of the page."""
_CONTRIBUTED = re.compile(r"comment|answer|review(?!news)", re.IGNORECASE)
_MAX_ELEMENTS = 5
_MAX_ANCESTORS = 40
_URL_DAYS = (
    re.compile(r"[/=_.-](?P<y>(?:199|20[0-3])\d)(?P<mark>[/_.-])(?P<m>\d\d)(?P=mark)(?P<d>\d\d)(?!\d)"),
    re.compile(r"/(?P<y>(?:199|20[0-3])\d)/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?:/|$)"),
    re.compile(r"/(?P<y>(?:199|20[0-3])\d)/?(?P<m>[01]\d)/?(?P<d>[0-3]\d)(?:/|$|[_-])"),
    re.compile(r"/(?P<y>(?:199|20[0-3])\d)/(?P<m>[a-z]{3,9})/(?P<d>\d{1,2})(?:/|$)"),
)


@dataclass(frozen=True)
class Claim:
    """A date that is stated, with its time and zone as written, and where."""

    label: str
    written: dt.datetime


def published_claims(document: Document, kind: str) -> list[Claim]:
    """Return what the markup calls the publication; where it does not, what it calls the date or creation."""
    claims = [
        *_of_jsonld(document, kind, "datePublished"),
        *_of_meta(document, _PUBLISHED_META),
        *_of_elements(
            document, "[itemprop~=datePublished], time[pubdate], [property~='schema:datePublished']"
        ),
    ]
    if claims:
        return claims
    return [
        *_of_meta(document, _DATE_META),
        *_of_jsonld(document, kind, "dateCreated"),
        *_of_jsonld(document, kind, "uploadDate"),
    ]


def modified_claims(document: Document, kind: str) -> list[Claim]:
    """Return what the markup calls the last change."""
    return [
        *_of_jsonld(document, kind, "dateModified"),
        *_of_meta(document, _MODIFIED_META),
        *_of_elements(document, "[itemprop~=dateModified], [property~='schema:dateModified']"),
    ]


def day_of_url(document: Document) -> dt.date | None:
    """Return the day in the page's address, or in what it calls its address."""
    addresses = (
        document.url,
        document.structured.links.get("canonical"),
        document.structured.meta_value("og:url"),
    )
    return next((day for address in addresses if address and (day := day_of_address(address))), None)


def day_of_address(address: str) -> dt.date | None:
    """Return the day that an address has in it, such as that of `/2026/06/01/title` or `title-20260601`."""
    for pattern in _URL_DAYS:
        if match := pattern.search(address.lower()):
            month = int(match["m"]) if match["m"].isdigit() else month_number(match["m"])
            try:
                return dt.date(int(match["y"]), month or 0, int(match["d"]))
            except ValueError:
                continue
    return None


def _of_jsonld(document: Document, kind: str, name: str) -> Iterator[Claim]:
    # JSON-LD alone: the same date in microdata is a claim of its own
    main = best_object(document.structured.objects, kind)
    objects = [main] if main and main.get(name) else document.structured.objects
    for item in objects:
        if _OF_PARTS.isdisjoint(types_of(item)):
            values = item.get(name)
            first = values[0] if isinstance(values, list) and values else values
            raw = first.get("@value") if isinstance(first, dict) else first
            yield from _parsed([(f"jsonld:{name}", raw)], month_first=document.month_first)


def _of_meta(document: Document, names: re.Pattern[str]) -> Iterator[Claim]:
    found = (
        (f"meta:{name}", value) for name, value in document.structured.meta.items() if names.search(name)
    )
    yield from _parsed(found, month_first=document.month_first)


def _of_elements(document: Document, selector: str) -> Iterator[Claim]:
    nodes = document.tree.css(selector)[:_MAX_ELEMENTS] if document.tree else []
    node = next((node for node in nodes if not _is_contributed(node)), None)
    if node is not None:
        attributes = node.attributes
        raw = attributes.get("datetime") or attributes.get("content") or node.text()
        yield from _parsed([(f"css:{selector.split(',')[0]}", raw)], month_first=document.month_first)


def _is_contributed(node: LexborNode) -> bool:
    """Return whether an element belongs to a comment, an answer or a review, and not to the page."""
    parent = node.parent
    for _ in range(_MAX_ANCESTORS):
        if parent is None:
            break
        attributes = parent.attributes
        if _CONTRIBUTED.search(f"{attributes.get('itemtype') or ''} {attributes.get('itemprop') or ''}"):
            return True
        parent = parent.parent
    return False


def _parsed(found: Iterable[tuple[str, object]], *, month_first: bool) -> Iterator[Claim]:
    """Yield claims; what a page's own markup writes wrongly gives way to what else it says."""
    for label, raw in found:
        try:
            yield Claim(label, parse_written(raw, month_first=month_first))
        except ValueError:
            continue
