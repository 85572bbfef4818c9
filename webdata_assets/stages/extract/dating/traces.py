"""Traces of a date that nobody sees: in scripts, in the addresses of pictures, in the page's source.

What belongs here: dates that stand for the publication where nothing better does. What does not: claims of
the markup (claims.py), dates in sight (sight.py).
"""

import datetime as dt
import re
from collections.abc import Iterator

from webdata_assets.stages.extract.dating.claims import Claim, day_of_address
from webdata_assets.stages.extract.document import Document

_MAX_CHARACTERS = 500_000
_DAY = r"(?P<y>199\d|20[0-3]\d)(?P<mark>[-/]?)(?P<m>[01]\d)(?P=mark)(?P<d>[0-3]\d)"
_QUOTE = r"(?:\\?[\"']|&quot;|&#34;)"
_PUBLISHED_VALUE = re.compile(
    rf"ubli(?:sh(?:ed)?|cation)_?(?:date|Date|time|Time|at|At|on|On)?(?:_?(?:utc|Utc|UTC))?{_QUOTE}\s*[:,]\s*{_QUOTE}{_DAY}(?!\d)"
)
"""`"datePublished": "2026-06-01…"` and its like; it starts with letters that a search finds fast."""

_TIMESTAMP = re.compile(r"(?P<y>20[0-3]\d)(?P<mark>[-/])(?P<m>[01]\d)(?P=mark)(?P<d>[0-3]\d)[T ]\d\d:\d\d")


def in_scripts(document: Document) -> Iterator[Claim]:
    """Yield what data in scripts call the publication."""
    yield from _claims("script", _PUBLISHED_VALUE, document.text)


def in_pictures(document: Document) -> Iterator[Claim]:
    """Yield the day in the address of the page's picture, which is when it was uploaded."""
    address = document.structured.meta_value("og:image", "og:image:url", "twitter:image")
    if day := day_of_address(address or ""):
        yield Claim("picture", dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC))


def in_source(document: Document) -> Iterator[Claim]:
    """Yield the day of the timestamps in the page's source, whatever they mean, when all are of one day."""
    by_day = {claim.written: claim for claim in _claims("source", _TIMESTAMP, document.text)}
    if len(by_day) == 1:
        yield from by_day.values()


def _claims(label: str, pattern: re.Pattern[str], text: str) -> Iterator[Claim]:
    for match in pattern.finditer(text, 0, _MAX_CHARACTERS):
        try:
            yield Claim(label, dt.datetime(int(match["y"]), int(match["m"]), int(match["d"]), tzinfo=dt.UTC))
        except ValueError:
            continue
