"""Pagination found at run time: the next page of a list whose rule does not say where its link stands.

In this order: a link that says so itself (`rel=next`); a link in words or as an arrow ("Next", "›"), if it
stands among page numbers or in something that is called a pagination; the page number after the current one.

What belongs here: these rules. What does not: lists with a selector of their own (listing.py).
"""

import re
from collections.abc import Iterator
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from webdata_assets.stages.crawl.discovery.found import resolve_link

_WORDS = frozenset((
    "next", "next page", "older", "older posts", "older entries", "show next", "more results",
    "weiter", "vor", "nächste", "nächste seite", "ältere beiträge", "suivant", "suivante", "page suivante",
    "siguiente", "página siguiente", "seguinte", "próxima", "próximo", "próxima página", "successiva",
    "successivo", "pagina successiva", "avanti", "volgende", "volgende pagina", "nästa", "nästa sida",
    "neste", "næste", "następna", "następna strona", "dalej", "další", "sonraki", "следующая", "далее",
    "вперёд", "次へ", "次のページ", "下一页", "下一頁", "다음",
))  # fmt: skip
_ARROWS = frozenset((">", ">>", "›", "»", "→", "▶", "►", "⟩", "❯", "⇒"))
_ORNAMENT = re.compile(r"[\s<>«»‹›→←▶►⟩❯⇒.…:|]+")
_PAGINATION = re.compile(r"pag(?:e[-_ ]?nav|er\b|er[-_]|ing|inat)|wp-pagenavi|page-numbers", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,5}")
_DIGITS = re.compile(r"\d+")
_LEVELS = 5
"""How far above a link its pagination's element may be."""
_MAX_LINKS = 200
"""A larger element is no pagination but a part of the page."""
_MAX_CANDIDATES = 100
"""Links that are looked at closely; their surroundings may be as large as the page."""


def find_next(tree: LexborHTMLParser, base: str, url: str) -> str | None:
    """Return the canonical URL of a list's next page, None where nothing tells it for certain.

    Args:
        tree: of the list's page.
        base: what its relative links go by.
        url: its own, canonical.
    """
    large: dict[int, bool] = {}
    candidates = (resolve_link(href, base) for href in _candidates(tree, large) if href)
    following = next((found for found in candidates if found not in (None, url)), None)
    if following is not None:
        return following
    numbered = (resolve_link(href, base) for href in _after_current(tree, large) if href)
    return next((found for found in numbered if found not in (None, url) and _is_sibling(found, url)), None)


def _candidates(tree: LexborHTMLParser, large: dict[int, bool]) -> Iterator[str | None]:
    for node in tree.css("link[rel][href], a[rel][href], area[rel][href]"):
        if "next" in (node.attributes.get("rel") or "").lower().split():
            yield node.attributes.get("href")
    for link in islice(filter(_says_next, tree.css("a[href]")), _MAX_CANDIDATES):
        if any(_is_pagination(box) for box in _boxes(link, large)):
            yield link.attributes.get("href")


def _after_current(tree: LexborHTMLParser, large: dict[int, bool]) -> Iterator[str | None]:
    numbered = ((link, _number_of(link)) for link in tree.css("a[href]"))
    for link, number in islice((pair for pair in numbered if pair[1] is not None), _MAX_CANDIDATES):
        if any(_current(box) == (number or 0) - 1 for box in _boxes(link, large)):
            yield link.attributes.get("href")


def _is_sibling(found: str, url: str) -> bool:
    """Return whether two URLs differ in numbers only, or the one goes on where the path of the other ends."""
    one, other = (_DIGITS.sub("0", address) for address in (found, url))
    return one == other or one.startswith(other.partition("?")[0].rstrip("/"))


def _says_next(link: LexborNode) -> bool:
    text = link.text(strip=True)
    if text in _ARROWS:
        return True
    said = (text, link.attributes.get("aria-label") or "", link.attributes.get("title") or "")
    return any(_ORNAMENT.sub(" ", words).strip().casefold() in _WORDS for words in said)


def _boxes(link: LexborNode, large: dict[int, bool]) -> Iterator[LexborNode]:
    """Yield the elements around a link that are small enough for a pagination; `large` remembers sizes."""
    box = link.parent
    for _ in range(_LEVELS):
        if box is None or box.tag in ("body", "html", "main"):
            return
        if box.mem_id not in large:
            large[box.mem_id] = len(box.css("a")) > _MAX_LINKS
        if large[box.mem_id]:
            return
        yield box
        box = box.parent


def _is_pagination(box: LexborNode) -> bool:
    named = " ".join(box.attributes.get(name) or "" for name in ("class", "id", "aria-label", "role"))
    if _PAGINATION.search(named):
        return True
    numbers = {number for number in map(_number_of, box.css("a[href]")) if number is not None}
    return any(number + 1 in numbers for number in numbers) or _current(box) in {
        number - 1 for number in numbers
    }


def _current(box: LexborNode) -> int | None:
    """Return the number of the current page: the one that is marked as such, or that is no link."""
    for node in box.css("[aria-current], .current, .active, .selected, strong, b, em, span"):
        number = _number_of(node)
        if number is not None and ("aria-current" in node.attributes or not _is_linked(node)):
            return number
    return None


def _is_linked(node: LexborNode) -> bool:
    within = node.tag == "a" or (node.parent is not None and node.parent.tag == "a")
    return within or node.css_first("a[href]") is not None


def _number_of(node: LexborNode) -> int | None:
    text = node.text(strip=True)
    return int(text) if _NUMBER.fullmatch(text) else None
