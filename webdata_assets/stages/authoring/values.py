"""What kind of values some texts are, as the product's own conversions judge it.

What belongs here: the type of a field from samples. What does not: conversion (stages/extract/values.py).
"""

import re
from collections.abc import Callable, Sequence

from webdata_assets.sources.fields import ScalarType
from webdata_assets.stages.extract.values import Context, ConversionError, convert

_MONEY = re.compile(
    r"(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|JPY|PLN|SEK|NOK|DKK)\b)\s*[\d.,']*\d"
    r"|\d[\d.,' ]*\s*(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|JPY|PLN|SEK|NOK|DKK|zł|kr)\b)"
)
_DECIMAL = re.compile(r"[+-]?\d{1,12}[.,]\d{1,4}")
_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,15})")
_DATED = re.compile(
    r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}"
    r"|\d{1,2}[-/. ]+\w{3,9}\.?,?[ /.-]+(?:19|20)\d\d"
    r"|\w{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d"
    r"|\d{1,2}[/.]\d{1,2}[/.](?:19|20)\d\d"
)
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_LONGEST_DATE = 40
_MOSTLY = 0.9


def type_of_values(values: Sequence[object], *, machine_readable: bool = False) -> ScalarType:
    """Return the type that nearly all values are of; `text` where no other one fits.

    Args:
        values: texts of a page, or of JSON.
        machine_readable: whether they were written for programs.
    """
    given = [value for value in values if value not in (None, "")]
    if not given:
        return "text"
    if all(isinstance(value, bool) for value in given):
        return "bool"
    if all(isinstance(value, int) and not isinstance(value, bool) for value in given):
        return "integer"
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        return "decimal"
    tests: tuple[tuple[ScalarType, Callable[[str], bool]], ...] = (
        ("url", lambda text: _URL.fullmatch(text) is not None),
        ("date", lambda text: len(text) <= _LONGEST_DATE and _DATED.search(text) is not None),
        ("integer", lambda text: _INTEGER.fullmatch(text) is not None),
        ("decimal", lambda text: len(text) <= _LONGEST_DATE and is_amount(text)),
    )
    texts = [str(value).strip() for value in given]
    context = Context(machine_readable=machine_readable)
    for kind, fits in tests:
        good = sum(fits(text) and _converts(kind, text, context) for text in texts)
        if good >= _MOSTLY * len(texts):
            return kind
    return "text"


def is_amount(text: str) -> bool:
    """Whether a short text is an amount: with a currency, or with a decimal mark and nothing else."""
    return _MONEY.search(text) is not None or _DECIMAL.fullmatch(text) is not None


def is_money(text: str) -> bool:
    """Whether a short text names an amount with its currency."""
    return len(text) <= _LONGEST_DATE and _MONEY.search(text) is not None


def _converts(kind: ScalarType, text: str, context: Context) -> bool:
    try:
        convert(kind, [text], context)
    except ConversionError:
        return False
    return True
