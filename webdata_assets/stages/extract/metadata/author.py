"""Who wrote a page.

What belongs here: the order of places to look, and which of them to trust. What does not: visible bylines
(bylines.py) and what a name looks like (names.py).
"""

import re
from collections.abc import Iterator
from typing import Any

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.metadata.bylines import visible_author
from webdata_assets.stages.extract.metadata.lines import flat, line_of
from webdata_assets.stages.extract.metadata.names import is_login, without_addresses
from webdata_assets.stages.extract.metadata.site import SiteNames

_MAX_AUTHORS = 20
_META = (
    "author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author",
    "citation_author", "byl", "article:author_name",
)  # fmt: skip
_PREFIX = re.compile(r"(?:by|author)\s*:?\s+(?=[A-Z])", re.IGNORECASE)


def find_author(document: Document, context: PageContext) -> Found | None:
    """Return the authors' names, parted by commas: of JSON-LD or microdata, meta elements, or a byline.

    A person's name comes before that of the site or of an organisation, and before a login. Product pages
    have none but a stated one, as books have.
    """
    site = SiteNames.of(document, context)
    weak: Found | None = None
    for label, names in _stated(document, context, site):
        people = [name for name in names if not is_login(name) and not site.is_exactly(name)]
        if people:
            return Found(", ".join(people), label)
        weak = weak or (Found(", ".join(names), label) if names else None)
    if document.tree is None or context.kind == "product":
        return weak  # the names that product pages show are those of reviewers
    visible = visible_author(document.tree, loose=weak is None)
    return Found(*visible) if visible else weak


def _stated(document: Document, context: PageContext, site: SiteNames) -> Iterator[tuple[str, list[str]]]:
    described = document.structured.main_object(context.kind) or {}
    for name in ("author", "creator"):
        yield f"jsonld:{name}", _names(described.get(name), site)
    for meta in _META:
        if raw := document.structured.meta_value(meta):
            yield f"meta:{meta}", _names(document.structured.repeated_meta.get(meta, raw), site)


def _names(raw: Any, site: SiteNames) -> list[str]:
    """Return the names in an author property, each once, and not again with words after it."""
    names: list[str] = []
    for entry in flat(raw):
        name = _name(entry, site)
        if name and not any(name.startswith(known) for known in names) and len(names) < _MAX_AUTHORS:
            names.append(name)
    return names


def _name(entry: Any, site: SiteNames) -> str | None:
    if isinstance(entry, dict):
        names = [line for name in flat(entry.get("name")) if (line := line_of(name))]
        line = ", ".join(names) if names else line_of(entry)
    else:
        line = line_of(entry)
    if not line or re.match(r"https?://|@|www\.", line):
        return None
    line = without_addresses(_PREFIX.sub("", line, count=1) if _PREFIX.match(line) else line)
    before, comma, last = line.rpartition(",")
    if comma and site.means(last):
        line = before or last
    return line.strip('"“” ,;') or None
