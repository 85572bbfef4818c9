"""What a page declares of its product in meta elements, hidden inputs, data attributes and its address.

What belongs here: places made for programs that are no Product object. What does not: Product objects
(stated.py), and texts made for readers (prices.py, labels.py).
"""

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlsplit

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.products.stated import Statement, stated

_META = {
    "price": (
        "product:sale_price:amount", "product:price:amount", "og:price:amount", "og:price", "price",
        "product:price",
    ),
    "currency": (
        "product:sale_price:currency", "product:price:currency", "og:price:currency", "og:currency",
        "pricecurrency", "product:currency",
    ),
    "sku": (
        "product:sku", "og:sku", "sku", "product:retailer_item_id", "product:retailer_part_no",
        "productid",
    ),
    "gtin": (
        "gtin13", "gtin", "gtin12", "gtin8", "gtin14", "product:ean", "product:gtin", "og:ean", "og:upc",
        "product:upc", "og:isbn", "book:isbn", "product:isbn",
    ),
    "brand": ("product:brand", "og:brand", "brand"),
    "availability": ("product:availability", "og:availability", "availability"),
    "rating": ("ratingvalue", "og:rating"),
    "rating_count": ("ratingcount", "reviewcount", "og:rating_count"),
}  # fmt: skip
"""Meta elements by field, the one that is trusted most first; the bare names are of `itemprop`."""

_ID_NAME = re.compile(
    r"(?:.*[-_.\[])?(?:sku|asin|(?:product|prod|item|article|artikel|listing|deal|goods|ad|offer)[-_]?"
    r"(?:sku|id|code|number|no|nr)|pid|adno|productcode|mfg|products_id|goodsno)\]?",
    re.IGNORECASE,
)
_SKU_NAME = re.compile(r"(?:.*[-_])?(?:sku|asin)", re.IGNORECASE)
_ID_ELEMENTS = (
    'input[type="hidden"][name], input[type="hidden"][id], [data-sku], [data-product-sku], [data-asin], '
    "[data-product-id], [data-productid], [data-product-code], [data-item-id], [data-itemid], [data-pid]"
)
_ID_ATTRIBUTES = (
    "data-sku", "data-product-sku", "data-asin", "data-product-code", "data-product-id", "data-productid",
    "data-item-id", "data-itemid", "data-pid",
)  # fmt: skip
_MAX_ID_ELEMENTS = 200
_MAX_TOKENS = 12
_ID = re.compile(r"(?=[^\W_]*\d)[\w./-]{3,40}", re.ASCII)
_ADDRESS_ID = re.compile(r"(?=(?:[A-Za-z]*\d){4})[A-Za-z0-9]{5,24}")
_ID_PARAMETERS = re.compile(
    r"sku|pid|id|item|product_?id|products_id|p|art|artikel|code|goodsno", re.IGNORECASE
)


def declared(document: Document) -> Iterator[Statement]:
    """Yield what meta elements say."""
    for field, names in _META.items():
        for name in names:
            if value := document.structured.meta_value(name):
                yield Statement(field, value, f"meta:{name}")


def states_product(document: Document) -> bool:
    """Return whether a page says for programs that it is about a product: an object, a type or a price.

    The price in the head of an article is that of reading it.
    """
    kind = (document.structured.meta_value("og:type") or "").casefold().rpartition(":")[2]
    if kind.startswith("product") or any(True for _ in stated(document)):
        return True
    return kind != "article" and any(statement.field == "price" for statement in declared(document))


def identifiers(document: Document) -> Iterator[Statement]:
    """Yield identifiers of the product that elements carry.

    An element's identifier counts where its name says sku, or where the address carries it too: lists of
    other products are full of the same attributes.
    """
    address = unquote(document.url)
    in_elements = list(_in_elements(document))
    for name, value in in_elements:
        edge = r"\d" if value.isdigit() else r"[^\W_]"
        if len(value) >= 5 and re.search(rf"(?<!{edge}){re.escape(value)}(?!{edge})", address):
            yield Statement("sku", value, f"attribute:{name}")
    for name, value in in_elements:
        if _SKU_NAME.fullmatch(name):
            yield Statement("sku", value, f"attribute:{name}")


def address_identifiers(document: Document) -> Iterator[Statement]:
    """Yield parts of the address that look like identifiers, first those that the page repeats as a value."""
    address = unquote(document.url)
    tokens = list(islice(_in_address(address), _MAX_TOKENS))
    for value in tokens:
        if any(f"{quote}{value}{quote}" in document.text for quote in "\"'") or f":{value}," in document.text:
            yield Statement("sku", value, "address")
    for value in tokens:
        yield Statement("sku", value, "address")


def _in_elements(document: Document) -> Iterator[tuple[str, str]]:
    nodes = document.tree.css(_ID_ELEMENTS) if document.tree else []
    for node in nodes[:_MAX_ID_ELEMENTS]:
        attributes = node.attributes
        if node.tag == "input":
            name = attributes.get("name") or attributes.get("id") or ""
            value = (attributes.get("value") or "").strip()
            if _ID_NAME.fullmatch(name) and _ID.fullmatch(value):
                yield name.casefold(), value
        for name in _ID_ATTRIBUTES:
            if (value := (attributes.get(name) or "").strip()) and _ID.fullmatch(value):
                yield name, value


def _in_address(address: str) -> Iterator[str]:
    """Yield parts of an address that look like an identifier, the likeliest first."""
    parts = urlsplit(address)
    for name, value in parse_qsl(parts.query):
        if _ID_PARAMETERS.fullmatch(name) and _ADDRESS_ID.fullmatch(value):
            yield value
    for segment in reversed(parts.path.split("/")):
        stem = re.sub(r"\.\w{2,5}$", "", segment)
        if "-" not in stem and _ADDRESS_ID.fullmatch(stem):
            yield stem
        for token in reversed(re.split(r"[-_.,=~]", stem)):
            if _ADDRESS_ID.fullmatch(token):
                if prefixed := re.fullmatch(r"[a-z](\d{5,})", token):
                    yield prefixed[1]
                yield token
