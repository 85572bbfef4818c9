"""What a marked element says by its tag and attributes, the same in microdata and RDFa.

What belongs here: addresses, and links that name something. What does not: either syntax's own attributes.
"""

from typing import Any

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.structured.nesting import Nesting

Attributes = dict[str, str | None]

_ADDRESSES = {
    "a": "href", "area": "href", "link": "href", "audio": "src", "embed": "src", "iframe": "src",
    "img": "src", "source": "src", "track": "src", "video": "src", "object": "data",
}  # fmt: skip
_NAMES = frozenset(
    {"name", "headline", "alternateName", "title", "author", "creator", "brand", "manufacturer", "publisher",
     "category", "genre", "keywords", "articleSection", "recipeCategory", "recipeCuisine"}
)  # fmt: skip
"""Properties of which a link's text says more than its address."""


def has_address(tag: str) -> bool:
    """Return whether elements of this tag stand for another resource."""
    return tag in _ADDRESSES


def address_of(tag: str, attributes: Attributes) -> str:
    """Return an element's address as it is written; of a picture that is loaded later, the later one."""
    address = (attributes.get(_ADDRESSES[tag]) or "").strip()
    if tag == "img" and (not address or address.startswith("data:")):
        return (attributes.get("data-src") or attributes.get("content") or address).strip()
    return address


def linked(node: LexborNode, name: str, address: str, nesting: Nesting) -> Any:
    """Return a link's address, with its text where the property names something or someone."""
    text = nesting.text_of(node) if node.tag == "a" and name in _NAMES else ""
    return {"url": address, "name": text} if text else address
