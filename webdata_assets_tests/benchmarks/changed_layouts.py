"""Shops before and after a new layout, made from real product pages by a seeded mutation.

What belongs here: making them. What does not: judging proposals (selectors.py).

A real page is the template of one shop. Its gold values are replaced, wherever they occur, by placeholders;
what is then done to the template once holds for every page of the shop:

1. class names and ids are renamed: to other words, or to hashes (which of the two, the seed says);
2. 15 % of the elements with text are wrapped in a further element;
3. the children of 10 % of the containers that do not carry the page are put in another order;
4. JSON-LD goes in 60 % of the shops, microdata and RDFa attributes in 60 %, `meta` in 40 %;
5. in half of the shops, prices in texts are written with a comma.

Then each page is filled with values of its own. Prices that are not the product's, in texts, differ from page
to page too, as those of recommended products do.
"""

import html
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from webdata_assets_tests.benchmarks.product_pages import ProductPage

FIELDS = ("title", "price", "sku", "gtin", "brand")
_SHORTEST = {"title": 6, "price": 2, "sku": 4, "gtin": 8, "brand": 3}
_WORDS = (
    "amber", "basin", "cedar", "delta", "ember", "fable", "glade", "haven",
    "inlet", "jasper", "kettle", "linen", "maple", "nectar", "olive", "pebble",
    "quartz", "ripple", "saddle", "timber", "umber", "velvet", "willow", "yonder",
    "zephyr", "anchor", "beacon", "copper", "drift",
)  # fmt: skip
_MARKUP = ("itemprop", "itemscope", "itemtype", "itemid", "itemref", "property", "typeof", "vocab")
_TEXT_MARK = "@@price_text@@"
_OTHER_MARK = "@@other{}@@"


def mark(field: str) -> str:
    """Return the placeholder of a field."""
    return f"@@{field}@@"


@dataclass(frozen=True)
class Shop:
    """One shop after its change of layout.

    Attributes:
        name: of the real page.
        template: HTML with placeholders.
        fields: those whose value the real page shows.
        classes: the words by which the old layout named the element of each field.
        comma: whether prices in texts have a comma.
        patterns: the real value of each field, for values of the same shape.
    """

    name: str
    template: str
    fields: tuple[str, ...]
    classes: Mapping[str, str]
    comma: bool
    patterns: Mapping[str, str]

    def values(self, seed: str) -> dict[str, str]:
        """Return one product's values."""
        chance = random.Random(f"{self.name} {seed}")
        return {field: _value(field, self.patterns[field], chance) for field in self.fields}

    def page(self, values: Mapping[str, str], seed: str) -> bytes:
        """Return the page of a product."""
        text = self.template
        if "price" in values:
            shown = values["price"].replace(".", ",") if self.comma else values["price"]
            text = text.replace(_TEXT_MARK, shown)
        for field, value in values.items():
            text = text.replace(mark(field), html.escape(value))
        chance = random.Random(f"{self.name} {seed} others")
        return re.sub(
            r"@@other\d+@@", lambda _: f"{chance.randint(3, 900)}.{chance.randint(10, 99)}", text
        ).encode()


def changed_shop(page: ProductPage, seed: int = 0) -> Shop | None:
    """Return the shop of a real page after its change; None where the page shows none of its values.

    Another seed gives another change and other products.
    """
    chance = random.Random(f"{page.name} {seed}")
    text, patterns = _with_marks(page)
    if not patterns:
        return None
    tree: Any = lxml_html.document_fromstring(text)  # lxml's stubs do not know of HTML's elements
    classes = {field: _old_class(tree, field) for field in patterns}
    comma = chance.random() < 0.5
    _remove_markup(tree, chance)
    _wrap(tree, chance)
    _reorder(tree, chance)
    _rename(tree, chance)
    _mark_texts(tree)
    template = lxml_html.tostring(tree, encoding="unicode", doctype="<!doctype html>")
    return Shop(f"{page.name} {seed}", template, tuple(patterns), classes, comma, patterns)


