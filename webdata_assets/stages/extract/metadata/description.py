"""The sentence or two in which a page says what it is about."""

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.metadata.lines import flat, line_of

_MAX_CHARACTERS = 5_000


def find_description(document: Document, context: PageContext) -> Found | None:
    """Return the description of JSON-LD or microdata, OpenGraph, or a meta element."""
    structured = document.structured
    described = structured.main_object(context.kind) or {}
    for label, raw in (
        ("jsonld:description", next(flat(described.get("description")), None)),
        ("meta:og:description", structured.meta_value("og:description")),
        ("meta:description", structured.meta_value("description", "dc.description", "dcterms.description")),
        ("meta:twitter:description", structured.meta_value("twitter:description")),
    ):
        if description := line_of(raw):
            return Found(description[:_MAX_CHARACTERS], label)
    return None
