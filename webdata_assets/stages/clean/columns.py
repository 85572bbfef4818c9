"""A candidate's value → the value of its column.

What belongs here: the form that each column wants. What does not: rules that refuse values (schemas/records).
"""

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal

from webdata_assets.sources.extract import STRUCTURED_FIELDS
from webdata_assets.stages.clean.identity import canonical_json
from webdata_assets.stages.clean.normalise import (
    clean_body,
    clean_line,
    clean_moment,
    clean_url,
    normalise_currency_code,
    normalise_language,
)
from webdata_assets.stages.extract.values import ConversionError, as_decimal, as_integer, as_json, as_moment

CONTENT_COLUMNS = tuple(sorted(STRUCTURED_FIELDS))
"""Columns of a record that hold its content, beside `extra`."""

_MONEY_STEP = Decimal("0.0001")
_MONEY_LIMIT = Decimal(10) ** 14


def to_column(name: str, value: object) -> object:
    """Return a value in the form of its column, or of `extra`; None when nothing is left of it.

    Raises:
        ConversionError: the column cannot hold such a value.
    """
    match name:
        case "price":
            return _money(value)
        case "published_at" | "modified_at":
            return _moment(value)
        case "rating":
            return float(as_decimal(value))
        case "rating_count":
            return as_integer(int(as_decimal(value)) if isinstance(value, Decimal) else value)
        case "breadcrumbs":
            names = value if isinstance(value, list) else [value]
            return [name for entry in names if (name := clean_line(_text(entry)))] or None
        case _ if name not in STRUCTURED_FIELDS:
            return _plain(value)
    text = _text(value)
    match name:
        case "text" | "structured_text":
            return clean_body(text) or None
        case "image_url" | "canonical_url":
            return clean_url(text) or text
        case "language":
            return normalise_language(text) or None
        case "currency":
            return normalise_currency_code(text) or None
        case _:
            return clean_line(text) or None


def _money(value: object) -> Decimal:
    amount = as_decimal(value)
    if not abs(amount) < _MONEY_LIMIT - 1:
        raise ConversionError(str(value), "too large for an amount of money")
    return amount.quantize(_MONEY_STEP, rounding=ROUND_HALF_EVEN)


def _moment(value: object) -> dt.datetime:
    try:
        return clean_moment(value if isinstance(value, dt.datetime) else as_moment(value))
    except OverflowError as error:
        raise ConversionError(str(value), "not a date of the years 1 to 9999") from error


def _text(value: object) -> str:
    """Return a value of any type as text, for columns that hold text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(_text(entry) for entry in value)
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return canonical_json(value).decode() if isinstance(value, Decimal) else as_json(value)


def _plain(value: object) -> object:
    """Return a value for `extra`: texts cleaned, empty ones left out."""
    if isinstance(value, str):
        return clean_line(value) or None
    if isinstance(value, list):
        return [entry for entry in map(_plain, value) if entry is not None] or None
    if isinstance(value, dict):
        entries = {clean_line(name): _plain(entry) for name, entry in value.items()}
        return {name: entry for name, entry in entries.items() if entry is not None} or None
    return value
