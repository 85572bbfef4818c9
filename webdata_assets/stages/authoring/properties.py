"""What a page's JSON-LD and microdata hold beside the fields that extraction finds by itself.

What belongs here: properties with their paths. What does not: reading the syntaxes (extract/structured).
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from webdata_assets.stages.authoring.naming import from_key
from webdata_assets.stages.authoring.values import type_of_values
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.structured import JsonObject, types_of

_MOST_PROPERTIES = 12
_MOST_TYPES = 30
_LONGEST_TYPE = 40
_LONGEST_SAMPLE = 60
_LONGEST_VALUE = 2_000
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]{1,40}")
_KNOWN = frozenset(
    {"name", "headline", "description", "image", "url", "author", "datePublished", "dateModified",
     "publisher", "mainEntityOfPage", "inLanguage", "sku", "brand", "offers", "aggregateRating", "review",
     "thumbnailUrl", "articleBody", "text", "dateCreated", "potentialAction", "isPartOf", "breadcrumb",
     "gtin", "gtin13", "gtin8", "gtin14", "isbn"}
)  # fmt: skip
"""Found without a rule, or of the site and not of the page."""


def types_on(document: Document) -> list[list[str]]:
    """Return syntax and type of each object that the page states, each pair once."""
    structured = document.structured
    named = [("JSON-LD", structured.objects), ("microdata", structured.microdata), ("RDFa", structured.rdfa)]
    pairs = ((syntax, name) for syntax, objects in named for entry in objects for name in types_of(entry))
    return [[syntax, name[:_LONGEST_TYPE]] for syntax, name in islice(dict.fromkeys(pairs), _MOST_TYPES)]


def properties_on(document: Document, kind: str) -> list[dict[str, Any]]:
    """Return the plain properties of the object that describes a page of this kind."""
    structured = document.structured
    main = structured.main_object(kind)
    if main is None or not any(set(types_of(main)) & set(types_of(entry)) for entry in structured.objects):
        return []
    schema_type = types_of(main)[0]
    found = []
    for path, value in _plain(main):
        name = from_key(path)
        if name:
            values = value if isinstance(value, list) else [value]
            value_type = "list" if isinstance(value, list) else type_of_values(values, machine_readable=True)
            sample = " ".join(str(values[0]).split())[:_LONGEST_SAMPLE]
            found.append(
                {"name": name, "type": value_type, "path": path, "schema_type": schema_type, "sample": sample}
            )
    return found[:_MOST_PROPERTIES]


def _plain(entry: JsonObject) -> Iterator[tuple[str, object]]:
    """Yield the properties that are texts, numbers or lists of texts, each with its JMESPath."""
    for key, value in entry.items():
        if not _KEY.fullmatch(key) or key in _KNOWN:
            continue
        is_plain = isinstance(value, str | int | float) and 0 < len(str(value)) <= _LONGEST_VALUE
        is_list = isinstance(value, list) and value and all(isinstance(part, str) and part for part in value)
        if is_plain or is_list:
            yield key, value
