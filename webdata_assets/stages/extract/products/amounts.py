"""Amounts of money among a page's short texts, with the sign of their currency where it stands beside them.

What belongs here: how amounts are written. What does not: which one is the product's price (prices.py).
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from webdata_assets.stages.extract.products.surroundings import Surroundings
from webdata_assets.stages.extract.products.texts import ShortText, ancestors, names_of

_SIGNS = r"us ?\$|ca ?\$|c ?\$|au ?\$|a ?\$|nz ?\$|hk ?\$|nt ?\$|mx ?\$|r ?\$|s ?\$|[$€£¥￥₹₽₩₺₪฿₫₱₴₦₸₾₼]"
_WORDS = (
    r"eur(?:os?)?|usd|gbp|chf|cad|aud|nzd|sek|nok|dkk|pln|czk|huf|ron|bgn|hrk|rsd|try|rub|uah|byn|kzt|inr|jpy|"
    r"cny|rmb|krw|twd|hkd|sgd|myr|thb|idr|vnd|php|brl|mxn|ars|clp|cop|pen|zar|aed|sar|egp|ils|ngn|kes|"
    r"sfr|fr|kr|zł|kč|ft|lei|лв|руб|р|грн|тг|тенге|сом|сум|б\.?\s?р|kn|tl|rs|rm|rp|원|元|円|din|дин"
)
_NUMBER = r"\d{1,3}(?:[ .,'’]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_BEFORE = rf"(?:{_SIGNS}|\b(?:{_WORDS})\b\.?)"
_AFTER = rf"(?:{_SIGNS}|(?:{_WORDS})(?!\w))"
_END = r"(?![\d%]|[.,]\d)(?:,[-–—]+|\.[-–—])?"
_MONEY = re.compile(
    rf"(?P<sign>{_BEFORE})\s?:?\s?(?P<amount>{_NUMBER}){_END}"
    rf"|(?<![\d.,\w-])(?P<amount2>{_NUMBER}){_END}\s?(?P<sign2>{_AFTER})",
)
_BARE = re.compile(rf"(?P<amount>{_NUMBER})(?:,[-–—]+)?\.?")
_SIGN_AT_END = re.compile(rf"(?<!\w)(?:{_SIGNS}|{_WORDS})[.:]?$|[$€£¥￥]$")
_SIGN_AT_START = re.compile(rf"(?:{_SIGNS}|(?:{_WORDS})(?!\w)|[元円원])")
_DIGIT = re.compile(r"\d")
_CENTS = re.compile(r"[.,]?\d\d")


class Amount(NamedTuple):
    """An amount as it is shown.

    Attributes:
        at: index of its text.
        digits: with their marks, such as `1.299,00`.
        sign: the currency's sign or code beside it, empty where there is none.
    """

    at: int
    digits: str
    sign: str

    @property
    def value(self) -> float:
        """The number, good enough to compare amounts of one page."""
        whole = re.sub(r"[.,](\d{1,2})$", r"_\1", self.digits)
        return float(re.sub(r"[^\d_]", "", whole).replace("_", "."))


def amounts_in(texts: Sequence[ShortText], surroundings: Surroundings) -> Iterator[Amount]:
    """Yield the amounts: those with a sign, and bare numbers in elements that are named after prices."""
    skip = -1
    for at, text in enumerate(texts):
        if at == skip or not _DIGIT.search(text.lower):
            continue
        if money := _MONEY.search(text.lower):
            amount, sign = money["amount"] or money["amount2"], money["sign"] or money["sign2"]
        elif len(text.text) <= 16 and (bare := _BARE.fullmatch(text.text)):
            amount, sign = bare["amount"], _sign_beside(texts, at)
            if not sign and not any("price" in surroundings.of(node) for node in ancestors(text.holder, 3)):
                continue
        else:
            continue
        if cents := _cents_after(amount, texts, at):
            skip = at + 1
        yield Amount(at, amount + cents, sign)


def _sign_beside(texts: Sequence[ShortText], at: int) -> str:
    before = _SIGN_AT_END.search(texts[at - 1].lower[-8:]) if at else None
    if before:
        return before[0].strip(".: ")
    for neighbour in texts[at + 1 : at + 3]:
        if after := _SIGN_AT_START.match(neighbour.lower):
            return after[0]
        if not _CENTS.fullmatch(neighbour.text):
            break
    return ""


def _cents_after(amount: str, texts: Sequence[ShortText], at: int) -> str:
    """Return `.07` where cents are set apart from the amount, as in 63<sup>07</sup>, else an empty text."""
    following = texts[at + 1] if at + 1 < len(texts) else None
    if following is None or re.search(r"[.,]\d\d?$", amount) or not _CENTS.fullmatch(following.text):
        return ""
    holder, parent = texts[at].holder, following.holder.parent
    is_within = parent is not None and parent.mem_id == holder.mem_id
    is_beside = parent is not None and holder.parent is not None and parent.mem_id == holder.parent.mem_id
    is_named = re.search(r"\bsup\b|cent|decimal|fraction|minor", names_of(following.holder))
    return f".{following.text[-2:]}" if is_within or (is_beside and is_named) else ""
