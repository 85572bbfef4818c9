"""One pass over a page for all it says in machine-readable form.

What belongs here: which elements are looked at. What does not: how one syntax is read.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from webdata_assets.stages.extract.structured.data import StructuredData
from webdata_assets.stages.extract.structured.elements import Attributes
from webdata_assets.stages.extract.structured.jsonld import load_jsonld
from webdata_assets.stages.extract.structured.microdata import read_microdata
from webdata_assets.stages.extract.structured.objects import objects_in
from webdata_assets.stages.extract.structured.rdfa import read_rdfa

_SELECTOR = (
    'meta[content], link[rel="canonical" i], link[rel="image_src" i], script[type*="ld+json" i], '
    "[itemscope], [itemprop], [typeof], [vocab], [property]"
)
_META_NAMES = ("name", "property", "itemprop", "http-equiv")
_RDFA = "[typeof], [vocab], [property], [resource], [about]"


def read_structured(tree: LexborHTMLParser) -> StructuredData:
    """Read what a page says of itself. What cannot be mended is left out; addresses stay as written."""
    scripts: list[Any] = []
    meta: dict[str, list[str]] = {}
    opengraph: dict[str, list[str]] = {}
    links: dict[str, str] = {}
    items: list[LexborNode] = []
    has_rdfa = False
    for node in _unique(tree.css(_SELECTOR)):
        attributes = node.attributes
        tag = node.tag
        if tag == "meta":
            _read_meta(attributes, meta, opengraph)
        elif tag == "script":
            scripts.append(load_jsonld(node.text() or ""))
        elif tag == "link" and "rel" in attributes:
            _read_link(attributes, links)
        if "itemprop" in attributes or "itemscope" in attributes:
            items.append(node)
        if tag != "meta" and ("typeof" in attributes or "property" in attributes or "vocab" in attributes):
            has_rdfa = True
    return StructuredData(
        objects=tuple(objects_in(scripts)),
        meta={name: contents[0] for name, contents in meta.items()},
        repeated_meta={name: contents for name, contents in meta.items() if len(contents) > 1},
        microdata=read_microdata(tree, items),
        rdfa=read_rdfa(list(_unique(tree.css(_RDFA)))) if has_rdfa else (),
        opengraph=opengraph,
        links=links,
    )


def _read_meta(attributes: Attributes, meta: dict[str, list[str]], opengraph: dict[str, list[str]]) -> None:
    content = (attributes.get("content") or "").strip()
    if not content:
        return
    for name in dict.fromkeys((attributes.get(key) or "").strip().lower() for key in _META_NAMES):
        if name:
            meta.setdefault(name, []).append(content)
    stated = (attributes.get("property") or "").strip().lower()
    if ":" in stated:
        opengraph.setdefault(stated, []).append(content)


def _read_link(attributes: Attributes, links: dict[str, str]) -> None:
    address = (attributes.get("href") or "").strip()
    if address:
        for relation in (attributes.get("rel") or "").lower().split():
            links.setdefault(relation, address)


def _unique(nodes: Iterable[LexborNode]) -> Iterator[LexborNode]:
    """Yield each element once; those that match several selectors of a list come once for each."""
    previous = None
    for node in nodes:
        if node.mem_id != previous:
            previous = node.mem_id
            yield node
