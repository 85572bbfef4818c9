"""A page as the rules of barriers see it: what it says, and how much there is to read.

What belongs here: reading the tree. What does not: what that means (barriers.py).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser, LexborNode

from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets.stages.crawl.discovery.html import parse_tree
from webdata_assets.stages.extract.decode import decode

_TITLE_PARTS = re.compile(r"\s+[|·•–—:»«/-]+\s+|\s*[|·•»«]\s*|:\s+")
_UNSEEN = ["script", "style", "template", "svg", "noscript"]
_CHARACTERS_OF_WORD = 6
_MAX_HEADINGS = 4
_MOUNTS = frozenset((
    "root", "app", "main", "application", "react-root", "reactroot", "app-root", "root-app", "app-container",
    "__next", "__nuxt", "___gatsby", "svelte", "ember", "mount", "q-app", "content", "wrapper", "page",
))  # fmt: skip
"""Identifiers of the elements that applications draw in."""
_OPEN_GRAPH_CONTENT = re.compile(r"article|product|profile|video|book|music", re.IGNORECASE)
_JSON_LD_CONTENT = re.compile(
    r'"@type"\s*:\s*\[?\s*"(?:\w*Article|\w*Posting|Product\w*|Recipe|Event|Movie|Book|Video\w*|Dataset|Course)"'
)


@dataclass(frozen=True, eq=False)
class View:
    """One page; texts in lower case, with single spaces.

    Attributes:
        titles: the parts of its title.
        headings: its first headings.
        text: what a reader sees without JavaScript.
        noscript: what is said where JavaScript is off.
        scripts: how many it has.
        is_typed: whether its metadata say that it is an article, a product or the like.
        has_data: whether it has JSON-LD of whatever type, which may be all that is wanted of it.
        tree: without what is not seen.
    """

    titles: frozenset[str]
    headings: frozenset[str]
    text: str
    noscript: str
    scripts: int
    is_typed: bool
    has_data: bool
    tree: LexborHTMLParser

    @cached_property
    def words(self) -> int:
        """How many words a reader sees; scripts without spaces count by characters."""
        return _count(self.text)

    @cached_property
    def prose(self) -> int:
        """How many of the words stand in paragraphs, cells, terms and quotations."""
        return sum(_count(_text_of(node)) for node in self.tree.css("p, td, dd, blockquote, pre, article li"))

    @property
    def has_content(self) -> bool:
        """Whether something other than text may be the page's content."""
        return (
            self.is_typed
            or self.has_data
            or self.has("img, picture, video, audio, object, embed, frame, canvas, table")
        )

    @property
    def has_mount(self) -> bool:
        """Whether an element that applications draw in stands empty."""
        ids = ((node, (node.attributes.get("id") or "").lower()) for node in self.tree.css("[id]"))
        named = (node for node, name in ids if name in _MOUNTS)
        custom = (node for node in self.tree.css("body > *") if "-" in (node.tag or ""))
        return any(not _text_of(node) for node in (*named, *custom))

    def has(self, selector: str) -> bool:
        """Return whether an element is on the page."""
        return self.tree.css_first(selector) is not None

    def says(self, phrase: re.Pattern[str]) -> bool:
        """Return whether a heading or a part of the title says this, and nothing else."""
        return any(phrase.fullmatch(said) for said in (*self.titles, *self.headings))

    def says_part_of(self, phrases: Iterable[str]) -> bool:
        """Return whether a heading or a part of the title has one of the phrases in it."""
        said = [*self.titles, *self.headings]
        return any(phrase in text for phrase in phrases for text in said)

    def offers(self, labels: frozenset[str]) -> bool:
        """Return whether a button or link has one of the labels."""
        for node in self.tree.css("button, a, input[type=submit], input[type=button]"):
            if (_text_of(node) or _plain(node.attributes.get("value") or "")) in labels:
                return True
        return False


def title_parts(title: str) -> list[str]:
    """Return a title, and its parts, which sites put between their own name and the page's."""
    parts = [part for part in _TITLE_PARTS.split(title) if part]
    return parts if len(parts) == 1 else [title, *parts]


def look_at(page: Page) -> View:
    """Return the view of an HTML page. Raises as parse_tree does."""
    tree = parse_tree(decode(page.body, page.content_type))
    title = tree.css_first("title")
    parts = title_parts(_plain(title.text())) if title is not None else []
    graph = tree.css('meta[property="og:type"]')
    is_typed = any(_OPEN_GRAPH_CONTENT.search(node.attributes.get("content") or "") for node in graph)
    data = tree.css('script[type="application/ld+json"]')
    is_typed = is_typed or any(_JSON_LD_CONTENT.search(node.text()) for node in data)
    noscript = " ".join(_text_of(node) for node in tree.css("noscript"))
    scripts = len(tree.css("script"))
    tree.strip_tags(_UNSEEN)
    return View(
        titles=frozenset(parts),
        headings=frozenset(_text_of(node) for node in tree.css("h1, h2, h3")[:_MAX_HEADINGS]),
        text=_text_of(tree.body) if tree.body is not None else "",
        noscript=noscript,
        scripts=scripts,
        is_typed=is_typed,
        has_data=bool(data),
        tree=tree,
    )


def _text_of(node: LexborNode) -> str:
    return _plain(node.text(separator=" "))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _count(text: str) -> int:
    return max(len(text.split()), len(text) // _CHARACTERS_OF_WORD)
