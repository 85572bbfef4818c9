"""What a page's repeated blocks are: records themselves, or a list that leads to pages.

What belongs here: that judgement. What does not: finding blocks (blocks.py).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webdata_assets.stages.authoring.reading import Seen

_LEAST_SHARE_OF_RECORDS = 0.35
"""Of a page's text that stands in its blocks, for the blocks to be what the page is there for."""
_LEAST_SHARE_OF_LIST = 0.15
_LEAST_FIELDS = 2
_FEWEST_RECORDS = 5
_MOST_LINKS = 0.5
"""Of a page's text that stands in links; more is a table of contents."""
_MOST_PROSE = 400
"""Characters of one part of a block; a block with more is the thing itself, and not a teaser of it."""
_WHOLE = 0.9
_HEADING = re.compile(r"\bh[1-6]\b")


@dataclass(frozen=True)
class Listing:
    """Blocks that lead to pages.

    Attributes:
        items: CSS of the links, or of the boxes that hold them.
        count: how many there are.
        links: where they lead.
        next: the list's next page; None where nothing names one.
        fields: how many parts a block has beside its link.
    """

    items: str
    count: int
    links: tuple[str, ...]
    next: str | None
    fields: int


@dataclass(frozen=True)
class Records:
    """Blocks that are records.

    Attributes:
        items: CSS of the blocks.
        count: how many there are.
        fields: as block_fields.py gives them.
        next: the page's next page; None where nothing names one.
    """

    items: str
    count: int
    fields: tuple[Mapping[str, Any], ...]
    next: str | None


def listing_of(seen: Seen) -> Listing | None:
    """Return the list of links to content that a page is, if it is one."""
    host = urlsplit(seen.came.page.url).hostname
    for found in seen.look.get("lists", ()):
        for css, urls in _links(found):
            own = [url for url in dict.fromkeys(urls) if urlsplit(url).hostname == host]
            parts = sum(field["keys"].get("attr") != "href" for field in found["fields"])
            is_list = found["share"] >= _LEAST_SHARE_OF_LIST and (parts >= _LEAST_FIELDS or seen.look["next"])
            if is_list and len(own) >= _WHOLE * min(found["count"], len(urls)) and len(own) >= 3:
                return Listing(css, found["count"], tuple(own), seen.look["next"], parts)
    return None


def records_of(seen: Seen) -> Records | None:
    """Return the blocks of a page that are records themselves, if there are any."""
    if seen.link_share > _MOST_LINKS:
        return None
    for found in seen.look.get("lists", ()):
        fields = [field for field in found["fields"] if field["share"] >= _WHOLE or field["boxes"] < 5]
        plain = [field for field in fields if field["keys"].get("attr") != "href" and field["type"] != "list"]
        is_large = found["count"] >= _FEWEST_RECORDS or seen.look["next"] is not None
        if is_large and found["share"] >= _LEAST_SHARE_OF_RECORDS and len(plain) >= _LEAST_FIELDS:
            return Records(found["selector"], found["count"], tuple(found["fields"]), seen.look["next"])
    return None


def _links(found: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield the links of the blocks that each has one of, with their CSS, those of headings first."""
    if len(found["own_links"]) == found["count"]:
        yield found["selector"], found["own_links"]
        return
    fields = found["fields"]
    prose = max((field["characters"] for field in fields if not field["values"]), default=0)
    has_heading = any(field["is_heading"] or field["name"] in ("title", "image_url") for field in fields)
    if not has_heading or prose > _MOST_PROSE:
        return
    links = [field for field in fields if field["values"] and field["is_distinct"]]
    for field in sorted(
        links, key=lambda field: not any(f"h{n}" in field["keys"]["css"] for n in range(1, 7))
    ):
        css = field["keys"]["css"]
        yield f"{found['selector']} {css}", field["values"]
