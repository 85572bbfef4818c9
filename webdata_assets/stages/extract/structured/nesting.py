"""Elements that describe things → objects within objects, as microdata and RDFa both nest them.

What belongs here: which thing an element belongs to, and the bounds that keep hostile pages cheap. What does
not: attributes of either syntax.
"""

import html
import re
from collections.abc import Iterable
from typing import Any

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.structured.objects import JsonObject

MAX_DEPTH = 24
"""Objects within objects; what lies deeper is left out."""
MAX_PROPERTIES = 20_000
"""Properties of one page; those after are left out."""
_MAX_NESTED_TEXTS = 12
"""Properties within properties whose text is read: each reads that of all within it again."""
_UNSEEN = re.compile(r"<(script|style|template|noscript|svg|iframe|object)\b.*?</\1>", re.DOTALL)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|data|em|font|i|kbd|label|mark|q|s|small|span|strong|sub|sup|time|u|var|wbr)"
    r'(?=[\s>])[^">]*(?:"[^"]*"[^">]*)*>'
)
_OTHER_MARKUP = re.compile(r'<!--.*?-->|<[^">]*(?:"[^"]*"[^">]*)*>', re.DOTALL)


class Nesting:
    """The things of one page by the elements that open them, each in at most one other thing.

    An object is placed once, so that no reference makes a cycle, or a page that is larger than its markup.
    """

    def __init__(self, nodes: Iterable[LexborNode], scopes: Iterable[int]) -> None:
        """Take the page's marked elements, and the `mem_id` of those that open a thing, in its order."""
        self.objects: dict[int, JsonObject] = {scope: {} for scope in scopes}
        self._marked = {node.mem_id for node in nodes}
        self._around: dict[int, tuple[int | None, int]] = {}
        self._holder: dict[int, int] = {}
        self._height: dict[int, int] = {}
        self._count = 0

    def scope_of(self, node: LexborNode) -> int | None:
        """Return the thing whose element is nearest around a node, itself not counted."""
        return self._place_of(node)[0]

    def text_of(self, node: LexborNode) -> str:
        """Return a node's text on one line, empty within too many other properties."""
        only = node.first_child
        if only is None:
            return ""
        if only.is_text_node and only.next is None:
            return " ".join((only.text_content or "").split())
        return _line(node.inner_html or "") if self._place_of(node)[1] <= _MAX_NESTED_TEXTS else ""

    def add(self, scope: int, name: str, value: Any) -> None:
        """Add a property's value to a thing: alone, or to the list of its values."""
        if self.is_full:
            return
        self._count += 1
        item = self.objects[scope]
        if name not in item:
            item[name] = value
        elif isinstance(item[name], list):
            item[name].append(value)
        else:
            item[name] = [item[name], value]

    @property
    def is_full(self) -> bool:
        """Whether the page has as many properties as are read."""
        return self._count >= MAX_PROPERTIES

    def place(self, scope: int, holder: int) -> bool:
        """Put one thing into another; return whether it may be there: once, in no circle, not too deep."""
        if scope in self._holder:
            return False
        above = [holder]
        while (outer := self._holder.get(above[-1])) is not None:
            above.append(outer)
        height = self._height.get(scope, 0)
        if scope in above or len(above) + height > MAX_DEPTH:
            return False
        self._holder[scope] = holder
        for distance, outer in enumerate(above, start=1):
            self._height[outer] = max(self._height.get(outer, 0), height + distance)
        return True

    def outermost(self) -> tuple[JsonObject, ...]:
        """Return the things that are in no other one and of which something is said."""
        return tuple(item for scope, item in self.objects.items() if item and scope not in self._holder)

    def _place_of(self, node: LexborNode) -> tuple[int | None, int]:
        """Return the nearest thing around a node and how many marked elements are, each step taken once."""
        passed: list[int] = []
        current = node.parent
        place: tuple[int | None, int] = (None, 0)
        while current is not None:
            identity = current.mem_id
            if identity in self._around:
                place = self._around[identity]
                break
            passed.append(identity)
            current = current.parent
        for identity in reversed(passed):
            if identity in self._marked:
                place = (identity if identity in self.objects else place[0], place[1] + 1)
            self._around[identity] = place
        return place


def _line(markup: str) -> str:
    """Return the text in serialised HTML on one line; a property may hold a whole article.

    Serialised, an attribute's value stands in double quotes and has none in it, so that patterns do.
    """
    text = _OTHER_MARKUP.sub(" ", _INLINE.sub("", _UNSEEN.sub(" ", markup)))
    return " ".join((html.unescape(text) if "&" in text else text).split())
