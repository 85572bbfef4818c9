"""RDFa Lite → objects in the shape of JSON-LD (https://www.w3.org/TR/rdfa-lite/).

What belongs here: typeof, property, resource and about. What does not: vocabularies and prefixes, as names
are kept without them, and what only full RDFa has (rel, rev, datatype, inlist).
"""

from collections.abc import Sequence
from typing import Any

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.structured.elements import Attributes, address_of, has_address, linked
from webdata_assets.stages.extract.structured.nesting import Nesting
from webdata_assets.stages.extract.structured.objects import JsonObject, local_name

_PAGE = 0
"""The page itself, of which properties outside any resource speak: no element has this `mem_id`."""


def read_rdfa(nodes: Sequence[LexborNode]) -> tuple[JsonObject, ...]:
    """Return a page's top-level resources, given its elements with RDFa attributes in their order.

    Meta elements count within a resource only: those of a page as a whole are OpenGraph.

    Names are without their namespace: `schema:name` and `foaf:name` are both `name`. Addresses, those in
    `@id` included, are as written; the page itself has the `@id` "".
    """
    scopes = [node for node in nodes if _opens_resource(node.attributes)]
    has_vocabulary = any("vocab" in node.attributes for node in nodes)
    if not scopes and not has_vocabulary and not any(":" in _property(node.attributes) for node in nodes):
        return ()
    nesting = Nesting(nodes, [_PAGE, *(node.mem_id for node in scopes)])
    for node in scopes:
        nesting.objects[node.mem_id].update(_head(node))
    for node in nodes:
        attributes = node.attributes
        names = [
            local_name(name)
            for name in _property(attributes).split()
            if has_vocabulary or scopes or ":" in name
        ]
        if names:
            _add(node, attributes, names, nesting)
    if nesting.objects[_PAGE]:
        nesting.objects[_PAGE] = {"@id": "", **nesting.objects[_PAGE]}
    return tuple(item for item in nesting.outermost() if item.keys() - {"@id", "@type"})


def _opens_resource(attributes: Attributes) -> bool:
    if "typeof" in attributes:
        return True
    return "property" not in attributes and ("resource" in attributes or "about" in attributes)


def _property(attributes: Attributes) -> str:
    return attributes.get("property") or ""


def _head(node: LexborNode) -> JsonObject:
    attributes = node.attributes
    head: JsonObject = {}
    types = [local_name(name) for name in (attributes.get("typeof") or "").split()]
    if types:
        head["@type"] = types[0] if len(types) == 1 else types
    identifier = attributes.get("about") or attributes.get("resource")
    tag = node.tag or ""
    if not identifier and has_address(tag):
        identifier = address_of(tag, attributes)
    if identifier:
        head["@id"] = identifier.strip()
    return head


def _add(node: LexborNode, attributes: Attributes, names: Sequence[str], nesting: Nesting) -> None:
    around = nesting.scope_of(node)
    if around is None and node.tag == "meta":
        return
    scope = _PAGE if around is None else around
    own = nesting.objects.get(node.mem_id)
    if own is not None and "about" not in attributes:
        if nesting.place(node.mem_id, scope):
            nesting.add(scope, names[0], own)
        return
    if own is not None:
        scope = node.mem_id  # `about` with `typeof` says of whom the property speaks
    for name in dict.fromkeys(names):
        nesting.add(scope, name, _value(node, name, attributes, nesting))


def _value(node: LexborNode, name: str, attributes: Attributes, nesting: Nesting) -> Any:
    content = attributes.get("content")
    if content is not None:
        return content.strip()
    tag = node.tag or ""
    if resource := (attributes.get("resource") or "").strip():
        return linked(node, name, resource, nesting)
    if has_address(tag) and "about" not in attributes and (address := address_of(tag, attributes)):
        return linked(node, name, address, nesting)
    return (attributes.get("datetime") or nesting.text_of(node)).strip()
