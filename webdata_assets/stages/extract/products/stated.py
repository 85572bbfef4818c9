"""What a page's Product objects state: JSON-LD, microdata and RDFa in one shape.

What belongs here: which product, which offer, which property. What does not: reading the syntaxes
(structured/), and what is a good value (typed.py).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from webdata_assets.stages.extract.commerce import normalise_availability
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.selectors import is_empty
from webdata_assets.stages.extract.structured import JsonObject, types_of
from webdata_assets.stages.extract.values import ConversionError, as_text

_PRODUCT_TYPES = frozenset(
    {"product", "individualproduct", "productmodel", "productgroup", "vehicle", "car", "book", "motorcycle"}
)
_BARE = frozenset({"@context", "@id", "@type", "@value"})
_GTINS = ("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "ean", "ean13", "upc", "isbn", "barcode")
_MAX_OFFERS = 500
_IN_STOCK = frozenset({"InStock", "LimitedAvailability", "PreOrder"})


class Statement(NamedTuple):
    """What one place of the page says of one field."""

    field: str
    raw: Any
    label: str
    machine_readable: bool = True


def stated(document: Document) -> Iterator[Statement]:
    """Yield what products state, the syntax that is trusted most first."""
    structured = document.structured
    for syntax, items in (
        ("jsonld", structured.objects),
        ("microdata", structured.microdata),
        ("rdfa", structured.rdfa),
    ):
        products = [structured.resolved(item) for item in items if _is_product(item)]
        if products:
            product = next((each for each in products if _has_price(each)), products[0])
            yield from _of_product(product, _same(products, product), syntax)


def _is_product(item: JsonObject) -> bool:
    is_typed = any(name.casefold() in _PRODUCT_TYPES for name in types_of(item))
    return is_typed and bool(item.keys() - _BARE)


def _has_price(product: JsonObject) -> bool:
    return any(not is_empty(price_of(offer)) for offer in offers_of(product))


def _same(products: Sequence[JsonObject], product: JsonObject) -> list[JsonObject]:
    """Return the product and its variants: some shops state an object of the same name for each."""
    name = product.get("name")
    return [each for each in products if each is product or (name and each.get("name") == name)]


def _of_product(product: JsonObject, variants: Sequence[JsonObject], syntax: str) -> Iterator[Statement]:
    offers = offers_of(product)
    offer = next((each for each in offers if not is_empty(price_of(each))), offers[0] if offers else {})
    rating = next(iter(_objects(product.get("aggregateRating"))), {})
    raw = {
        "title": (("name", product.get("name")),),
        "price": (("offers.price", price_of(offer)),),
        "currency": (("offers.priceCurrency", _price_part(offer, "priceCurrency")),),
        "sku": (
            ("sku", product.get("sku")),
            ("offers.sku", offer.get("sku")),
            ("productID", product.get("productID")),
        ),
        "gtin": tuple((name, holder.get(name)) for name in _GTINS for holder in (product, offer)),
        "brand": (("brand", product.get("brand")), ("manufacturer", product.get("manufacturer"))),
        "availability": (("offers.availability", _availability(variants, offer)),),
        "rating": (("aggregateRating.ratingValue", rating.get("ratingValue")),),
        "rating_count": tuple(
            (f"aggregateRating.{name}", rating.get(name)) for name in ("ratingCount", "reviewCount")
        ),
        "image_url": (("image", product.get("image")),),
    }
    for field, places in raw.items():
        for path, value in places:
            first = value[0] if isinstance(value, list) and value else value
            if not is_empty(first):
                yield Statement(field, first, f"{syntax}:{path}", syntax == "jsonld")


def offers_of(product: JsonObject) -> list[JsonObject]:
    """Return a product's offers, those of an AggregateOffer and of variants after the outer ones."""
    offers: list[JsonObject] = []
    for offer in _objects(product.get("offers")):
        offers += [offer, *_objects(offer.get("offers"))]
    for variant in _objects(product.get("hasVariant")) + _objects(product.get("model")):
        offers += _objects(variant.get("offers"))
    return offers[:_MAX_OFFERS]


def price_of(offer: JsonObject) -> Any:
    """Return an offer's price; 0 is one."""
    for name in ("price", "lowPrice"):
        if not is_empty(value := _price_part(offer, name)):
            return value
    return None


def _price_part(offer: JsonObject, name: str) -> Any:
    """Return a part of the price, of the offer itself or of its price specification."""
    holders = [offer, *_objects(offer.get("priceSpecification"))]
    return next((value for holder in holders if not is_empty(value := holder.get(name))), None)


def _availability(variants: Sequence[JsonObject], chosen: JsonObject) -> Any:
    """Return the chosen offer's availability, or that of a variant that can be had where it cannot."""
    stated = [chosen.get("availability")]
    stated += [offer.get("availability") for variant in variants for offer in offers_of(variant)]
    return next((value for value in stated if _can_be_had(value)), next(filter(None, stated), None))


def _can_be_had(value: Any) -> bool:
    try:
        return value is not None and normalise_availability(as_text(value)) in _IN_STOCK
    except ConversionError:
        return False


def _objects(value: Any) -> list[JsonObject]:
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if isinstance(entry, dict)]
