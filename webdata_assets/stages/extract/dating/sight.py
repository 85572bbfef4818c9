"""The dates that a reader of the page sees, compared with each other.

What belongs here: which dates count, and the signs that come from the page as a whole. What does not: finding
each (reader.py), what a sign is worth (weights.py).
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from webdata_assets.stages.extract.dating.reader import MAX_DATES, PageReader, Sighting
from webdata_assets.stages.extract.document import Document

_REACH = 20_000
"""Characters after the heading that are read where a page does not state its date."""
_REACH_TO_MEET = 3_000
"""Those that are read to see whether a stated date is shown."""
_MAX_HEADINGS = 10
_MAX_HEADING = 500


def sightings(document: Document, latest: dt.date) -> list[Sighting]:
    """Return the first dates of a page between 1995 and `latest`, in the order in which they stand."""
    return _read(document, latest, None, _REACH) or []


def sightings_instead(document: Document, latest: dt.date, of: dt.date) -> list[Sighting]:
    """Return the dates that a page shows around its heading when this one is not among them, else none."""
    if document.tree is None:
        return []
    times = document.tree.css("time[datetime]")[:MAX_DATES]
    if any((node.attributes["datetime"] or "").startswith(of.isoformat()) for node in times):
        return []
    return _read(document, latest, of, _REACH_TO_MEET) or []


def _read(document: Document, latest: dt.date, unless: dt.date | None, reach: int) -> list[Sighting] | None:
    """Return the dates of a page, or None as soon as one that it must not show is met."""
    if document.tree is None or document.tree.body is None:
        return None
    reader = PageReader(latest, _heading(document), reach, month_first=document.month_first)
    for sighting in reader.read(document.tree.body):
        if unless and _may_be(sighting, unless):
            return None
    _compare(reader.found, reader.heading_at)
    return reader.found


def _may_be(sighting: Sighting, date: dt.date) -> bool:
    seen = sighting.date
    is_exchanged = (seen.year, seen.day, seen.month) == (date.year, date.month, date.day)
    return seen == date or (is_exchanged and "ambiguous" in sighting.signs)


def _heading(document: Document) -> int | None:
    """Return which element is the page's heading: the h1 that its title repeats, else the first with text."""
    if document.tree is None:
        return None
    nodes = document.tree.css("h1")[:_MAX_HEADINGS]
    headings = [(node.mem_id, " ".join(node.text()[:_MAX_HEADING].split()).lower()) for node in nodes]
    title = document.tree.css_first("title")
    shared = document.structured.meta_value("og:title")
    titles = " ".join(f"{title.text() if title else ''} {shared or ''}".lower().split())
    repeated = next((key for key, text in headings if len(text) > 8 and text in titles), None)
    return repeated or next((key for key, text in headings if text), None)


def _compare(found: Sequence[Sighting], heading_at: int | None) -> None:
    """Add the signs that come from the other dates of the page and from its heading."""
    counts = Counter(sighting.date for sighting in found)
    kin = Counter((sighting.tag, sighting.css_class) for sighting in found)
    newest, oldest = max(counts, default=None), min(counts, default=None)
    for rank, sighting in enumerate(found):
        signs = sighting.signs
        signs.add(
            "rank:0" if rank == 0 else "rank:1-2" if rank < 3 else "rank:3-9" if rank < 10 else "rank:10+"
        )
        alike = kin[sighting.tag, sighting.css_class]
        signs.add("kin:1" if alike == 1 else "kin:2-3" if alike < 4 else "kin:4+")
        for sign, holds in (
            ("repeated", counts[sighting.date] > 1),
            ("newest", sighting.date == newest),
            ("oldest", sighting.date == oldest),
        ):
            if holds:
                signs.add(sign)
        if heading_at is not None:
            signs.add(_distance(sighting.position - heading_at))


def _distance(characters: int) -> str:
    if characters < 0:
        return "h1:long_before" if characters < -300 else "h1:before"
    return "h1:after" if characters <= 400 else "h1:further" if characters <= 2_500 else "h1:long_after"
