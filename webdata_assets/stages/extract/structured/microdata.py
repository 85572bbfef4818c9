"""HTML microdata → objects in the shape of JSON-LD (https://html.spec.whatwg.org/multipage/microdata.html).

What belongs here: itemscope, itemprop, itemref and the values of elements. What does not: what a value means.
"""

from collections.abc import Sequence
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from webdata_assets.stages.extract.structured.elements import Attributes, address_of, has_address, linked
from webdata_assets.stages.extract.structured.nesting import Nesting
from webdata_assets.stages.extract.structured.objects import JsonObject, local_name

_VALUE_ATTRIBUTES = {"meta": "content", "data": "value", "meter": "value", "time": "datetime"}
_MAX_REFERENCES = 200
"""References of one page that are followed."""


def read_microdata(tree: LexborHTMLParser, nodes: Sequence[LexborNode]) -> tuple[JsonObject, ...]:
    """Return a page's top-level items, given its elements with `itemscope` or `itemprop` in their order.

    `{"@type": "Product", "name": …, "offers": {"@type": "Offer", …}}`: types without their namespace, a
    property with one value as that value, with several as a list, addresses as they are written. An item
    that is a property and has none itself has its text as `@value`. A link whose property is a name, or
    names someone, gives `{"url": …, "name": …}`.
    """
    scopes = {node.mem_id: node for node in nodes if "itemscope" in node.attributes}
    if not scopes:
        return ()
    nesting = Nesting(nodes, scopes)
    for identity, node in scopes.items():
        nesting.objects[identity].update(_head(node))
    for node in nodes:
        scope = nesting.scope_of(node)
        if scope is not None:
            _add(node, scope, nesting)
    _add_references(tree, scopes, nesting)
    for identity, node in scopes.items():
        item = nesting.objects[identity]
        if "itemprop" in node.attributes and not item.keys() - {"@type", "@id"}:
            item.update({"@value": text} if (text := nesting.text_of(node)) else {})
    return nesting.outermost()


def _head(node: LexborNode) -> JsonObject:
    """Return an item's type and identifier; the identifier counts only with a type."""
    attributes = node.attributes
    types = [local_name(name) for name in (attributes.get("itemtype") or "").split()]
    if not types:
        return {}
    head: JsonObject = {"@type": types[0] if len(types) == 1 else types}
    if identifier := (attributes.get("itemid") or "").strip():
        head["@id"] = identifier
    return head


def _add(node: LexborNode, scope: int, nesting: Nesting) -> None:
    attributes = node.attributes
    names = (attributes.get("itemprop") or "").split()
    if not names:
        return
    item = nesting.objects.get(node.mem_id)
    if item is not None:
        if nesting.place(node.mem_id, scope):
            nesting.add(scope, local_name(names[0]), item)
        return
    for name in dict.fromkeys(map(local_name, names)):
        nesting.add(scope, name, _value(node, name, attributes, nesting))


def _add_references(tree: LexborHTMLParser, scopes: dict[int, LexborNode], nesting: Nesting) -> None:
    """Add the properties of the elements that items refer to, such as a footer shared by several items."""
    references = [
        (identity, name)
        for identity, node in scopes.items()
        for name in dict.fromkeys((node.attributes.get("itemref") or "").split())
    ]
    if not references:
        return
    targets = {node.id: node for node in reversed(tree.css("[id]"))}
    for scope, name in references[:_MAX_REFERENCES]:
        target = targets.get(name)
        if target is None or nesting.is_full:
            continue
        if "itemprop" in target.attributes and "itemscope" in target.attributes:
            _add(target, scope, nesting)
            continue
        inner = target.mem_id if target.mem_id in scopes else nesting.scope_of(target)
        if inner == scope:
            continue  # its properties are the item's own
        for node in target.css("[itemprop]"):
            if nesting.scope_of(node) == inner:
                _add(node, scope, nesting)


def _value(node: LexborNode, name: str, attributes: Attributes, nesting: Nesting) -> Any:
    """Return what an element without an item of its own says, as the standard and schema.org's pages do."""
    tag = node.tag or ""
    content = (attributes.get("content") or "").strip()
    if has_address(tag):
        return linked(node, name, address_of(tag, attributes), nesting) or content
    if tag in _VALUE_ATTRIBUTES:
        stated = attributes.get(_VALUE_ATTRIBUTES[tag])
        return (stated or content or nesting.text_of(node)).strip()
    if content:
        return content
    if name.endswith(("-input", "-output")):  # https://schema.org/docs/actions.html#part-4
        stated = attributes.get("name")
        return {"valueRequired": "required" in attributes} | ({"valueName": stated} if stated else {})
    return nesting.text_of(node)
