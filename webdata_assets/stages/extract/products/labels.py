"""Identifiers and brands that a page shows beside a label: `Artikelnummer: 4711`, `Brand | Acme`.

What belongs here: labels in the languages of shops, and the value that belongs to one. What does not:
values that no reader sees (stated.py, declared.py).
"""

import re
from collections.abc import Iterator, Sequence

from webdata_assets.stages.extract.products.stated import Statement
from webdata_assets.stages.extract.products.texts import PageTexts, ShortText, ancestors, names_of

_NUMBER = r"(?:[- ]?(?:no|nr|num(?:ber|mer|éro|ero|er)?|code?|id|#|n[°º]))\b\.?\s*[°º#]?"
_SKU = (
    rf"(?:store )?sku(?:{_NUMBER})?|(?:ebay )?item\s?(?:{_NUMBER}|#)|article{_NUMBER}"
    rf"|art(?:ikel)?\.?{_NUMBER}|bestell{_NUMBER}|produ(?:ct|kt)\s?(?:{_NUMBER}|#)"
    rf"|id (?:do |del )?produ[ck]?to|prod\.{_NUMBER}|(?:stock|catalog(?:ue)?|cat\.?){_NUMBER}"
    rf"|(?:web|style|deal|listing|ad|anzeigen|objekt|object|internet){_NUMBER}|internet #|asin|tcin|dpci"
    r"|kód(?: produktu| zboží| tovaru)?|katalogové číslo|kod (?:produktu|produs)"
    r"|cod(?:\.| produs| produto| prodotto)"
    r"|código(?: do produto| del producto)?|codice(?: articolo| prodotto)?|numéro de l'objet|numero oggetto"
    r"|número do item|šifra(?: artikla| izdelka)?|varen(?:umme)?r|artikkelnummer|artnr"
    r"|tuote(?:numero|koodi|nro)|cikkszám|termékkód|ürün kodu|stok kodu|артикул|код(?: товара)?|номер товара"
    r"|商品編號|商品编号|商品番号|商品コード|品番|货号|貨號|상품번호|딜번호|제품번호"
)
_REFERENCE = (
    r"référence|réf\.?|ref(?:erence|erencia|\.| no\.?| #)?(?= ?[:#.])|nr ref\.?|numer referencyjny|referência"
)
_GTIN = (
    rf"(?:ean|upc|gtin|isbn)(?:[- ]?(?:8|10|12|13|14))?(?:{_NUMBER})?(?:\s?/\s?(?:ean|upc|gtin))?"
    r"|barcode|strichcode|code[- ]barres|código de barras|штрихкод"
)
_MODEL = (
    rf"(?:item )?model(?:l)?(?:{_NUMBER})|mpn|(?:manufacturer |mfr\.? )?part{_NUMBER}"
    rf"|hersteller(?:artikel)?{_NUMBER}"
)
_BRAND = (
    r"brand(?: name)?|marca|marque|marke|merk|märke|mærke|merke|značka|marka|tuotemerkki|výrobc[ae]"
    r"|hersteller|manufacturer|fabricante?|fabbricante|producent|producător|proizvođač|proizvajalec|gyártó|vendor|label"
    r"|бренд|производитель|виробник|品牌|ブランド|メーカー|브랜드|제조사"
)
_LABEL = re.compile(
    rf"\W{{0,3}}(?:(?P<sku>{_SKU})|(?P<gtin>{_GTIN})|(?P<reference>{_REFERENCE})|(?P<model>{_MODEL})"
    rf"|(?P<brand>(?:{_BRAND})(?=\s*(?:[:：]|$))))(?!\w)\s*[:：#\-–.]*\s*",
)
_CODE = re.compile(r"(?=[^\s]*\d)[A-Za-z0-9][\w./-]{2,29}")
_WORDED_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9][\w./ -]{2,29}")
_STORE = re.compile(
    r"(?:visit the|besuche den|visiter la boutique|visita lo store di) (.{2,40}?)(?:[- ](?:store|shop))?",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"relat|recom|similar|carousel|slider|upsell|cross-?sell|also|recent|viewed|sponsor|footer|review|\bnav|menu|filter|facet"
)
_BRAND_NAME = re.compile(r"\b(?:product[-_]?)?(?:brand|manufacturer|vendor|designer|byline)")
_CODE_NAME = re.compile(r"\bsku\b|(?:product|item|article)[-_]?(?:reference|code|number|sku|no\b)")
_MAX_LABEL = 60
_MAX_BRAND = 40
_NEAR_TITLE = 80


def labelled(page: PageTexts) -> Iterator[Statement]:
    """Yield what the page shows beside labels, in the order of the page.

    Beside fields of a record these are `code`, an sku near the title, and `reference` and `model`, which may
    be an sku where nothing better is known.
    """
    texts, title_at = page.texts, page.title_at
    for at, text in enumerate(texts):
        label = _LABEL.match(text.lower) if len(text.text) <= _MAX_LABEL else None
        if label is None:
            continue
        field = label.lastgroup or ""
        value = _value(field, text.text[label.end() :].strip(), texts, at)
        if value and not _is_elsewhere(text):
            if field == "sku" and title_at is not None and abs(at - title_at) <= _NEAR_TITLE:
                field = "code"
            yield Statement(field, value, f"text:{label[0].strip(' :#-')[:30]}", False)


def _value(field: str, rest: str, texts: Sequence[ShortText], at: int) -> str | None:
    """Return the value after a label: the rest of its text, or the next one."""
    if rest:
        if field == "brand":
            return rest if len(rest) <= _MAX_BRAND else None
        code = _CODE.fullmatch(rest.split(" ")[0].strip("()[]:,;〉》」"))
        return code[0] if code and len(rest) <= _MAX_BRAND else None
    for following in texts[at + 1 : at + 3]:
        text = following.text.strip(":#：\u200e\u200f ")
        if not text:
            continue
        if field == "brand":
            return text if len(text) <= _MAX_BRAND and not _LABEL.match(text.lower()) else None
        return text if _WORDED_CODE.fullmatch(text) else None
    return None


def _is_elsewhere(text: ShortText) -> bool:
    return any(_ELSEWHERE.search(names_of(node)) for node in ancestors(text.holder, 8))


def named(page: PageTexts) -> Iterator[Statement]:
    """Yield texts near the title whose elements are named after brands and product codes."""
    if page.title_at is None:
        return
    for text in page.texts[max(0, page.title_at - 12) : page.title_at + 30]:
        if len(text.text) > 50:
            continue
        names = " ".join(names_of(node) for node in ancestors(text.holder, 2))
        if _BRAND_NAME.search(names):
            store = _STORE.fullmatch(text.text)
            brand = store[1] if store else text.text
            if store or brand.lower() in page.said:
                yield Statement("brand", brand, "text:element named brand", False)
        elif _CODE_NAME.search(names) and _CODE.fullmatch(text.text):
            yield Statement("code", text.text, "text:element named code", False)
