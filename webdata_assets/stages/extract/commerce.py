"""What shops say in many ways, said in one: availability and currency.

What belongs here: the tables of words and symbols. What does not: finding them on a page (products.py).
"""

import re
from urllib.parse import urlsplit

_SCHEMA_AVAILABILITY = {
    "instock": "InStock", "instoreonly": "InStock", "onlineonly": "InStock", "madetoorder": "InStock",
    "outofstock": "OutOfStock", "soldout": "OutOfStock", "reserved": "OutOfStock",
    "preorder": "PreOrder", "presale": "PreOrder", "backorder": "PreOrder",
    "discontinued": "Discontinued", "limitedavailability": "LimitedAvailability",
}  # fmt: skip
"""schema.org ItemAvailability, lower-cased, to the five values that records know."""

AVAILABILITIES = frozenset(_SCHEMA_AVAILABILITY.values())
"""Those five. (The records' schema names them too; workers that read pages need not load tables for it.)"""

# Tried in order: refusals before the words that they contain ("not available" before "available").
_AVAILABILITY_WORDS = {
    "Discontinued": (
        "discontinued", "no longer available", "no longer made", "no longer sold", "end of life",
    ),
    "OutOfStock": (
        "out[ -]of[ -]stock", "sold[ -]?out", "unavailable", "not (?:currently )?(?:available|in stock)",
        "no stock", "(?:currently|temporarily) out", "false", "ausverkauft", "vergriffen",
        "nicht (?:verfügbar|lieferbar|auf lager)", "épuisé", "rupture de stock", "indisponible", "agotado",
        "sin stock", "esaurito", "non disponibile", "esgotado", "uitverkocht", "niet op voorraad",
        "slutsåld", "slut i lager", "utsolgt", "udsolgt", "wyprzedan",
    ),
    "PreOrder": (
        "pre[ -]?order", "pre[ -]?sale", "back[ -]?order", "vorbestell", "précommande", "coming soon",
    ),
    "LimitedAvailability": (
        r"only \d+ (?:left|remaining|available)", r"\d+ left in stock", "low stock", "limited", "few left",
        "last (?:one|items?|pieces?)", r"nur noch \d+",
    ),
    "InStock": (
        "in[ -]?stock", "available", "true", "on hand", "ready to ship", "add to (?:cart|basket|bag)",
        "auf lager", "lieferbar", "verfügbar", "en stock", "disponible", "in magazzino", "disponibile",
        "em estoque", "disponível", "op voorraad", "i lager", "på lager", "dostępny",
    ),
}  # fmt: skip

_SAYS = {name: re.compile(rf"(?<!\w)(?:{'|'.join(words)})") for name, words in _AVAILABILITY_WORDS.items()}

_CURRENCY_SYMBOLS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS", "฿": "THB",
    "₫": "VND", "₱": "PHP", "₴": "UAH", "₦": "NGN", "円": "JPY", "원": "KRW",
    "₸": "KZT", "₾": "GEL", "₼": "AZN",
    "US$": "USD", "USD$": "USD", "C$": "CAD", "CA$": "CAD", "CAD$": "CAD", "A$": "AUD", "AU$": "AUD",
    "NZ$": "NZD", "R$": "BRL", "HK$": "HKD", "NT$": "TWD", "S$": "SGD", "MX$": "MXN",
    "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "LEI": "RON", "ЛВ": "BGN", "РУБ": "RUB", "ГРН": "UAH", "TL": "TRY",
    "RS": "INR", "RM": "MYR", "RP": "IDR", "FR": "CHF", "SFR": "CHF", "EURO": "EUR", "EUROS": "EUR",
    "RMB": "CNY", "KN": "HRK", "DIN": "RSD", "ДИН": "RSD", "Р": "RUB", "ТГ": "KZT", "ТЕНГЕ": "KZT",
    "СОМ": "KGS", "Б.Р": "BYN", "Б. Р": "BYN", "БР": "BYN",
}  # fmt: skip
_DOLLARS = {
    "ca": "CAD", "au": "AUD", "nz": "NZD", "sg": "SGD", "hk": "HKD", "mx": "MXN", "ar": "ARS", "cl": "CLP",
    "co": "COP", "tw": "TWD",
}  # fmt: skip
_CROWNS = {
    "se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK", "sv": "SEK", "nb": "NOK", "nn": "NOK", "da": "DKK",
}  # fmt: skip
_SHARED_SYMBOLS: dict[str, tuple[dict[str, str], str | None]] = {
    "$": (_DOLLARS, "USD"),
    "KR": (_CROWNS, None),
    "¥": ({"cn": "CNY", "zh": "CNY"}, "JPY"),
    "￥": ({"jp": "JPY", "ja": "JPY"}, "CNY"),
    "元": ({"tw": "TWD", "hk": "HKD"}, "CNY"),
}
"""Symbols of several currencies: by the site's country or the page's language, else the usual one."""


