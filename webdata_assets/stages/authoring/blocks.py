"""Repeated blocks: the boxes of a list, such as quotes, products or posts.

What belongs here: finding the boxes and a selector for them. What does not: their fields (block_fields.py).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from webdata_assets.stages.extract.induction.tokens import is_lasting_name
from webdata_assets.stages.extract.visible_text import text_of

FEWEST = 3
"""Boxes that make a list."""
_MOST_ELEMENTS = 20_000
_MOST_GROUPS = 40
_FURNITURE = frozenset(
    {"nav", "header", "footer", "aside", "script", "style", "form", "select", "svg", "noscript", "head",
     "template", "iframe", "object", "thead", "option", "dialog"}
)  # fmt: skip
_FURNITURE_NAME = re.compile(
    r"(?:^|[-_\s])(?:nav|navbar|navigation|menu|footer|sidebar|breadcrumbs?|pagination|pager|cookie|"
    r"consent|toc|social|share)(?:$|[-_\s])",
    re.IGNORECASE,
)
_BOXES = frozenset({"div", "li", "article", "section", "tr", "dl", "a", "figure", "p", "td", "main"})
_LEAST_CHARACTERS = 12
"""Of a box on average; shorter ones are menus and tags."""
_ENOUGH_CHARACTERS = 240
_ENOUGH_BOXES = 24
_SHOWN = 3
_PLAIN_TAG = re.compile(r"[a-z][a-z0-9]*")


@dataclass(frozen=True, eq=False)
class Blocks:
    """The boxes of one list.

    Attributes:
        selector: CSS that finds them, and nothing else.
        share: characters that they show, as a share of the page's.
    """

    selector: str
    nodes: Sequence[LexborNode] = field(repr=False)
    share: float


def repeated_blocks(tree: LexborHTMLParser) -> list[Blocks]:
    """Return the lists of a page, the most telling first; none where nothing repeats."""
    groups: dict[tuple[str, ...], list[LexborNode]] = {}
    for node in _elements(tree):
        if node.tag in _BOXES:
            groups.setdefault(_signature(node), []).append(node)
    large = sorted((group for group in groups.values() if len(group) >= FEWEST), key=len, reverse=True)
    total = max(1, len(text_of(tree.body)) if tree.body else 1)
    ranked = []
    for group in large[:_MOST_GROUPS]:
        lengths = [len(text_of(node)) for node in group]
        mean = sum(lengths) / len(group)
        parts = min(8, len(group[0].css("*")))
        if mean < _LEAST_CHARACTERS or parts < 2:
            continue
        score = min(len(group), _ENOUGH_BOXES) * min(mean, _ENOUGH_CHARACTERS) * (1 + parts / 4)
        ranked.append((score, group, min(1.0, sum(lengths) / total)))
    ranked.sort(key=lambda entry: -entry[0])
    found = (Blocks(css, group, share) for _, group, share in ranked if (css := _selector(tree, group)))
    return [blocks for blocks, _ in zip(found, range(_SHOWN), strict=False)]


def _elements(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    """Yield elements of the page's body in order, without its menus and margins."""
    stack = [tree.body] if tree.body else []
    for _ in range(_MOST_ELEMENTS):
        if not stack:
            return
        node = stack.pop()
        if node.tag in _FURNITURE or _is_furniture(node):
            continue
        yield node
        child = node.last_child
        while child is not None:
            if child.is_element_node:
                stack.append(child)
            child = child.prev


def _is_furniture(node: LexborNode) -> bool:
    if node.tag in ("body", "main", "html"):
        return False
    attributes = node.attributes
    if (attributes.get("role") or "") in ("navigation", "banner", "contentinfo", "search", "menu"):
        return True
    named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    return _FURNITURE_NAME.search(named) is not None


def _classes(node: LexborNode) -> list[str]:
    return [name for name in (node.attributes.get("class") or "").split() if is_lasting_name(name)]


def _signature(node: LexborNode) -> tuple[str, ...]:
    """Return what boxes of one list have in common: tag and class, else the place."""
    classes = _classes(node)
    if classes:
        return (node.tag or "", classes[0])
    parent = node.parent
    around = (parent.tag or "", *_classes(parent)[:1], parent.attributes.get("id") or "") if parent else ()
    return (node.tag or "", "", *around)


def _selector(tree: LexborHTMLParser, group: Sequence[LexborNode]) -> str | None:
    """Return the CSS that finds the boxes and few others; None without one."""
    wanted = {node.mem_id for node in group}
    for css in _selectors(group):
        try:
            found = {node.mem_id for node in tree.css(css)}
        except SelectolaxError:
            continue
        if wanted <= found and len(found) <= len(wanted):
            return css
    return None


def _selectors(group: Sequence[LexborNode]) -> Iterator[str]:
    tag = group[0].tag or ""
    if not _PLAIN_TAG.fullmatch(tag):
        return
    shared = Counter(name for node in group for name in set(_classes(node)))
    for name, count in shared.most_common():
        if count == len(group):
            yield f".{name}"
            yield f"{tag}.{name}"
    above = group[0].parent
    path = tag
    for _ in range(4):
        if above is None or not _PLAIN_TAG.fullmatch(above.tag or ""):
            return
        identity = above.attributes.get("id") or ""
        if is_lasting_name(identity):
            yield f"#{identity} > {path}"
        for name in _classes(above):
            yield f"{above.tag}.{name} > {path}"
        path = f"{above.tag} > {path}"
        yield path
        above = above.parent
