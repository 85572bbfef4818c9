"""A page's elements as XPath sees them: lxml's tree, made from the one that was parsed already.

What belongs here: the tree, and evaluating expressions on it. What does not: what a value becomes.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from webdata_assets.errors import FailureDomain, PermanentError

if TYPE_CHECKING:
    from lxml import etree

Found = LexborNode | str | float | bool

MAX_ELEMENTS = 100_000
MAX_DEPTH = 1_000
MAX_ATTRIBUTES = 1_000
"""Of one element. lxml adds an element in time that grows with depth, and an attribute with their number."""

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that lxml refuses."""


@dataclass(frozen=True, eq=False)
class XPathTree:
    """A page's elements, attributes and texts, without comments.

    The tree is the one that CSS selectors see, so that both find the same elements, broken HTML included, and
    can be applied within each other's results. Nothing is parsed, and no entity, DTD or address resolved.
    """

    root: "etree._Element"
    nodes: dict["etree._Element", LexborNode]
    elements: dict[int, "etree._Element"]
    """By the identity of their node."""
    _compiled: dict[str, "etree.XPath"] = field(default_factory=dict)

    def search(self, expression: str, node: LexborNode | None = None) -> list[Found]:
        """Return what an expression gives for an element, or for the page: elements, texts, or one value.

        `//` begins at the page wherever it is applied; `.//` begins at the element.

        Raises:
            PermanentError: CONFIGURATION, when it is no XPath 1.0, or names an unknown function.
        """
        from lxml import etree

        start = self.root if node is None else self.elements[node.mem_id]
        try:
            compiled = self._compiled.get(expression)
            if compiled is None:
                compiled = self._compiled[expression] = etree.XPath(expression, smart_strings=False)
            found: Any = compiled(start)
        except etree.XPathError as error:
            raise PermanentError(
                f"{expression!r} is not a usable XPath 1.0: {error}: correct it under `extract` in the "
                "source file",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error
        entries = found if isinstance(found, list) else [found]
        return [self.nodes[entry] if etree.iselement(entry) else entry for entry in entries]


def xpath_tree(tree: LexborHTMLParser) -> XPathTree:
    """Return the elements of a parsed page for XPath.

    Raises:
        PermanentError: PARSE, when the page has too many elements or attributes, or is nested too deep.
    """
    from lxml import html

    root_node = tree.root
    assert root_node is not None, "an HTML parser gives every page an <html>"
    # as HTML, lxml takes attribute names that XML does not know, such as `@click`
    root: Any = html.HTMLParser().makeelement("html")
    _set_attributes(root, root_node)
    nodes, elements = {root: root_node}, {root_node.mem_id: root}
    waiting = [(root_node, root, 1)]
    while waiting:
        parent_node, parent, depth = waiting.pop()
        last = None
        child = parent_node.child
        while child is not None:
            if child.is_text_node:
                _add_text(parent, last, child.text_content or "")
            elif child.is_element_node:
                last = _add_element(parent, child)
                nodes[last], elements[child.mem_id] = child, last
                if child.child is not None:
                    waiting.append((child, last, depth + 1))
            child = child.next
        if len(nodes) > MAX_ELEMENTS:
            raise _too_large(f"has more than {MAX_ELEMENTS:,} elements")
        if depth > MAX_DEPTH:
            raise _too_large(f"has elements nested more than {MAX_DEPTH:,} deep")
    return XPathTree(root, nodes, elements)


def _add_element(parent: Any, node: LexborNode) -> Any:
    from lxml import etree

    try:
        element = etree.SubElement(parent, node.tag or "unknown")
    except ValueError:  # a tag such as `a"b`, which no expression could name
        element = etree.SubElement(parent, "unknown")
    _set_attributes(element, node)
    return element


def _set_attributes(element: Any, node: LexborNode) -> None:
    attributes = node.attributes
    if len(attributes) > MAX_ATTRIBUTES:
        raise _too_large(f"has an element with more than {MAX_ATTRIBUTES:,} attributes")
    for name, value in attributes.items():
        # lxml reads `{…}` as a namespace, which HTML has none of
        if not name.startswith("{") and not _NOT_XML.search(name):
            element.set(name, _NOT_XML.sub("", value or ""))


def _add_text(parent: Any, last: Any, text: str) -> None:
    """Hang a text where lxml has it: before the first child, or behind the last one."""
    clean = _NOT_XML.sub("", text)
    if last is None:
        parent.text = (parent.text or "") + clean
    else:
        last.tail = (last.tail or "") + clean


def _too_large(what: str) -> PermanentError:
    return PermanentError(f"the page {what}, too large for XPath", failure_domain=FailureDomain.PARSE)
