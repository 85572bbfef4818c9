"""What product pages are taken to say where the source declares no rule: the JSON-LD Product.

What belongs here: Product and its offers → fields. What does not: reading JSON-LD (structured.py).
"""

from collections.abc import Iterator
from typing import Any

from webdata_assets.stages.extract.commerce import normalise_availability, normalise_currency
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found
from webdata_assets.stages.extract.selectors import is_empty
from webdata_assets.stages.extract.structured import JsonObject
from webdata_assets.stages.extract.values import ConversionError, as_decimal, as_text, as_url

PRODUCT_FIELDS = ("title", "price", "currency", "sku", "brand", "availability", "image_url")


def product_defaults(document: Document) -> dict[str, Found]:
    """Return the fields that the page's JSON-LD Product states; empty when there is none.

    Of several offers the first with a price counts. A statement that is not of its field's type is no
    statement: defaults never quarantine a record.
    """
    product = document.structured.main_object("product")
    if product is None:
        return {}
    offers = list(_offers(product))
    offer = next((offer for offer in offers if not is_empty(_price(offer))), offers[0] if offers else {})
    raw = {
        "title": ("name", product.get("name")),
        "price": ("offers.price", _price(offer)),
        "currency": ("offers.priceCurrency", _price_part(offer, "priceCurrency")),
        "sku": ("sku", product.get("sku") or offer.get("sku")),
        "brand": ("brand", product.get("brand")),
        "availability": ("offers.availability", offer.get("availability")),
        "image_url": ("image", product.get("image")),
    }
    found = {}
    for name, (path, value) in raw.items():
        first = value[0] if isinstance(value, list) and value else value
        if is_empty(first):
            continue
        try:
            found[name] = Found(_typed(name, first, document), f"jsonld:{path}")
        except ConversionError:
            continue
    return found


def _typed(name: str, raw: Any, document: Document) -> object:
    match name:
        case "price":
            return as_decimal(raw, machine_readable=True)
        case "image_url":
            return as_url(raw, document.base_url)
        case "availability":
            return normalise_availability(as_text(raw.get("@id", raw) if isinstance(raw, dict) else raw))
        case "currency":
            return normalise_currency(as_text(raw), url=document.url, language=document.language_tag or "")
        case _:
            return as_text(raw)


def _offers(product: JsonObject) -> Iterator[JsonObject]:
    """Yield a product's offers, those of an AggregateOffer and of a group's variants after the outer ones."""
    for offer in _objects(product.get("offers")):
        yield offer
        yield from _objects(offer.get("offers"))
    for variant in _objects(product.get("hasVariant")):
        yield from _objects(variant.get("offers"))


def _price(offer: JsonObject) -> Any:
    """Return an offer's price; 0 is one."""
    for name in ("price", "lowPrice"):
        if not is_empty(value := _price_part(offer, name)):
            return value
    return None


def _price_part(offer: JsonObject, name: str) -> Any:
    """Return a part of the price, of the offer itself or of its price specification."""
    holders = [offer, *_objects(offer.get("priceSpecification"))]
    return next((value for holder in holders if not is_empty(value := holder.get(name))), None)


def _objects(value: Any) -> list[JsonObject]:
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if isinstance(entry, dict)]
