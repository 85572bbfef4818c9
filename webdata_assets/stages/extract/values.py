"""Raw values → typed values.

What belongs here: the conversion of each `ValueType`. What does not: rules on a record as a whole (clean/).
"""

import datetime as dt
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import ada_url

from webdata_assets.sources.fields import ScalarType
from webdata_assets.stages.extract.dates import parse_moment
from webdata_assets.stages.extract.embedded import is_empty

_MAX_NUMBER_CHARACTERS = 200
_MAX_INTEGER = 2**63 - 1
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_MINUS = re.compile(r"^[-−]|(?:^|[\s$€£¥₹])[-−](?=\d)")
_ZERO_POINT = re.compile(r"(?<![\d.,])0([.,])\d+(?![\d.,]*[.,]\d)")
_FREE = frozenset({"free", "gratis", "kostenlos", "gratuit"})
_TRUE = frozenset({"true", "yes", "y", "1", "on"})
_FALSE = frozenset({"false", "no", "n", "0", "off"})
_ARABIC_MARKS = str.maketrans({"٫": ".", "٬": ","})


class ConversionError(ValueError):
    """A raw value that is not of its type. The message says why."""

    def __init__(self, raw: object, reason: str) -> None:
        super().__init__(reason)
        self.raw = raw if isinstance(raw, str) else as_json(raw)
        self.reason = reason


@dataclass(frozen=True)
class Context:
    """What the page says about how its values are written.

    Attributes:
        base_url: what relative URLs are relative to.
        month_first: whether 3/4/2026 is the fourth of March.
        machine_readable: whether numbers have a decimal point and no grouping.
    """

    base_url: str = ""
    month_first: bool = False
    machine_readable: bool = False


def convert(value_type: ScalarType | Literal["list"], values: Sequence[object], context: Context) -> object:
    """Return the first value as its type, or for `list` all of them as texts.

    text and url give str, decimal Decimal, integer int, date a UTC datetime, bool bool, list list[str].

    Raises:
        ConversionError: the value is not of that type.
    """
    if value_type == "list":
        return [as_text(entry) for entry in entries_of(values)]
    raw = values[0]
    match value_type:
        case "text":
            return as_text(raw)
        case "decimal":
            return as_decimal(raw, machine_readable=context.machine_readable)
        case "integer":
            return as_integer(raw, machine_readable=context.machine_readable)
        case "date":
            return as_moment(raw, month_first=context.month_first)
        case "url":
            return as_url(raw, context.base_url)
        case "bool":
            return as_bool(raw)


def entries_of(values: Sequence[object]) -> list[object]:
    """Return values as the entries of a list: those of lists among them one by one, without empty ones."""
    entries = [entry for value in values for entry in (value if isinstance(value, list) else [value])]
    return [entry for entry in entries if not is_empty(entry)]


def as_text(raw: object) -> str:
    """Return one line of text; numbers and bools as JSON writes them, named objects by their name."""
    if isinstance(raw, dict):
        named = next((raw[key] for key in ("name", "@value", "headline") if not is_empty(raw.get(key))), None)
        if not isinstance(named, str | int | float):
            raise ConversionError(raw, "an object, not a text")
        return as_text(named)
    if isinstance(raw, list):
        raise ConversionError(raw, "a list, not a text")
    written = isinstance(raw, str | Decimal | dt.date)
    return " ".join((str(raw) if written else as_json(raw)).split())


def as_decimal(raw: object, *, machine_readable: bool = False) -> Decimal:
    """Return the first amount in a text such as `1.299,00 €`, exactly; the words for free give 0.

    Grouping and decimal marks are told apart as price-parser does, after three digits in favour of grouping
    (`1.299` is 1299) unless the text was made for programs.
    """
    from price_parser import Price

    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise ConversionError(raw, "not a number")
    if not isinstance(raw, str):
        if not math.isfinite(raw):
            raise ConversionError(raw, "not a finite number")
        return raw if isinstance(raw, Decimal) else Decimal(repr(raw))
    text = " ".join(raw.split()).translate(_ARABIC_MARKS)
    if machine_readable and _PLAIN_NUMBER.fullmatch(text):
        return Decimal(text)
    if text.casefold() in _FREE:
        return Decimal(0)
    if len(text) > _MAX_NUMBER_CHARACTERS or not re.search(r"\d", text):
        raise ConversionError(raw, "not a number")
    zero_point = _ZERO_POINT.search(text)
    amount = Price.fromstring(text, decimal_separator=zero_point[1] if zero_point else None).amount
    if amount is None:
        raise ConversionError(raw, "not a number")
    return -amount if _MINUS.search(text) else amount


def as_integer(raw: object, *, machine_readable: bool = False) -> int:
    """Return the first amount in a text, which must be whole and fit 64 bits."""
    amount = as_decimal(raw, machine_readable=machine_readable)
    if amount != amount.to_integral_value() or abs(amount) > _MAX_INTEGER:
        raise ConversionError(raw, "not a whole number of at most 64 bits")
    return int(amount)


def as_moment(raw: object, *, month_first: bool = False) -> dt.datetime:
    """Return a date as a moment in UTC; see `dates.parse_moment`."""
    try:
        return parse_moment(raw, month_first=month_first)
    except ValueError as error:
        raise ConversionError(raw, f"not a date: {error}") from error


def as_url(raw: object, base_url: str) -> str:
    """Return an absolute http or https URL. Of an object such as a JSON-LD image its `url` is taken."""
    value = raw[0] if isinstance(raw, list) and raw else raw
    if isinstance(value, dict):
        value = next(
            (value[key] for key in ("url", "contentUrl", "@id") if not is_empty(value.get(key))), None
        )
    if not isinstance(value, str):
        raise ConversionError(raw, "not a URL")
    try:
        url = ada_url.URL(value.strip(), base=base_url or None).href
    except ValueError as error:
        raise ConversionError(raw, "not a URL") from error
    if not url.startswith(("http://", "https://")):
        raise ConversionError(raw, "not an http or https URL")
    return url


def as_bool(raw: object) -> bool:
    """Return yes or no, as bools, 1 and 0, and the usual English words say it."""
    word = as_text(raw).casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ConversionError(raw, "neither true nor false")


def as_json(value: object) -> str:
    """Return a value as JSON, for people to read in a message."""
    return json.dumps(value, ensure_ascii=False, default=str)
