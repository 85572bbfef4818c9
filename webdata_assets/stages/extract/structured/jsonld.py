"""JSON-LD scripts → values, each way of reading tried when the faster one before it failed.

What belongs here: wrappers and slips that a regular expression mends. What does not: scripts that are no JSON
at all any more (mending.py), choosing among objects.
"""

import html
import json
import math
import re
from typing import Any

import orjson

from webdata_assets.stages.exact_json import load_exact, whole_number
from webdata_assets.stages.extract.structured.mending import mend

_MAX_CHARACTERS = 16_000_000
_MAX_MENDED_CHARACTERS = 1_000_000
"""Beyond this a broken script is left out: mending is some hundred times slower than parsing."""
_DEEP = 200
"""Brackets below which nesting cannot be too deep for those who read the value."""
_STRING = r'("(?:[^"\\]++|\\.)*+(?:"|\\?\Z))'
_COMMENT = re.compile(
    rf"{_STRING}"
    r"|<!--[^{}\[\]]{0,200}?-->|<!--|-->|(?://)?\s*(?:<!\[CDATA\[|\]\]>)|/\*.*?(?:\*/|\Z)|//[^\n]*",
    re.DOTALL,
)
_TRAILING_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)
_NEXT_VALUE = re.compile(r"[\s,;}\]]*(?=[{\[])")


def load_jsonld(text: str) -> Any:
    """Parse the text of a JSON-LD script, mended where needed; None where that does not help.

    Mended: comment and CDATA wrappers, JavaScript comments, control characters in strings, trailing and
    missing commas, single or missing quotes, quotes and false escapes in strings, brackets too many or too
    few, a text that was HTML-escaped as a whole. Of several values in one script all are read, as a list.
    """
    if len(text) > _MAX_CHARACTERS:
        return None
    try:
        value = load_exact(text)
    except orjson.JSONDecodeError:
        return _load_broken(text.strip("\ufeff\0 \t\r\n")) if len(text) <= _MAX_MENDED_CHARACTERS else None
    if text.count("{") + text.count("[") > _DEEP and not _is_sound(value):
        return None
    return value


def _load_broken(text: str) -> Any:
    if not text:
        return None
    unescaped = html.unescape(text) if '"' not in text and "&quot;" in text else text
    value = _load_loosely(unescaped)
    return value if value is not None and _is_sound(value) else mend(unescaped)


def _load_loosely(text: str) -> Any:
    mended = text
    for unwanted in (_COMMENT, _TRAILING_COMMA):
        mended = unwanted.sub(lambda match: match[1] or "", mended)
    # strict=False allows control characters; NaN and its like are no JSON
    decoder = json.JSONDecoder(
        strict=False, parse_constant=lambda _: None, parse_int=whole_number, parse_float=_number
    )
    values = []
    at = 0
    while following := _NEXT_VALUE.match(mended, at):
        try:
            value, at = decoder.raw_decode(mended, following.end())
        except (ValueError, RecursionError):
            break
        values.append(value)
    return values if len(values) > 1 else values[0] if values else None


def _number(text: str) -> float | None:
    """Return a number that is finite, as orjson gives it."""
    number = float(text)
    return number if math.isfinite(number) else None


def _is_sound(value: Any) -> bool:
    """Return whether a value can be written again: no nesting beyond 254 levels, no half characters."""
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True
