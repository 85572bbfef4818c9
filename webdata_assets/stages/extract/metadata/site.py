"""What a page says of the site it belongs to, and of its own address.

What belongs here: site name, canonical address, and telling a site's name in other texts. What does not:
titles.
"""

from dataclasses import dataclass
from functools import cached_property

import ada_url

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.metadata.lines import flat, line_of, words_of
from webdata_assets.stages.extract.structured import JsonObject, types_of
from webdata_assets.stages.extract.values import ConversionError, as_url

_MAX_NAME = 100
_SHORTEST_LABEL = 4


def find_site_name(document: Document, context: PageContext) -> Found | None:
    """Return og:site_name, the name of JSON-LD's WebSite or publisher, or another meta element's word."""
    structured = document.structured
    described = structured.main_object(context.kind) or {}
    website: JsonObject = next((item for item in structured.items if "WebSite" in types_of(item)), {})
    for label, raw in (
        ("meta:og:site_name", structured.meta_value("og:site_name")),
        ("jsonld:WebSite.name", website.get("name")),
        ("jsonld:publisher", described.get("publisher")),
        ("meta:application-name", structured.meta_value("application-name", "apple-mobile-web-app-title")),
        ("meta:dc.publisher", structured.meta_value("dc.publisher", "dcterms.publisher")),
    ):
        name = next((line for entry in flat(raw) if (line := line_of(entry))), None)
        if name and len(name) <= _MAX_NAME and not name.startswith(("http://", "https://", "@")):
            return Found(name, label)
    return None


def find_canonical_url(document: Document, context: PageContext) -> Found | None:
    """Return the address that the page gives as its own: of link, og:url, or JSON-LD."""
    structured = document.structured
    described = structured.main_object(context.kind) or {}
    for label, raw in (
        ("css:link[rel=canonical]", structured.links.get("canonical")),
        ("meta:og:url", structured.meta_value("og:url")),
        ("jsonld:url", described.get("url")),
        ("jsonld:mainEntityOfPage", described.get("mainEntityOfPage")),
    ):
        try:
            return Found(as_url(raw, document.base_url), label)
        except ConversionError:
            continue
    return None


@dataclass(frozen=True)
class SiteNames:
    """The names of a page's site, to be told from titles and authors.

    Attributes:
        names: as the page gives them, in lower case without spaces.
        labels: the parts of its host name.
    """

    names: frozenset[str]
    labels: frozenset[str]

    @classmethod
    def of(cls, document: Document, context: PageContext) -> "SiteNames":
        """Return the names by which a page calls its site, and those in its address."""
        structured = document.structured
        described = structured.main_object(context.kind) or {}
        stated = [
            structured.meta_value("og:site_name"),
            structured.meta_value("application-name"),
            *flat(described.get("publisher")),
            *(item.get("name") for item in structured.items if "WebSite" in types_of(item)),
        ]
        lines = (line_of(entry) for entry in stated)
        names = frozenset(key for line in lines if line and (key := _key(line)))
        return cls(names, frozenset(_labels(document.url)))

    def means(self, text: str) -> bool:
        """Return whether a short text is the site's name, or the name with little around it."""
        key = _key(text)
        if not key or key in self._all:
            return True
        if any(_covers(name, key) for name in self.names):
            return True
        return any(label in key and len(label) >= 0.4 * len(key) for label in self.labels) or any(
            len(key) >= 3 and key in label and len(key) >= 0.5 * len(label) for label in self.labels
        )

    def is_exactly(self, text: str) -> bool:
        """Return whether a text is one of the site's names."""
        return _key(text) in self._all

    @cached_property
    def _all(self) -> frozenset[str]:
        return self.names | self.labels


def _covers(name: str, key: str) -> bool:
    shorter, longer = sorted((name, key), key=len)
    return len(shorter) >= _SHORTEST_LABEL and shorter in longer and len(key) < 2.5 * len(name)


def _labels(url: str) -> list[str]:
    try:
        host = ada_url.URL(url).hostname
    except ValueError:
        return []
    return [label for label in host.split(".") if len(label) >= _SHORTEST_LABEL]


def _key(text: str) -> str:
    return words_of(text).replace(" ", "")
