"""The shop's catalogue on a date.

What belongs here: which products exist, and their facts. What does not: HTML (shop.py).
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from webdata_assets.demo.calendar import day_number
from webdata_assets.demo.choice import number, pick, sample
from webdata_assets.demo.topics import Topic, slug, topic_of

FIRST_PRODUCTS = 40
NEW_PER_DAY = 2
PRICE_CHANGE_ONE_IN = 10
"""A product's price changes on one day in ten."""


@dataclass(frozen=True)
class Product:
    """One product as the shop shows it on one date."""

    sku: str
    name: str
    brand: str
    topic: Topic
    price: Decimal
    """In euros."""
    in_stock: bool
    description: str

    @property
    def path(self) -> str:
        """Where the product's page lies."""
        return f"/products/{slug(self.name)}"


def products_on(date: dt.date) -> list[Product]:
    """Return the products on sale, newest first."""
    day = day_number(date)
    listed = range(FIRST_PRODUCTS + NEW_PER_DAY * day)
    removed = {_removed_on(earlier) for earlier in range(1, day + 1)}
    return [_product(index, day) for index in reversed(listed) if index not in removed]


def _removed_on(day: int) -> int:
    """Return the one product that leaves on a day, counted from 1: a first one, later a month-old one."""
    if day < FIRST_PRODUCTS:
        return 7 * day % FIRST_PRODUCTS  # 7 and 40 have no common factor, so no product leaves twice
    return FIRST_PRODUCTS + NEW_PER_DAY * (day - FIRST_PRODUCTS)


def _product(index: int, day: int) -> Product:
    topic = topic_of(index)
    round_, position = divmod(index // 5, len(topic.products))
    goods = topic.products[position]
    brand = pick(topic.brands, "brand", index)
    name = f"{brand} {goods.noun}" + (f" Series {round_ + 1}" if round_ else "")
    first_day = 0 if index < FIRST_PRODUCTS else 1 + (index - FIRST_PRODUCTS) // NEW_PER_DAY
    changed = next((d for d in range(day, first_day, -1) if _price_changes(index, d)), first_day)
    percent = 85 + number(31, "price", index, changed)
    return Product(
        sku=f"{topic.name[:3].upper()}-{1000 + index}",
        name=name,
        brand=brand,
        topic=topic,
        price=(Decimal(goods.price) * percent / 100).quantize(Decimal("0.01")),
        in_stock=number(8, "stock", index, changed) > 0,
        description=" ".join([goods.text, *sample(topic.features, 2, "features", index, round_)]),
    )


def _price_changes(index: int, day: int) -> bool:
    return number(PRICE_CHANGE_ONE_IN, "price change", index, day) == 0
