"""The path from a site's front page to a page, as the page shows it.

What belongs here: breadcrumb lists of structured data, and of marked navigation. What does not: categories.
"""

from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.metadata.lines import flat, line_of
from webdata_assets.stages.extract.structured import JsonObject, types_of
from webdata_assets.stages.extract.visible_text import text_of

_MAX_STEPS = 20
_MAX_CHARACTERS = 200
_MARKED = '[aria-label*="breadcrumb" i], [class*="breadcrumb" i], [id*="breadcrumb" i]'
_SIGNS = " \t</\\|>›»→•·-–—:"


def find_breadcrumbs(document: Document, context: PageContext) -> Found | None:
    """Return the names of a page's breadcrumbs, outermost first, of the longest list that the page states.

    JSON-LD's comes before microdata's and RDFa's, and these before a marked part of the page.
    """
    structured = document.structured
    described = structured.main_object(context.kind) or {}
    for label, items in (
        ("jsonld:BreadcrumbList", (*structured.objects, *flat(described.get("breadcrumb")))),
        ("microdata:BreadcrumbList", structured.microdata),
        ("rdfa:BreadcrumbList", structured.rdfa),
    ):
        lists = [
            _steps(item) for item in items if isinstance(item, dict) and "BreadcrumbList" in types_of(item)
        ]
        if names := max(lists, key=len, default=[]):
            return Found(names, label)
    old = [name for item in structured.items if "Breadcrumb" in types_of(item) and (name := _name(item))]
    if old:
        return Found(old[:_MAX_STEPS], "microdata:Breadcrumb")
    for node in document.tree.css(_MARKED) if document.tree else ():
        if len(names := _shown(node)) > 1:
            return Found(names, "css:breadcrumb")
    return None


def _steps(item: JsonObject) -> list[str]:
    """Return the names of a BreadcrumbList's steps by their positions, or in their order without these."""
    steps = [entry for entry in flat(item.get("itemListElement")) if isinstance(entry, dict)]
    steps.sort(key=_position)
    return [name for step in steps[:_MAX_STEPS] if (name := _name(step))]


def _position(step: JsonObject) -> float:
    try:
        return float(step.get("position", 0))
    except (TypeError, ValueError):
        return 0


def _name(step: JsonObject) -> str | None:
    """Return a step's name: its own, or that of the page it leads to."""
    target = step.get("item")
    for raw in (
        step.get("name"),
        target.get("name") if isinstance(target, dict) else None,
        step.get("title"),
    ):
        for entry in flat(raw):
            if name := line_of(entry):
                return name[:_MAX_CHARACTERS]
    return None


def _shown(node: LexborNode) -> list[str]:
    """Return the steps in a marked part of the page: its list entries, else its links and what follows."""
    entries = node.css("li")
    if not 2 <= len(entries) <= _MAX_STEPS:
        entries = node.css("a")
        if not 1 <= len(entries) <= _MAX_STEPS:
            return []
        names = list(_lines(entries))
        last = node.css('[aria-current], .active, .current, [class*="last" i]')
        return names + [name for name in _lines(last[-1:]) if name not in names]
    return list(_lines(entries))


def _lines(nodes: Any) -> Iterator[str]:
    for node in nodes:
        name = (line_of(text_of(node)) or "").strip(_SIGNS)
        if name and len(name) <= _MAX_CHARACTERS and "{{" not in name:
            yield name