def _with_marks(page: ProductPage) -> tuple[str, dict[str, str]]:
    text = page.document.text
    found = {name: list(page.gold.get(name, ())) for name in FIELDS if name != "title"}
    heading = page.document.tree.css_first("h1") if page.document.tree else None
    found["title"] = [" ".join(heading.text().split())] if heading else []
    patterns: dict[str, str] = {}
    for field in sorted(FIELDS, key=lambda name: -max(map(len, found[name]), default=0)):
        for value in found[field]:
            if len(value) < _SHORTEST[field]:
                continue
            text, count = _expression(field, value).subn(mark(field), text)
            if count:
                patterns.setdefault(field, value)
    return text, patterns


def _expression(field: str, value: str) -> re.Pattern[str]:
    if field == "price" and re.fullmatch(r"\d+(?:\.\d+)?", value.strip()):
        whole, _, cents = value.strip().partition(".")
        return re.compile(
            rf"(?<![\d.,@]){whole}" + (rf"[.,]{cents}0*" if cents else r"(?:[.,]00?)?") + r"(?![\d]|[.,]\d)"
        )
    forms = {re.escape(form) for form in (value, html.escape(value), html.escape(value, quote=False))}
    return re.compile(rf"(?<![\w@])(?:{'|'.join(sorted(forms, key=len, reverse=True))})(?![\w@])")


def _old_class(tree: Any, field: str) -> str:
    for element in tree.iter():
        if isinstance(element.tag, str) and mark(field) in (element.text or "") and element.get("class"):
            return element.get("class", "").split()[0] if element.get("class", "").split() else field
    return field


def _remove_markup(tree: Any, chance: random.Random) -> None:
    if chance.random() < 0.6:
        for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
            script.drop_tree()
    if chance.random() < 0.6:
        for element in tree.iter(etree.Element):
            for name in _MARKUP:
                if element.tag != "meta":
                    element.attrib.pop(name, None)
    if chance.random() < 0.4:
        for meta in tree.xpath("//meta[@content]"):
            meta.drop_tree()


def _wrap(tree: Any, chance: random.Random) -> None:
    for element in list(tree.body.iter("span", "p", "div", "dd", "td", "h1", "strong", "b")):
        if (element.text or "").strip() and chance.random() < 0.15:
            inner = lxml_html.Element("span", {"class": chance.choice(_WORDS)})
            inner.text, element.text = element.text, None
            for child in list(element):
                inner.append(child)
            element.append(inner)


def _reorder(tree: Any, chance: random.Random) -> None:
    for element in list(tree.body.iter("div", "ul", "section")):
        children = list(element)
        if 1 < len(children) < 12 and chance.random() < 0.1:
            chance.shuffle(children)
            for child in children:
                element.append(child)


def _rename(tree: Any, chance: random.Random) -> None:
    hashed = chance.random() < 0.4
    names: dict[str, str] = {}

    def renamed(name: str) -> str:
        if name not in names:
            words = f"{chance.choice(_WORDS)}-{chance.choice(_WORDS)}"
            names[name] = f"css-{chance.randrange(16**6):06x}" if hashed else words
        return names[name]

    for element in tree.iter(etree.Element):
        if element.get("class"):
            element.set("class", " ".join(map(renamed, element.get("class", "").split())))
        if element.get("id"):
            element.set("id", renamed(element.get("id", "")))


def _mark_texts(tree: Any) -> None:
    """Set the product's prices in texts apart from those in data, and let other prices in texts vary."""
    number, body = 0, tree.body
    for element in body.iter(etree.Element):
        if element.tag in ("script", "style", "template"):
            continue
        for name in ("text", "tail") if element is not body else ("text",):
            text = getattr(element, name)
            if text:
                number += 1
                text = re.sub(r"(?<![\d.,])\d{1,3}\.\d\d(?![\d.,])", _OTHER_MARK.format(number), text)
                setattr(element, name, text.replace(mark("price"), _TEXT_MARK))


def _value(field: str, pattern: str, chance: random.Random) -> str:
    if field == "price":
        return str(Decimal(chance.randint(300, 99_900)) / 100 + Decimal("0.01")).rjust(4, "0")
    if field == "title":
        return " ".join(word.capitalize() for word in chance.sample(_WORDS, 3)) + f" {chance.randint(2, 99)}"
    if field == "brand":
        return chance.choice(_WORDS).capitalize() + chance.choice(("", " & Co", "son"))
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    return "".join(
        str(chance.randint(1, 9)) if sign.isdigit() else chance.choice(letters) if sign.isalpha() else sign
        for sign in pattern
    )