_EURO_COUNTRIES = frozenset(
    {"at", "be", "cy", "de", "ee", "es", "fi", "fr", "gr", "hr", "ie", "it", "lt", "lu", "lv", "mt", "nl",
     "pt", "si", "sk"}
)  # fmt: skip
_COUNTRIES = {
    "uk": "GBP", "gb": "GBP", "us": "USD", "ch": "CHF", "li": "CHF", "se": "SEK", "no": "NOK", "dk": "DKK",
    "is": "ISK", "pl": "PLN", "cz": "CZK", "hu": "HUF", "ro": "RON", "bg": "BGN", "rs": "RSD", "ua": "UAH",
    "ru": "RUB", "by": "BYN", "kz": "KZT", "tr": "TRY", "il": "ILS", "ca": "CAD", "mx": "MXN", "br": "BRL",
    "ar": "ARS", "cl": "CLP", "co": "COP", "pe": "PEN", "au": "AUD", "nz": "NZD", "jp": "JPY", "cn": "CNY",
    "tw": "TWD", "hk": "HKD", "kr": "KRW", "in": "INR", "sg": "SGD", "my": "MYR", "th": "THB", "id": "IDR",
    "vn": "VND", "ph": "PHP", "za": "ZAR", "ng": "NGN", "ke": "KES", "eg": "EGP", "ae": "AED", "sa": "SAR",
}  # fmt: skip
"""Currencies by country, as top-level domains and language tags name it."""


def currency_of_site(url: str, language: str) -> str | None:
    """Return the currency of the country that a site's domain, or else its language tag, names; or None."""
    domain = (urlsplit(url).hostname or "").rpartition(".")[2]
    region = re.split(r"[-_]", language.lower())[-1] if re.search(r"[-_]", language) else ""
    for country in (domain, region):
        if country in _EURO_COUNTRIES:
            return "EUR"
        if country in _COUNTRIES:
            return _COUNTRIES[country]
    return None


def normalise_availability(raw: str) -> str:
    """Return the schema.org name, such as `InStock`; a text that says nothing known comes back as it is."""
    name = re.split(r"[/#:]", raw.strip())[-1].casefold()
    if known := _SCHEMA_AVAILABILITY.get(re.sub(r"[\s_-]+", "", name)):
        return known
    text = raw.casefold()
    for availability, pattern in _SAYS.items():
        if pattern.search(text):
            return availability
    return {"1": "InStock", "0": "OutOfStock"}.get(text.strip(), raw)


def says_gone(text: str) -> bool:
    """Return whether a text says that a product cannot be had."""
    folded = text.casefold()
    return any(_SAYS[name].search(folded) is not None for name in ("Discontinued", "OutOfStock"))


def normalise_currency(raw: str, *, url: str = "", language: str = "") -> str:
    """Return the ISO 4217 code of a code or symbol; what is neither comes back upper-cased.

    Args:
        raw: such as `EUR`, `€`, `kr`.
        url: of the page; its country tells which dollar or crown is meant.
        language: of the page, as a second hint.
    """
    symbol = raw.strip().upper().rstrip(".")
    if symbol in _SHARED_SYMBOLS:
        hints, usual = _SHARED_SYMBOLS[symbol]
        country = (urlsplit(url).hostname or "").rpartition(".")[2]
        return hints.get(country) or hints.get(language.lower()[:2]) or usual or symbol
    return _CURRENCY_SYMBOLS.get(symbol, symbol)


def currency_in(text: str, *, url: str = "", language: str = "") -> str | None:
    """Return the currency that a price's own text names, or None."""
    from price_parser import Price

    symbol = Price.fromstring(text).currency
    code = normalise_currency(symbol, url=url, language=language) if symbol else ""
    return code if re.fullmatch(r"[A-Z]{3}", code) else None
