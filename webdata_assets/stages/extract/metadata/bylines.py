"""Lines that name authors among a page's visible elements.

What belongs here: which elements are bylines. What does not: the names in them (names.py).
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from webdata_assets.stages.extract.metadata.lines import line_of
from webdata_assets.stages.extract.metadata.names import name_in, starts_as_byline
from webdata_assets.stages.extract.visible_text import text_of

_MARKED = (
    '[rel~="author"], [itemprop~="author"], [class*="author" i], [class*="byline" i], [class*="posted-by"], '
    '[href*="/author"]'
)
_SIGNED = (
    ':is(p, span, div, a, li, em, i, b, strong, small, h2, h3, h4, h5, h6, time, td):lexbor-contains("by" i)'
)
_NAME_CLASS = re.compile(
    r"author[-_]*(?:s?[-_]*names?|link|text|title)|(?:^|[\s_-])(?:author|byline)s?(?:$|\s)", re.IGNORECASE
)
_OTHER_CLASS = re.compile(
    r"authori[sz]|avatar|image|img|photo|pic|social|follow|desc|bio|icon|count|date|time|reply|comment"
    r"|related|share|more|role|position|job|email|twitter|label|archive|list|cta|newsletter|sponsor",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"comment|related|sidebar|footer|recirc|teaser|card|popular|recommend|widget|carousel|trending|repl(?:y|ies)"
    r"|testimonial|review|quote|menu|newsletter",
    re.IGNORECASE,
)
_MAX_ELEMENTS = 60
_MAX_SIGNED = 300
_MAX_LINE = 200
_CLIMBED = 8


def visible_author(tree: LexborHTMLParser, *, loose: bool) -> tuple[str, str] | None:
    """Return the name in the likeliest byline, and the selector that says where; of equals the first.

    With `loose`, lines that begin with “by” count where no element is marked as a byline.
    """
    best: tuple[int, str] | None = None
    for node in tree.css(_MARKED)[:_MAX_ELEMENTS]:
        for line in _lines(node):
            name = name_in(line)
            score = _score(node, line) if name else 0
            if name and score > (best[0] if best else 0):
                best = (score, name)
    if best:
        return best[1], "css:byline"
    if loose:
        for node in tree.css(_SIGNED)[:_MAX_SIGNED]:
            line = next(_lines(node), "") if starts_as_byline(node.text()[:_MAX_LINE]) else ""
            name = name_in(line)
            if name and _is_capitalised(name) and not _is_elsewhere(node):
                return name, "text:by"
    return None


def _lines(node: LexborNode) -> Iterator[str]:
    """Yield the lines of a short element."""
    text = node.text()
    if len(text) > 4 * _MAX_LINE:
        return
    lines = [line for part in text_of(node).splitlines() if (line := line_of(part))]
    if not lines or sum(map(len, lines)) > _MAX_LINE:
        return
    if len(lines) > 1 and starts_as_byline(f"{lines[0]} X") and not name_in(lines[0]):
        lines = [" ".join(lines[:2]), *lines[2:]]  # “By” on a line of its own
    yield lines[0]


def _score(node: LexborNode, line: str) -> int:
    """Return how surely an element is the page's byline; 0 where it is that of something else."""
    attributes = node.attributes
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    if _OTHER_CLASS.search(names) or _is_elsewhere(node):
        return 0
    score = 1
    if "author" in (attributes.get("rel") or "").split() or attributes.get("itemprop") == "author":
        score += 3
    if _NAME_CLASS.search(names):
        score += 3
    if "/author" in (attributes.get("href") or ""):
        score += 2
    if starts_as_byline(line):
        score += 2
    return score


def _is_elsewhere(node: LexborNode) -> bool:
    """Return whether an element is in a part of the page that is not its main content."""
    current: LexborNode | None = node
    for _ in range(_CLIMBED):
        if current is None or current.tag in {"body", "article", "main"}:
            return False
        if current.tag in {"footer", "aside", "nav"}:
            return True
        attributes = current.attributes
        if _ELSEWHERE.search(f"{attributes.get('class') or ''} {attributes.get('id') or ''}"):
            return True
        current = current.parent
    return False


def _is_capitalised(name: str) -> bool:
    words = [word for word in name.split() if len(word) > 3]
    return 2 <= len(name.split()) <= 6 and all(word[:1].isupper() for word in words)
