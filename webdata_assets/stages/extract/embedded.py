"""Data within a page beside its text: JSON in scripts and attributes, objects of a schema.org type.

What belongs here: finding them for a selector. What does not: JMESPath and the rest of selectors
(selectors.py), and reading the syntaxes (structured/).
"""

import json
import re
from collections.abc import Iterable
from itertools import islice
from unicodedata import category

from selectolax.lexbor import LexborNode

from webdata_assets.stages.exact_json import whole_number
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.structured import JsonObject, StructuredData, types_of
from webdata_assets.stages.extract.structured.choosing import best_object
from webdata_assets.stages.extract.structured.microdata import read_microdata
from webdata_assets.stages.extract.structured.objects import objects_in

_MAX_STARTS = 20
"""Brackets in a text that are tried as the start of its JSON."""


def is_empty(value: object) -> bool:
    """Whether a value is missing: null, nothing that can be seen, or an empty collection.

    False and 0 are values.
    """
    if isinstance(value, str):
        return all(character.isspace() or category(character) in ("Cc", "Cf") for character in value)
    return value is None or (isinstance(value, list | dict) and not value)


def json_within(text: str) -> object:
    """Return the first JSON object or list in a text that is not empty; None if there is none.

    Scripts often hold more than JSON, such as `window.state = {…};`.
    """
    decoder = json.JSONDecoder(strict=False, parse_int=whole_number, parse_constant=lambda _: None)
    for start in islice(re.finditer(r"[{\[]", text), _MAX_STARTS):
        try:
            found = decoder.raw_decode(text, start.start())[0]
        except (json.JSONDecodeError, RecursionError):
            continue
        if found:
            return found
    return None


def source_text_of(node: LexborNode) -> str:
    """Return an element's text as it is written, that of scripts included."""
    return node.text(deep=True) or ""


def jsonld_of(document: Document, schema_type: str | None, kind: str) -> JsonObject | None:
    """Return the JSON-LD object that describes the page: the first of a type, or the kind's own."""
    structured = document.structured
    if schema_type is None:
        return structured.main_object(kind)
    return _first_of(schema_type, structured, structured.objects)


def microdata_of(
    document: Document, node: LexborNode | None, schema_type: str | None, kind: str
) -> JsonObject | None:
    """Return the microdata that describes an element, or the page: the first of a type, or the kind's own."""
    structured = document.structured
    items = structured.microdata
    if node is not None and document.tree is not None:
        inner = [entry for entry in node.css("[itemscope], [itemprop]") if entry.mem_id != node.mem_id]
        own = [node] if "itemscope" in node.attributes else []
        items = read_microdata(document.tree, [*own, *inner])
    objects = list(objects_in([*items]))
    if schema_type:
        return _first_of(schema_type, structured, objects)
    best = best_object(objects, kind)
    return structured.resolved(best) if best else None


def _first_of(
    schema_type: str, structured: StructuredData, objects: Iterable[JsonObject]
) -> JsonObject | None:
    found = next((entry for entry in objects if schema_type in types_of(entry)), None)
    return structured.resolved(found) if found else None
