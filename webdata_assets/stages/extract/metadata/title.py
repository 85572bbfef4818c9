"""The title of a page, without the name of its site.

What belongs here: the titles a page states, and which of them its readers see. What does not: cleaning text.
"""

import re
from collections.abc import Iterator, Sequence

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.metadata.lines import line_of, words_of
from webdata_assets.stages.extract.metadata.site import SiteNames
from webdata_assets.stages.extract.structured import JsonObject
from webdata_assets.stages.extract.visible_text import text_of

_BREAK = re.compile(r"\s+(?:[|\-–—»•·~›]|::|//)\s+|\s*[|»]\s*")
_BREAK_OR_COLON = re.compile(rf"{_BREAK.pattern}|(?<=\S):\s")
_MAX_BREAKS = 8
_MAX_HEADINGS = 20
_LONGEST_HEADING = 250
_LONGEST_TITLE = 1_000
_LEAST_SHARE = 0.25
"""A heading that repeats less of a title than this is the heading of a part of the page."""
_LEAST_LIKENESS = 0.6
"""Share of the shorter text's words that must be in the longer one for a lone heading to be the title."""


def find_title(document: Document, context: PageContext) -> Found | None:
    """Return the heading that the page's stated titles confirm, else the first of these titles.

    Titles are stated by JSON-LD or microdata, OpenGraph and the title element, mostly with the name of the
    site and words for search engines; headings are for readers, but some are the site's name or a section's.
    Items and products have the name they are described with.
    """
    described = document.structured.main_object(context.kind) or {}
    stated = list(_stated(document, described))
    if context.kind in {"item", "product"} and (name := line_of(described.get("name"))):
        return Found(name, "jsonld:name")
    site = SiteNames.of(document, context)
    headings = _headings(document)
    seen = [heading for heading in headings if not site.means(heading)]
    if heading := _confirmed(seen, [title for _, title in stated], site):
        return Found(_shortened(heading, site), "css:h1")
    if stated:
        label, title = stated[0]
        return Found(_shortened(title, site), label)
    return Found(headings[0], "css:h1") if headings else None


def _stated(document: Document, described: JsonObject) -> Iterator[tuple[str, str]]:
    structured = document.structured
    element = document.tree.css_first("title") if document.tree else None
    for label, raw in (
        ("jsonld:headline", described.get("headline")),
        ("jsonld:name", described.get("name")),
        ("meta:og:title", structured.meta_value("og:title")),
        ("meta:twitter:title", structured.meta_value("twitter:title")),
        ("css:title", element.text() if element else None),
        ("meta:dc.title", structured.meta_value("dc.title", "dcterms.title", "citation_title")),
    ):
        if title := line_of(raw):
            yield label, title[:_LONGEST_TITLE]


def _headings(document: Document) -> list[str]:
    nodes = document.tree.css("h1")[:_MAX_HEADINGS] if document.tree else []
    lines = (line_of(text_of(node)) for node in nodes)
    return [line for line in lines if line and len(line) <= _LONGEST_HEADING]


def _confirmed(headings: Sequence[str], titles: Sequence[str], site: SiteNames) -> str | None:
    """Return the heading that is a part of a title between its breaks, or the only one and like a title."""
    for title in titles:
        parts = {words_of(part) for part in _parts(title)} - {""}
        least = _LEAST_SHARE * len(words_of(_without_site(title, site)))
        equal = [heading for heading in headings if len(key := words_of(heading)) >= least and key in parts]
        if equal:
            return max(equal, key=len)
    if len(set(headings)) == 1 and any(_likeness(headings[0], title) >= _LEAST_LIKENESS for title in titles):
        return headings[0]
    return None


def _parts(title: str) -> Iterator[str]:
    """Yield what stands between any two breaks of a title, the whole title first."""
    breaks = list(_BREAK_OR_COLON.finditer(title))[:_MAX_BREAKS]
    starts = [0, *(found.end() for found in breaks)]
    ends = [*(found.start() for found in breaks), len(title)]
    for position, start in enumerate(starts):
        for end in reversed(ends[position:]):
            yield title[start:end]


def _likeness(first: str, second: str) -> float:
    one, other = set(words_of(first).split()), set(words_of(second).split())
    return len(one & other) / max(1, min(len(one), len(other)))


def _shortened(title: str, site: SiteNames) -> str:
    """Return a title without the site's name, and without what stands after an upright bar."""
    short = _without_site(title, site)
    first = short.partition("|")[0].strip()
    return first if len(first.split()) > 1 else short


def _without_site(title: str, site: SiteNames) -> str:
    """Return a title without the parts at its end and start that name the site."""
    for _ in range(_MAX_BREAKS):
        breaks = list(_BREAK.finditer(title))
        if not breaks:
            break
        before, last = title[: breaks[-1].start()].strip(), title[breaks[-1].end() :]
        first, after = title[: breaks[0].start()], title[breaks[0].end() :].strip()
        if before and site.means(last):
            title = before
        elif after and site.means(first):
            title = after
        else:
            break
    return title
