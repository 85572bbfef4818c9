"""JSON of others, read without rounding it.

What belongs here: whole numbers that 64 bits do not hold. What does not: JSON that is broken (jsonld.py),
and what an answer means.
"""

import json
import re
from typing import Any

import orjson

_LONG = re.compile(r"\d{19}")
_LONG_BYTES = re.compile(rb"\d{19}")
_DIGITS = 20
_LEAST, _MOST = -(2**63), 2**64 - 1


def load_exact(text: str | bytes) -> Any:
    """Return a JSON text's value. Whole numbers beyond 64 bits, such as long ids, are texts of their digits.

    As floats, which is what parsers make of them, different ids would become one.

    Raises:
        orjson.JSONDecodeError: it is no JSON, or nests deeper than 1,024 levels.
    """
    value = orjson.loads(text)
    pattern: re.Pattern[Any] = _LONG if isinstance(text, str) else _LONG_BYTES
    if pattern.search(text) is None:
        return value
    try:
        return json.loads(text, parse_int=whole_number)
    except RecursionError:
        return value  # nested so deeply that it is no answer of an API


def whole_number(digits: str) -> int | str:
    """Return a whole number of 64 bits, else the digits as they are."""
    if len(digits.lstrip("-")) > _DIGITS:
        return digits
    number = int(digits)
    return number if _LEAST <= number <= _MOST else digits
