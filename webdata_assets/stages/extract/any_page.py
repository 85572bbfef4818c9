"""Any page, of no declared source → what can be said of it, as one mapping.

What belongs here: which finders are asked, and the names of what they give. What does not: finding it, and
files (cli/extract.py).
"""

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.clean.normalise import clean_body, clean_line
from webdata_assets.stages.extract.content import find_author, find_canonical_url, find_language, find_title
from webdata_assets.stages.extract.document import Document, parse_document
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.main_content.find import find_main_content
from webdata_assets.stages.extract.products import product_defaults, states_product
from webdata_assets.stages.extract.published import publication_of

Mode = Literal["balanced", "fast"]

_PRODUCT_NAMES = {
    "title": "name", "price": "price", "currency": "currency", "sku": "sku", "gtin": "gtin", "brand": "brand",
    "availability": "availability", "rating": "rating", "rating_count": "rating_count",
}  # fmt: skip


def read_any_page(payload: Payload, mode: Mode) -> dict[str, object]:
    """Return what a page says, as JSON.

    Always `text`, `title`, `author`, `published` (the date as the page writes it, ISO 8601), `language`,
    `page_type` and `confidence`, null where there is none; `name`, `price`, `currency`, `sku`, `gtin`,
    `brand`, `availability`, `rating` and `rating_count` of a product, those that it has. Or `error` alone,
    for a page that cannot be read.

    Args:
        payload: `final_url` need not be the page's own; what it says is its address counts.
        mode: how the main content is found; see the `content` of a source's `extract` section.
    """
    try:
        document = parse_document(payload.final_url, payload.body, payload.content_type, "html")
    except PermanentError as error:
        if error.failure_domain is not FailureDomain.PARSE:
            raise
        return {"error": str(error)}
    context = PageContext("article", payload.payload_date)
    address = find_canonical_url(document, context)
    if address is not None:
        document = replace(document, url=str(address.value))
    content = find_main_content(document, mode=mode)
    page_type = content.page_type if content else None
    if page_type == "product" or states_product(document):
        context = replace(context, kind="product")
    published = publication_of(document, context)
    return {
        "text": (clean_body(content.text) or None) if content else None,
        "title": _value(find_title(document, context)),
        "author": _value(find_author(document, context)),
        "published": published.date.isoformat() if published else None,
        "language": _value(find_language(document, context)),
        "page_type": page_type,
        "confidence": content.confidence if content else None,
        **(_product(document) if context.kind == "product" else {}),
    }


def _value(found: Found | None) -> object:
    """Return what was found; texts without what no reader sees, as records have them."""
    value = found.value if found else None
    return (clean_line(value) or None) if isinstance(value, str) else value


def _product(document: Document) -> dict[str, object]:
    stated = product_defaults(document)
    return {
        name: float(value) if isinstance(value := _value(stated[field]), Decimal) else value
        for field, name in _PRODUCT_NAMES.items()
        if field in stated
    }
