"""The fields of a product page, each from the place that is trusted most.

What belongs here: the order of places. What does not: how one place is read (the other modules).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from webdata_assets.stages.extract.commerce import currency_of_site
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found
from webdata_assets.stages.extract.products.declared import address_identifiers, declared, identifiers
from webdata_assets.stages.extract.products.labels import labelled, named
from webdata_assets.stages.extract.products.prices import (
    PriceWeights,
    shown_price,
    trained_weights,
    weighed_amounts,
)
from webdata_assets.stages.extract.products.stated import Statement, stated
from webdata_assets.stages.extract.products.stock import availability_notices
from webdata_assets.stages.extract.products.texts import PageTexts
from webdata_assets.stages.extract.products.typed import as_product_value
from webdata_assets.stages.extract.values import ConversionError

PRODUCT_FIELDS = (
    "title", "price", "currency", "sku", "gtin", "brand", "availability", "rating", "rating_count",
    "image_url",
)  # fmt: skip
_MAX_LABELS = 300


def product_defaults(document: Document, price_weights: PriceWeights | None = None) -> dict[str, Found]:
    """Return the fields that a product page states, declares or shows; empty for JSON.

    Of several offers the first with a price counts, and a product can be had when one of its variants can.
    A statement that is not of its field's type is no statement: defaults never quarantine a record.

    Args:
        document: the page.
        price_weights: others than those that ship, to judge how well they are learnt.
    """
    if document.tree is None:
        return {}
    page = PageTexts(document.tree)
    labels = [*islice(labelled(page), _MAX_LABELS), *named(page)]
    found: dict[str, Found] = {}
    statements = list(stated(document))
    if not _is_shown(page, statements):
        _take(found, _as_sku(labels, "code"), document)
    _take(found, statements, document)
    _take(found, declared(document), document)
    _take(found, labels, document)
    if "availability" not in found:
        _take(found, availability_notices(page), document)
    if "price" not in found and (price := shown_price(page, price_weights or trained_weights())):
        _take(found, [Statement("price", price.digits, "text:price", False)], document)
        _take(found, [Statement("currency", price.sign, "text:price", False)], document)
    if "price" in found and "currency" not in found:
        _take(found, _currencies(document, page, found["price"].value), document)
    if "sku" not in found:
        _take(found, identifiers(document), document)
        _take(found, _as_sku(labels, "reference"), document)
    if "sku" not in found and "price" in found:
        _take(found, address_identifiers(document), document)
        _take(found, _as_sku(labels, "model"), document)
    return {name: found[name] for name in PRODUCT_FIELDS if name in found}


def _as_sku(labels: Iterable[Statement], field: str) -> list[Statement]:
    return [each._replace(field="sku") for each in labels if each.field == field]


def _is_shown(page: PageTexts, statements: Iterable[Statement]) -> bool:
    """Return whether the page shows its readers an identifier that it states for programs."""
    skus = {str(each.raw) for each in statements if each.field == "sku"}
    return any(text.text in skus for text in page.texts)


def _currencies(document: Document, page: PageTexts, price: object) -> Iterator[Statement]:
    """Yield what tells the currency of a price that is stated without one."""
    shown = [amount for amount, _ in weighed_amounts(page) if amount.sign]
    for amount in shown:
        if amount.value == float(str(price)):
            yield Statement("currency", amount.sign, "text:price", False)
    for sign, _ in Counter(amount.sign for amount in shown).most_common(1):
        yield Statement("currency", sign, "text:prices", False)
    if code := currency_of_site(document.url, document.language_tag or ""):
        yield Statement("currency", code, "country of the site", False)


def _take(found: dict[str, Found], statements: Iterable[Statement], document: Document) -> None:
    """Add the first good statement of each field that has none yet."""
    for field, raw, label, machine_readable in statements:
        if field in found or field not in PRODUCT_FIELDS:
            continue
        try:
            value = as_product_value(field, raw, document, machine_readable=machine_readable)
        except ConversionError:
            continue
        found[field] = Found(value, label)
