"""CSS and XPath for one element, from the most telling names to its bare place in the tree.

What belongs here: making selectors. What does not: whether they find the value again (trying.py), and which
is best (ranking.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.induction.tokens import is_lasting_name, is_lasting_value, stem
from webdata_assets.stages.extract.visible_text import text_of

_NEAR_ANCESTORS = 8
_NAMES_EACH = 4
"""Descriptors of an ancestor that are combined with those of the element."""
_PATH_STEPS = 14
_LONGEST_LABEL = 40
_PLAIN_TAG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_TELLING = re.compile(r"data-(?:test|qa|cy|hook|field|role|name|component|element|automation|selector|ui)")
_NAMING = {"itemprop": 0.0, "property": 1.0, "role": 3.0, "aria-label": 3.0, "name": 2.5, "rel": 3.5}
"""Attributes whose value says what an element is, with their cost."""
_SEMANTIC_TAGS = frozenset({"h1", "main", "article", "address", "time", "data", "figure", "dl", "table"})


@dataclass(frozen=True)
class Way:
    """A selector as the keys of a source file.

    Attributes:
        cost: how likely it is to break with the next change, 0 least; places in the tree cost most.
    """

    keys: tuple[tuple[str, str], ...]
    cost: float


@dataclass(frozen=True)
class _Name:
    css: str
    cost: float


def ways_to(node: LexborNode, attribute: str | None, within: LexborNode | None) -> Iterator[Way]:
    """Yield selectors that an element, or an attribute of it, could be found by, in no order.

    Args:
        node: the element.
        attribute: the attribute that holds the value; None for the element's text.
        within: the item's element, above which nothing is looked at; None for a whole page.
    """
    attr = (("attr", attribute),) if attribute else ()
    own = _names(node, attribute)
    chain = _ancestors(node, within)
    for name in own:
        yield Way((("css", name.css), *attr), name.cost + 0.5)
    bare = _Name(_tag(node), 4.0)
    for distance, ancestor in enumerate(chain[:_NEAR_ANCESTORS]):
        for above in _names(ancestor, None)[:_NAMES_EACH]:
            for name in (*own[:_NAMES_EACH], bare):
                cost = max(name.cost, 0.6 * above.cost) + 0.6 + 0.1 * distance
                yield Way((("css", f"{above.css} {name.css}"), *attr), cost)
            if distance:
                path = _path(node, ancestor)
                yield Way((("css", f"{above.css} > {path}"), *attr), above.cost + 5 + 0.7 * distance)
                yield Way((("css", f"{above.css} > {_path(node, ancestor, places=False)}"), *attr),
                          above.cost + 4.5 + 0.7 * distance)  # fmt: skip
            else:
                yield Way((("css", f"{above.css} > {_step(node)}"), *attr), above.cost + 4.5)
    if chain and len(chain) <= _PATH_STEPS:
        yield Way((("css", _path(node, chain[-1])), *attr), 9 + 0.3 * len(chain))
    if not attribute:
        yield from _beside_label(node, within)


def _names(node: LexborNode, value_attribute: str | None) -> list[_Name]:
    """Return the descriptors of an element that are likely to last, the most telling first."""
    tag = _tag(node)
    found: list[_Name] = []
    for name, value in node.attributes.items():
        if name == value_attribute:
            if name.startswith("data-") and is_lasting_name(name):
                found.append(_Name(f"[{name}]", 1.0))
            continue
        if not value or name in ("class", "id", "style"):
            continue
        cost = 1.0 if _TELLING.match(name) else _NAMING.get(name)
        if cost is not None and is_lasting_value(value):
            found += [_Name(f'{_tag_of(name, tag)}[{name}="{value}"]', cost)]
    identity = node.attributes.get("id") or ""
    if is_lasting_name(identity):
        found.append(_Name(f"#{identity}", 2.0))
    for token in dict.fromkeys((node.attributes.get("class") or "").split()):
        if is_lasting_name(token):
            found.append(_Name(f".{token}", 2.5))
        elif (by_people := stem(token)) is not None:
            found.append(_Name(f'[class*="{by_people}"]', 3.5))
    if tag in _SEMANTIC_TAGS:
        found.append(_Name(tag, 3.0))
    return sorted(found, key=lambda name: name.cost)


def _tag(node: LexborNode) -> str:
    """Return an element's tag as selectors write it; `*` for one of a page's own making, such as `o:p`."""
    return node.tag if node.tag and _PLAIN_TAG.fullmatch(node.tag) else "*"


def _tag_of(attribute: str, tag: str) -> str:
    # `[name=…]` is on inputs and meta elements alike
    return tag if attribute in ("name", "rel", "role") else ""


def _ancestors(node: LexborNode, within: LexborNode | None) -> list[LexborNode]:
    """Return the elements around one, the nearest first, up to the item or the body."""
    chain: list[LexborNode] = []
    above = node.parent
    while above is not None and above.is_element_node and above.tag != "html":
        chain.append(above)
        if within is not None and above.mem_id == within.mem_id:
            return chain[:-1]
        above = above.parent
    return chain


def _path(node: LexborNode, top: LexborNode, *, places: bool = True) -> str:
    """Return the way from below `top` to the element, one step for each level."""
    steps: list[str] = []
    current: LexborNode | None = node
    while current is not None and current.mem_id != top.mem_id:
        steps.append(_step(current) if places else _tag(current))
        current = current.parent
    return " > ".join(reversed(steps))


def _step(node: LexborNode) -> str:
    """Return an element's tag, with its place among its siblings of that tag where there are several."""
    before = after = 0
    sibling = node.prev
    while sibling is not None:
        before += sibling.tag == node.tag
        sibling = sibling.prev
    sibling = node.next
    while sibling is not None:
        after += sibling.tag == node.tag
        sibling = sibling.next
    tag = _tag(node)
    return f"{tag}:nth-of-type({before + 1})" if before or after else tag


def _beside_label(node: LexborNode, within: LexborNode | None) -> Iterator[Way]:
    """Yield XPaths by the text of the element before: `dt` and `dd`, `th` and `td`, a label and its value."""
    label = node.prev
    while label is not None and not label.is_element_node:
        label = label.prev
    if label is None or label.tag in ("script", "style", "input", "img"):
        return
    text = " ".join(text_of(label).split())
    if not 2 <= len(text) <= _LONGEST_LABEL or not text.isprintable():
        return
    if re.search(r"[\d'\"]", text) or not re.search(r"[^\W\d]", text):
        return
    start = ".//" if within is not None else "//"
    known = label.tag in ("dt", "th", "label", "strong", "b")
    path = f"{start}{_tag(label)}[normalize-space()='{text}']/following-sibling::{_tag(node)}[1]"
    yield Way((("xpath", path),), 2.8 if known else 3.6)
