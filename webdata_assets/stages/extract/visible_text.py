"""The text of an element as its reader sees it.

What belongs here: turning a node into plain text with lines and blank lines. What does not: choosing which
node holds the main content (content.py).
"""

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.plain_text import PlainText

_HIDDEN = frozenset({"script", "style", "template", "noscript", "head", "svg", "iframe", "object"})
_LINES = frozenset(
    {"div", "li", "tr", "dt", "dd", "option", "address", "form", "header", "footer", "main", "nav",
     "aside", "figcaption", "caption", "legend", "summary", "details"}
)  # fmt: skip
_PARAGRAPHS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "pre", "blockquote", "section",
     "article", "figure", "hr", "fieldset", "body"}
)  # fmt: skip
_CELLS = frozenset({"td", "th"})


def text_of(node: LexborNode) -> str:
    """Return a node's text: inline elements joined as they stand, blocks on lines of their own.

    White space is collapsed but for `<pre>`; paragraphs are parted by one blank line; scripts, styles and
    other unseen elements are left out. Iterative, so that depth of nesting does not matter.
    """
    text = PlainText()
    stack: list[tuple[LexborNode | str, bool]] = [(node, False)]
    while stack:
        current, preformatted = stack.pop()
        if isinstance(current, str):
            _break_at(current, text)
        elif current.is_text_node:
            add = text.verbatim if preformatted else text.words
            add(current.text_content or "")
        elif current.is_element_node and current.tag not in _HIDDEN:
            tag = current.tag or ""
            if tag == "br":
                text.newline()
            elif tag in _CELLS:
                text.words(" ")
            else:
                _break_at(tag, text)
            stack.append((tag, False))
            stack.extend(_children_reversed(current, preformatted or tag == "pre"))
    return str(text)


def _break_at(tag: str, text: PlainText) -> None:
    """Part what is before the start or end of an element from what is after."""
    if tag in _PARAGRAPHS:
        text.paragraph()
    elif tag in _LINES:
        text.line()


def _children_reversed(node: LexborNode, preformatted: bool) -> list[tuple[LexborNode | str, bool]]:
    children: list[tuple[LexborNode | str, bool]] = []
    child = node.last_child
    while child is not None:
        children.append((child, preformatted))
        child = child.prev
    return children
