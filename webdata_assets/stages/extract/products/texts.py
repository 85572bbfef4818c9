"""The short texts of a page in their order, as its reader meets them.

What belongs here: one walk over the tree, the place of the title among the texts, and the names of the
elements around a text. What does not: what a text means (prices.py, labels.py, stock.py).
"""

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN = frozenset({"script", "style", "template", "noscript", "title", "svg", "textarea", "iframe"})
_MAX_NODES = 300_000
_MAX_TEXTS = 20_000
_MAX_HEADINGS = 20
_MAX_NAME = 300
"""Characters of an attribute that are read as a name."""
_MAX_CHARACTERS = 300
"""Of one text; titles, prices, labels and buttons are shorter."""
_LEAST_TITLE = 8
_BUY = re.compile(
    r"\b(?:add to (?:cart|basket|bag|trolley|order)|buy now|buy it|order now"
    r"|in den|warenkorb|kaufen|ajouter|panier|acheter|añadir|carrito|comprar|aggiungi|carrello|acquista"
    r"|adicionar|carrinho|do koszyka|košík|košar|kup|bestellen|winkelwagen|i kurven|köp|ostoskori|в корзин"
    r"|купить|sepete)|加入購物車|購買|カート|구매|장바구니",
)
_BUTTON_CHARACTERS = 30
_NAMING = (
    "class", "id", "itemprop", "name", "data-testid", "data-qa", "data-qa-qualifier", "data-test",
    "data-automation", "data-price-type",
)  # fmt: skip


class ShortText(NamedTuple):
    """A text of one line, white space collapsed, the same in lower case, and the element that holds it."""

    text: str
    lower: str
    holder: LexborNode


class PageTexts:
    """The short texts of a page, read once for all who look for something in them."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree

    @cached_property
    def texts(self) -> list[ShortText]:
        """All short texts, in the order of the page."""
        body = self._tree.body
        return list(islice(_short_texts(body), _MAX_TEXTS)) if body else []

    @cached_property
    def buttons(self) -> list[int]:
        """Indices of the texts by which products are bought."""
        return [
            at
            for at, text in enumerate(self.texts)
            if len(text.text) <= _BUTTON_CHARACTERS and _BUY.search(text.lower)
        ]

    @cached_property
    def said(self) -> str:
        """The page's title, in lower case."""
        title = self._tree.css_first("title")
        return " ".join((title.text() or "").split()).lower() if title else ""

    @cached_property
    def title_at(self) -> int | None:
        """Index of the text that names the product: in the main heading, else the longest of the title.

        None where the page shows neither.
        """
        said = self.said
        headings = {
            node.mem_id for heading in self._tree.css("h1")[:_MAX_HEADINGS] for node in heading.traverse()
        }
        in_heading = [at for at, text in enumerate(self.texts) if text.holder.mem_id in headings]
        for at in in_heading:
            if self.texts[at].lower in said:
                return at
        lengths = {at: len(text.text) for at, text in enumerate(self.texts) if text.lower in said}
        longest = max(lengths, key=lengths.__getitem__, default=None)
        if longest is not None and lengths[longest] >= _LEAST_TITLE:
            return longest
        return in_heading[0] if in_heading else None


def _short_texts(body: LexborNode) -> Iterator[ShortText]:
    for node in islice(body.traverse(include_text=True), _MAX_NODES):
        if not node.is_text_node:
            continue
        raw = node.text_content
        if not raw or raw.isspace() or len(raw) > _MAX_CHARACTERS * 2:
            continue
        text = " ".join(raw.split())
        holder = node.parent
        if holder is not None and holder.tag not in _UNSEEN and len(text) <= _MAX_CHARACTERS:
            yield ShortText(text, text.lower(), holder)


def names_of(node: LexborNode) -> str:
    """Return how an element is named, in lower case: its tag, then class, id and the like."""
    attributes = node.attributes
    named = (value[:_MAX_NAME] for key in _NAMING if (value := attributes.get(key)))
    return " ".join((node.tag or "", *named)).lower()


def ancestors(node: LexborNode, levels: int) -> Iterator[LexborNode]:
    """Yield an element and what it is in, at most so many, up to the body."""
    current: LexborNode | None = node
    for _ in range(levels):
        if current is None or current.tag in {"body", "html"}:
            return
        yield current
        current = current.parent
