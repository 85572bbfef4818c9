"""The shop: paginated lists, product pages, and the layout that breaks selectors for a day.

What belongs here: paths and HTML of the shop. What does not: which products exist (products.py).
"""

import datetime as dt
import json
from collections.abc import Mapping
from html import escape

from webdata_assets.demo.calendar import Incident, happens
from webdata_assets.demo.products import Product, products_on
from webdata_assets.demo.reply import Reply, not_found, page, robots, with_validators

HOST = "shop.demo.test"
PAGE_SIZE = 10
CURRENCY = "EUR"
_HEADER = '<header><a href="/">The Demo Shop</a> <nav><a href="/products">All products</a></nav></header>\n'
_FOOTER = '<footer><p>Free returns within thirty days. <a href="/admin">Staff</a></p></footer>\n'


def respond(path: str, query: Mapping[str, str], date: dt.date) -> Reply:
    """Return what the shop answers to a path on a date."""
    match path:
        case "/robots.txt":
            return robots()
        case "/":
            return page("The Demo Shop", f"{_HEADER}<main><h1>The Demo Shop</h1></main>\n{_FOOTER}")
        case "/admin":
            return page("Staff only", "<main><h1>Staff only</h1></main>\n")
        case "/products":
            return _list_page(query.get("page", "1"), products_on(date))
    product = next((product for product in products_on(date) if product.path == path), None)
    if product is None:
        return not_found()
    layout = _new_product_page if happens(Incident.SHOP_LAYOUT, date) else _product_page
    return with_validators(layout(product))


def _list_page(number: str, products: list[Product]) -> Reply:
    last = -(-len(products) // PAGE_SIZE)
    if not number.isascii() or not number.isdecimal() or len(number) > 6 or not 1 <= int(number) <= last:
        return not_found()
    current = int(number)
    cards = "".join(
        f'<li class="card"><a class="product" href="{product.path}">{escape(product.name)}</a> '
        f"<span>{product.price} {CURRENCY}</span></li>\n"
        for product in products[(current - 1) * PAGE_SIZE : current * PAGE_SIZE]
    )
    following = (
        f'<a class="next" href="/products?page={current + 1}">Next page</a>\n' if current < last else ""
    )
    title = f"All products, page {current} of {last}"
    return page(title, f"{_HEADER}<main><h1>{title}</h1>\n<ul>\n{cards}</ul>\n{following}</main>\n{_FOOTER}")


def _product_page(product: Product) -> Reply:
    stock = "InStock" if product.in_stock else "OutOfStock"
    structured = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "sku": product.sku,
        "description": product.description,
        "category": product.topic.name,
        "brand": {"@type": "Brand", "name": product.brand},
        "offers": {
            "@type": "Offer",
            "price": str(product.price),
            "priceCurrency": CURRENCY,
            "availability": f"https://schema.org/{stock}",
            "url": f"http://{HOST}{product.path}",
        },
    }
    script = json.dumps(structured, ensure_ascii=False).replace("<", "\\u003c")
    body = (
        f'<main class="product">\n<h1>{escape(product.name)}</h1>\n'
        f'<p class="category"><a itemprop="category" href="/products">{product.topic.name}</a></p>\n'
        f'<p class="price"><span class="amount">{product.price}</span> '
        f'<span class="currency">{CURRENCY}</span></p>\n'
        f'<div class="description" itemprop="description"><p>{escape(product.description)}</p></div>\n'
        f"{_facts(product)}</main>\n"
    )
    head = f'<script type="application/ld+json">{script}</script>\n'
    return page(product.name, f"{_HEADER}{body}{_FOOTER}", head=head)


def _new_product_page(product: Product) -> Reply:
    body = (
        '<main class="pdp">\n<section class="pdp-hero">\n'
        f'<div class="pdp-crumb"><span itemprop="category">{product.topic.name}</span></div>\n'
        f'<h1 class="pdp-name">{escape(product.name)}</h1>\n'
        f'<div class="pdp-buy" data-cost="{product.price}" data-unit="{CURRENCY}">'
        f'<strong class="pdp-cost">{product.price}</strong> <em class="pdp-unit">{CURRENCY}</em></div>\n'
        "</section>\n"
        f'<section class="pdp-about" itemprop="description">{escape(product.description)}</section>\n'
        f"{_facts(product)}</main>\n"
    )
    return page(product.name, f"{_HEADER}{body}{_FOOTER}")


def _facts(product: Product) -> str:
    stock, words = ("InStock", "In stock") if product.in_stock else ("OutOfStock", "Sold out")
    return (
        f'<dl>\n<dt>Article</dt><dd itemprop="sku">{product.sku}</dd>\n'
        f'<dt>Brand</dt><dd itemprop="brand">{escape(product.brand)}</dd>\n'
        f'<dt>Availability</dt><dd><data itemprop="availability" value="{stock}">{words}</data></dd>\n</dl>\n'
    )
