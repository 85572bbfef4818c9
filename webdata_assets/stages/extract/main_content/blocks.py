"""A page's tree → its blocks of text, and the elements that hold them.

What belongs here: one walk over the tree. What does not: numbers for the model (features.py), and choosing
(find.py).
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from webdata_assets.stages.extract.main_content.vocabulary import (
    BLOCK_TAGS,
    CONTAINER_BIT,
    HIDDEN_TAGS,
    TAG_NUMBER,
    name_mask,
)

MAX_ELEMENTS = 60_000
"""Of a page; what comes after them is not read. Real pages have some thousands."""
MAX_DEPTH = 400
"""Of nesting; what lies deeper is not read."""

_LINE_BREAK = "\x0b"
_DISPLAY_NONE = re.compile(r"display\s*:\s*none", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Blocks:
    """The blocks of a page in reading order, and its elements in document order.

    A block is a run of text that no block-level element interrupts.

    Attributes:
        texts: of each block, white space collapsed; of preformatted blocks as it stands.
        elements: of each block the element that holds it, the nearest block-level one.
        link_characters: of each block, how many of its characters are in links.
        parents: of each element; -1 of the root.
        tags: of each element, as `TAG_NUMBER` has it.
        names: of each element its tag.
        containers: of each element, bits of `CONTAINER_BIT` of itself and of all that hold it.
        categories: of each element, bits of `name_mask` of its own names.
        depths: of each element, 0 of the root.
        signatures: of each element, the same number for the same tag and class.
        is_hidden: of each element, whether markup hides it or one that holds it.
    """

    texts: list[str]
    elements: list[int]
    link_characters: list[int]
    parents: list[int]
    tags: list[int]
    names: list[str]
    containers: list[int]
    categories: list[int]
    depths: list[int]
    signatures: list[int]
    is_hidden: list[bool]


def read_blocks(tree: LexborHTMLParser) -> Blocks:
    """Return the blocks of a page's body. Beyond `MAX_ELEMENTS` and `MAX_DEPTH` nothing is read."""
    root = tree.body if tree.body is not None else tree.root
    page = Blocks([], [], [], [], [], [], [], [], [], [], [])
    if root is None:
        return page
    parents, tags, names, containers = page.parents, page.tags, page.names, page.containers
    categories, depths, signatures, is_hidden = page.categories, page.depths, page.signatures, page.is_hidden
    index: dict[int, int] = {}  # of elements that are read; text and elements below others are passed over
    holder: list[int] = []  # of each element, the nearest block-level one
    in_link: list[bool] = []
    known_signatures: dict[tuple[str, str], int] = {}
    pieces: list[list[str]] = []
    holders: list[int] = []
    links: list[int] = []
    open_holder = -1  # of the block that the next text would go on with; -1 where it begins another
    for node in root.traverse(include_text=True):
        tag = node.tag
        if tag == "-text":
            text = node.text_content
            if not text or (open_holder < 0 and text.isspace()):
                continue
            around = node.parent
            parent = index.get(around.mem_id) if around is not None else None
            if parent is None:
                continue
            if holder[parent] != open_holder:
                if text.isspace():
                    continue
                open_holder = holder[parent]
                pieces.append([text])
                holders.append(open_holder)
                links.append(0)
            else:
                pieces[-1].append(text)
            if in_link[parent]:
                links[-1] += len(text.strip())
            continue
        if tag is None or tag in HIDDEN_TAGS or not tag[0].isalpha():
            continue
        around = node.parent
        above = index.get(around.mem_id) if parents and around is not None else -1
        if above is None or (above >= 0 and depths[above] >= MAX_DEPTH):
            continue
        number = len(parents)
        if number >= MAX_ELEMENTS:
            break
        index[node.mem_id] = number
        is_block = tag in BLOCK_TAGS
        parents.append(above)
        tags.append(TAG_NUMBER.get(tag, 0))
        names.append(tag)
        attributes = node.attributes
        css_class = attributes.get("class") or ""
        categories.append(_categories(attributes, css_class) if attributes else 0)
        signature = (tag, css_class)
        signatures.append(known_signatures.setdefault(signature, len(known_signatures)))
        hides = bool(attributes) and _hides(attributes)
        if above < 0:
            containers.append(CONTAINER_BIT.get(tag, 0))
            depths.append(0)
            holder.append(number)
            in_link.append(tag == "a")
            is_hidden.append(hides)
        else:
            containers.append(containers[above] | CONTAINER_BIT.get(tag, 0))
            depths.append(depths[above] + 1)
            holder.append(number if is_block else holder[above])
            in_link.append(tag == "a" or in_link[above])
            is_hidden.append(hides or is_hidden[above])
        if is_block:
            open_holder = -1
        elif tag == "br" and open_holder >= 0:
            pieces[-1].append(_LINE_BREAK)
    preformatted = CONTAINER_BIT["pre"]
    for parts, element, link in zip(pieces, holders, links, strict=True):
        text = _joined(parts, is_preformatted=bool(containers[element] & preformatted))
        if text:
            page.texts.append(text)
            page.elements.append(element)
            page.link_characters.append(min(link, len(text)))
    return page


def _joined(parts: list[str], *, is_preformatted: bool) -> str:
    text = "".join(parts)
    if is_preformatted:
        return text.replace(_LINE_BREAK, "\n").strip("\n").rstrip()
    lines = (" ".join(line.split()) for line in text.split(_LINE_BREAK))
    return "\n".join(line for line in lines if line)


def _categories(attributes: dict[str, str | None], css_class: str) -> int:
    identifier = attributes.get("id")
    role = attributes.get("role") or attributes.get("aria-label")
    named = css_class if not identifier else f"{css_class} {identifier}"
    if role:
        named = f"{named} {role}"
    return name_mask(named) if named else 0


def _hides(attributes: dict[str, str | None]) -> bool:
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    return style is not None and _DISPLAY_NONE.search(style) is not None
