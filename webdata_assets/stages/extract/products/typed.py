"""Raw statements about a product → values of their field's type.

What belongs here: what is a good value of each product field. What does not: where statements come from.
"""

import re
from decimal import Decimal
from typing import Any

from webdata_assets.stages.extract.commerce import (
    AVAILABILITIES,
    normalise_availability,
    normalise_currency,
)
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.values import ConversionError, as_decimal, as_integer, as_text, as_url

_MAX_NAME = 100
_MAX_PRICE = Decimal(10) ** 12
_PLACEHOLDER = re.compile(
    r"[$%{<].*|\W*|null|none|undefined|nan|n/?a|unknown|default|false|true"
    r"|not (?:specified|applicable|available)",
    re.IGNORECASE,
)
_RATING = re.compile(r"-?\d{1,9}(?:[.,]\d{1,9})?")
_LABEL = re.compile(r"^.{0,40}?\b\w+\s*[:：]\s*(?=\S)")


def as_product_value(name: str, raw: Any, document: Document, *, machine_readable: bool = True) -> object:
    """Return a statement as its field's type.

    Args:
        name: one of `PRODUCT_FIELDS`.
        raw: as the page states it.
        document: whose addresses and language tell how to read it.
        machine_readable: whether `1.299` means one and a bit; on display it is a thousand and more.

    Raises:
        ConversionError: it is no good value of that field.
    """
    match name:
        case "price":
            price = _not_negative(raw, as_decimal(raw, machine_readable=machine_readable))
            if price >= _MAX_PRICE:
                raise ConversionError(raw, "too much for a price")
            return price
        case "currency":
            return _currency(raw, document)
        case "availability":
            return _availability(raw)
        case "image_url":
            return as_url(raw, document.base_url)
        case "gtin":
            return as_gtin(raw)
        case "rating":
            return float(_not_negative(raw, _rating(raw)))
        case "rating_count":
            return int(_not_negative(raw, Decimal(as_integer(raw))))
        case "sku" | "brand":
            return _name(raw)
        case _:
            return as_text(raw)


def as_gtin(raw: object) -> str:
    """Return a GTIN-8, -12, -13 or -14 without spaces and hyphens.

    Raises:
        ConversionError: it has another length, or its check digit is wrong.
    """
    digits = re.sub(r"[\s-]", "", as_text(raw))
    if not re.fullmatch(r"\d{8}|\d{12,14}", digits, re.ASCII) or not digits.strip("0"):
        raise ConversionError(raw, "not a GTIN")
    weighted = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(reversed(digits)))
    if weighted % 10:
        raise ConversionError(raw, "not a GTIN: its check digit is wrong")
    return digits


def _name(raw: object) -> str:
    """Return a short name or code without its label; what a template left unfilled is none."""
    text = _LABEL.sub("", as_text(raw)).strip(" \"'#:-")
    if not text or len(text) > _MAX_NAME or _PLACEHOLDER.fullmatch(text):
        raise ConversionError(raw, "not a name")
    return text


def _rating(raw: Any) -> Decimal:
    """Return a rating, the first number of `4.5/5`; whatever its mark, `4.588` is below five."""
    number = _RATING.search(raw) if isinstance(raw, str) else None
    return Decimal(number[0].replace(",", ".")) if number else as_decimal(raw)


def _currency(raw: object, document: Document) -> str:
    code = normalise_currency(as_text(raw), url=document.url, language=document.language_tag or "")
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ConversionError(raw, "not a currency")
    return code


def _availability(raw: object) -> str:
    text = as_text(raw.get("@id", raw) if isinstance(raw, dict) else raw)
    name = normalise_availability(text)
    if name not in AVAILABILITIES or (name == "InStock" and re.match(r"not\b", text, re.IGNORECASE)):
        raise ConversionError(raw, "not an availability")
    return name


def _not_negative(raw: object, value: Decimal) -> Decimal:
    if value < 0:
        raise ConversionError(raw, "negative")
    return value
