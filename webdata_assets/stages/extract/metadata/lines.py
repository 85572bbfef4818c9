"""One line of text out of whatever a page's markup holds.

What belongs here: cleaning that every textual field needs. What does not: rules of one field.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

from webdata_assets.stages.extract.selectors import is_empty
from webdata_assets.stages.extract.values import ConversionError, as_text

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_UNSEEN = re.compile("[\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff\ue000-\uf8ff]")
"""Soft hyphens, zero-width and directional marks, and the private signs of icon fonts."""


def line_of(raw: object) -> str | None:
    """Return one line of text without markup and entities, or None where a page's markup holds no text."""
    if is_empty(raw):
        return None
    try:
        text = as_text(raw)
    except ConversionError:
        return None
    if "&" in text:
        text = html.unescape(html.unescape(text))  # many templates escape what is escaped already
    if "<" in text:
        text = _TAG.sub(" ", text)
    return " ".join(_UNSEEN.sub("", text).split()) or None


def flat(value: Any) -> Iterator[Any]:
    """Yield the values of a list, of lists in it, or the value itself."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending.extend(reversed(current))
        elif current is not None:
            yield current


def words_of(text: str) -> str:
    """Return a text's words in lower case, parted by single spaces, for comparison."""
    return re.sub(r"[\W_]+", " ", text.casefold().replace("'", "").replace("’", "")).strip()
