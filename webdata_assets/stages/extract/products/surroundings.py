"""What the names of the elements around an amount say of it.

What belongs here: words in class, id and the like. What does not: texts (price_evidence.py).
"""

import re

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.products.texts import names_of

_NAMED = {
    "price": re.compile(
        r"price|preis|prix|precio|prezzo|preco|preço|cena|\bpris\b|prijs|hinta|fiyat|harga|kaina|amount|cost|prc"
    ),
    "current": re.compile(
        r"current|sale|sell|now|final|actual|our|special|promo|new|main|total|product-?price|buy|deal|display"
    ),
    "old": re.compile(
        r"\bold|old\b|[-_]old|was|list[-_]?price|strike|stroke|striked|regular|rrp|msrp|uvp|before|cross|origin"
        r"|compare|retail|previous|through|barr|ancien|normal|full-?price|reference"
    ),
    "other": re.compile(
        r"ship|deliver|versand|livraison|postage|instal|month|rata|parcela|financ|credit|leasing|coupon|voucher"
        r"|unit|per[-_]|basis|grund|point|bonus|reward|loyal|tax|deposit|minim|threshold|cart|basket|subtotal"
        r"|sav(?:e|ing)|discount|rabatt|reduc|percent|warrant|insur|range|filter|search|count|quantity|qty"
        r"|rating|stock|size|weight|trade|refurb|used|member|gift"
    ),
    "elsewhere": re.compile(
        r"relat|recom|similar|carousel|slider|swiper|slick|upsell|cross-?sell|also|accessor|bundle|together|compar"
        r"|\bcard|[-_]card|tile|thumb|recent|viewed|sponsor|footer|header|\bnav|menu|mini-?cart|review"
        r"|swatch|variant|option|popular|trending|bestsell|suggest|teaser|listing|widget|advert"
        r"|banner|modal|popup|popover|preload|sidebar|aside|seller|olp"
    ),
    "buy": re.compile(
        r"buy|basket|cart|purchase|pdp|product-?(?:detail|info|main|view|page|form|summary|essential)"
    ),
    "large": re.compile(r"\bh[1-4]\b|large|big|xl|strong|\bb\b"),
}
"""What the name of an element says of an amount in it."""


class Surroundings:
    """What the names of elements say of the texts in them; each element is read once."""

    def __init__(self) -> None:
        self._by_node: dict[int, frozenset[str]] = {}
        self._by_names: dict[str, frozenset[str]] = {}

    def of(self, node: LexborNode) -> frozenset[str]:
        """Return what an element's own names say."""
        said = self._by_node.get(node.mem_id)
        if said is None:
            names = names_of(node)
            said = self._by_names.get(names)
            if said is None:
                said = frozenset(what for what, pattern in _NAMED.items() if pattern.search(names))
                self._by_names[names] = said
            self._by_node[node.mem_id] = said
        return said
