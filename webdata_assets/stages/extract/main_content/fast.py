"""Main content without the model, several times faster: what is left of a page without its furniture.

What belongs here: the fast way. What does not: structure, page types, confidence (find.py has them).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_FURNITURE = [
    "script", "style", "template", "nav", "footer", "aside", "form", "iframe", "svg", "button", "select",
    "header", "head", "dialog", "object", "textarea",
]  # fmt: skip
_INLINE = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "dfn", "em", "font", "i", "ins", "kbd",
    "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
]  # fmt: skip
_MAIN_ELEMENTS = ("article", "main", "[role=main]")
_LEAST_MAIN_SHARE = 0.3
_LEAST_NOSCRIPT_SHARE = 0.5
_BREAK = "\x00"


def fast_text(tree: "LexborHTMLParser") -> str:
    """Return the text of the page's main element, one block a line; the tree stays as it is.

    Furniture (navigation, header, footer, asides, forms) is left out. The main element is the largest
    `article`, else `main`, where it holds a third of the text; else the body. `noscript` counts only where a
    page has most of its text there, as pages do that scripts fill.
    """
    page = tree.clone()
    page.strip_tags(_FURNITURE)
    body = page.body
    if body is None:
        return ""
    unscripted = sum(len(node.text()) for node in page.css("noscript"))
    if unscripted and unscripted < _LEAST_NOSCRIPT_SHARE * len(body.text()):
        page.strip_tags(["noscript"])
    main = _main_element(page, body)
    page.unwrap_tags(_INLINE)
    body.merge_text_nodes()
    lines = (" ".join(line.split()) for line in main.text(separator=_BREAK).split(_BREAK))
    return "\n".join(line for line in lines if line)


def _main_element(page: "LexborHTMLParser", body: "LexborNode") -> "LexborNode":
    for selector in _MAIN_ELEMENTS:
        if found := page.css(selector):
            largest = max(found, key=lambda node: len(node.text()))
            return largest if len(largest.text()) >= _LEAST_MAIN_SHARE * len(body.text()) else body
    return body
