"""What speaks for an amount to be the product's price, and against it.

What belongs here: one name for each piece of evidence. What does not: its weight (price_weights.json).
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from webdata_assets.stages.extract.products.amounts import Amount
from webdata_assets.stages.extract.products.surroundings import Surroundings
from webdata_assets.stages.extract.products.texts import PageTexts, ShortText, ancestors

_LABEL_FOR = re.compile(
    r"\b(?:price|preis|prix|precio|prezzo|preço|cena|prijs|pris|hinta|fiyat|цена|ціна|now|jetzt|today"
    r"|buy it now|(?:our|sale|special|final|your) price)\b|售價|價格|价格|価格|판매가|특가|定價",
)
_LABEL_AGAINST = re.compile(
    r"\b(?:was|rrp|msrp|uvp|list price|reg(?:ular)?\.?(?: price)?|retail|before|statt|bisher|instead|save"
    r"|saving|you save|off|from other|shipping|delivery|postage|versand|livraison|spedizione|envío|envio"
    r"|per month|/month|monthly|/mo|mtl|rate|raten|installments?|cuotas?|parcelas?|mois|over|orders?"
    r"|above|ab einem|minimum|spend|free|coupon|gift card|points?|earn|reviews?|deposit|trade.in|worth|value"
    r"|стар)\b|原價|定價|市價|배송|적립",
)
_WITHOUT_TAX = re.compile(
    r"\b(?:excl|ex\.? ?vat|ex\.? ?tax|without (?:vat|tax)|ohne mwst|zzgl|netto|hors tax|h\.?t\.?\b|bez dph"
    r"|bez pdv|brez ddv|bez vat|sin iva|\+ ?iva|iva escl|exkl|ekskl|btw)",
)
_LABEL_AFTER = re.compile(r"\s*/|.*\b(?:month|mois|monat|mes|off|szt|stk)\b")
_PLACES = (
    (300, "far below the title"),
    (120, "below the title"),
    (40, "soon after the title"),
    (12, "after the title"),
    (0, "right after the title"),
    (-25, "right before the title"),
    (-80, "before the title"),
    (-1_000_000, "far above the title"),
)
"""Texts between the title and the amount."""
_NEAR_LEVELS = 3
_FAR_LEVELS = 9
_BUTTON_REACH = 25


def evidence_of(
    page: PageTexts, amounts: Sequence[Amount], surroundings: Surroundings
) -> list[frozenset[str]]:
    """Return the evidence for each amount."""
    texts = page.texts
    buttons = page.buttons
    signatures = [_signature(texts[amount.at]) for amount in amounts]
    alike = Counter(signatures)
    repeated = Counter(amount.value for amount in amounts)
    evidence = []
    for nth, amount in enumerate(amounts):
        found = set(_of_names(texts[amount.at], surroundings))
        found.update(_of_texts(texts, amount), _of_place(page.title_at, amount.at), _of_pair(amounts, nth))
        button = bisect_right(buttons, amount.at)
        checks = {
            "sign": bool(amount.sign),
            "first": nth == 0,
            "many alike": alike[signatures[nth]] > 3,
            "repeated": repeated[amount.value] > 1,
            "before a buy button": button < len(buttons) and buttons[button] - amount.at < _BUTTON_REACH,
            "cents": bool(re.search(r"[.,]\d\d$", amount.digits)),
            "zero": not amount.value,
        }
        evidence.append(frozenset(found | {name for name, holds in checks.items() if holds}))
    return evidence


def _signature(text: ShortText) -> str:
    return "/".join(node.attributes.get("class") or node.tag or "" for node in ancestors(text.holder, 3))


def _of_pair(amounts: Sequence[Amount], nth: int) -> Iterator[str]:
    """Two amounts side by side are often the price and what it was."""
    amount = amounts[nth]
    for other in (*amounts[max(0, nth - 1) : nth], *amounts[nth + 1 : nth + 2]):
        if abs(other.at - amount.at) > 3 or not other.sign:
            continue
        if amount.value < other.value < 4 * amount.value:
            yield "lower of two"
        elif other.value < amount.value < 4 * other.value:
            yield "higher of two"


def _of_names(text: ShortText, surroundings: Surroundings) -> Iterator[str]:
    nodes = list(ancestors(text.holder, _FAR_LEVELS))
    said = [surroundings.of(node) for node in nodes]
    near = frozenset[str]().union(*said[:_NEAR_LEVELS])
    far = frozenset[str]().union(*said[_NEAR_LEVELS:])
    yield from (
        f"named {what}" for what in ("price", "current", "old", "other", "large", "elsewhere") if what in near
    )
    yield from (f"in {what}" for what in ("price", "elsewhere", "buy") if what in far)
    if said and "price" in said[0]:
        yield "itself named price"
    tags = {node.tag for node in nodes}
    if tags & {"del", "s", "strike"}:
        yield "struck through"
    yield from (f"in <{tag}>" for tag in ("a", "li", "form", "table") if tag in tags)


def _of_texts(texts: Sequence[ShortText], amount: Amount) -> Iterator[str]:
    at, text = amount.at, texts[amount.at].lower
    before = texts[at - 1].lower if at and len(texts[at - 1].text) <= 40 else ""
    after = texts[at + 1].lower if at + 1 < len(texts) and len(texts[at + 1].text) <= 25 else ""
    if _LABEL_FOR.search(before) or _LABEL_FOR.search(text):
        yield "labelled"
    if _LABEL_AGAINST.search(text):
        yield "labelled other"
    if _LABEL_AGAINST.search(before):
        yield "after another label"
    if _LABEL_AFTER.match(after):
        yield "before another label"
    if any(_WITHOUT_TAX.search(each) for each in (before, text, after)):
        yield "without tax"
    if len(text) > len(amount.digits) + 25:
        yield "in running text"


def _of_place(title_at: int | None, at: int) -> Iterator[str]:
    if title_at is None:
        yield "no title"
    else:
        yield next(name for least, name in _PLACES if at - title_at >= least)
