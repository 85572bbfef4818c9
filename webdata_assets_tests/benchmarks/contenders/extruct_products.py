"""Products by extruct and price-parser, mapped as in Zyte's benchmark (run_extruct.py), with brand and GTIN.

What belongs here: the baseline's own rules. What does not: anything of ours.
"""

from typing import Any

_IN_STOCK = ("instock", "in_stock", "in stock", "limitedavailability", "presale", "preorder", "instoreonly")
_OUT_OF_STOCK = ("outofstock", "out_of_stock", "out of stock", "sold_out", "discontinued", "soldout")
_GTINS = ("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "ean", "isbn")


def extract_with_extruct(body: bytes, url: str) -> dict[str, object]:
    """Return a page's attributes: OpenGraph, overruled by JSON-LD, overruled by microdata."""
    import extruct

    data = extruct.extract(
        body.decode("utf-8", "replace"),
        base_url=url,
        uniform=True,
        syntaxes=["opengraph", "json-ld", "microdata"],
        errors="ignore",
    )
    found: dict[str, object] = {}
    for values in (_of_opengraph(data), _of_product(data, "json-ld"), _of_product(data, "microdata")):
        found.update({name: value for name, value in values.items() if value not in (None, "")})
    return found


def _of_opengraph(data: dict[str, Any]) -> dict[str, object]:
    meta = {str(name).lower(): value for name, value in next(iter(data.get("opengraph", [])), {}).items()}

    def first(*names: str) -> Any:
        return next((meta[name] for name in names if meta.get(name)), None)

    price, currency = _price(
        first("og:price:amount", "product:price:amount"), first("og:price:currency", "product:price:currency")
    )
    return {
        "price": price,
        "currency": currency,
        "sku": first("og:sku", "product:sku"),
        "brand": first("og:brand", "product:brand"),
        "availability": _availability(first("og:availability", "product:availability")),
    }


def _of_product(data: dict[str, Any], syntax: str) -> dict[str, object]:
    product = next((item for item in data.get(syntax, []) if "Product" in str(item.get("@type"))), None)
    if product is None:
        return {}
    offers = product.get("offers") or {}
    offer = next(iter(offers), {}) if isinstance(offers, list) else offers
    offer = offer if isinstance(offer, dict) else {}
    price, currency = _price(
        offer.get("price") or offer.get("highPrice") or offer.get("lowPrice"), offer.get("priceCurrency")
    )
    brand = product.get("brand")
    return {
        "price": price,
        "currency": currency,
        "sku": _text(product.get("sku") or product.get("productID")),
        "brand": _text(brand.get("name") if isinstance(brand, dict) else brand),
        "gtin": _text(next((product[name] for name in _GTINS if product.get(name)), None)),
        "availability": _availability(offer.get("availability")),
    }


def _price(price: Any, currency: Any) -> tuple[str | None, str | None]:
    from price_parser import Price

    parsed = Price.fromstring(_text(price), currency_hint=_text(currency))
    return (None, None) if parsed.amount is None else (str(parsed.amount), parsed.currency)


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int | float) and value != "" else None


def _availability(value: Any) -> str | None:
    text = (_text(value) or "").lower()
    if text.endswith(_IN_STOCK):
        return "InStock"
    return "OutOfStock" if text.endswith(_OUT_OF_STOCK) else None
