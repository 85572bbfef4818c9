"""The language that a page says it is in.

What belongs here: what markup says. What does not: telling it from the text (clean/).
"""

import re

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.metadata.lines import flat


def find_language(document: Document, context: PageContext) -> Found | None:
    """Return the primary subtag of the page's language, such as `en` of `en-US`."""
    described = document.structured.main_object(context.kind) or {}
    for label, raw in (
        ("css:html@lang", document.language_tag),
        ("jsonld:inLanguage", next(flat(described.get("inLanguage")), None)),
        ("meta:language", document.structured.meta_value("language", "dc.language", "og:locale")),
    ):
        stated = raw.get("alternateName") or raw.get("name") if isinstance(raw, dict) else raw
        primary = re.split(r"[-_,;\s]", stated.strip().lower())[0] if isinstance(stated, str) else ""
        if re.fullmatch(r"[a-z]{2,3}", primary):
            return Found(primary, label)
    return None
