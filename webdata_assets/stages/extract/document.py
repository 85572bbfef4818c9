"""One page, decoded and parsed once, as every extractor takes it.

What belongs here: telling HTML from JSON, and the parsed value. What does not: what is read from it.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import ada_url
import orjson
from selectolax.lexbor import LexborHTMLParser

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.exact_json import load_exact
from webdata_assets.stages.extract.decode import decode
from webdata_assets.stages.extract.structured import StructuredData, read_structured
from webdata_assets.stages.extract.visible_text import text_of

Format = Literal["html", "json", "either"]

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_UNTOLD_TYPES = frozenset({"", "text/plain", "application/octet-stream"})
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_SNIFFED_CHARACTERS = 2_048
_PERMALINK_SIGNS = frozenset("¶#§🔗∞")


@dataclass(frozen=True, eq=False)
class Document:
    """A parsed page.

    Attributes:
        url: where the page was found after redirects; relative links start there.
        text: the decoded payload, without permalinks.
        tree: the parsed HTML; None for JSON.
        data: the parsed JSON; None for HTML.
    """

    url: str
    text: str
    tree: LexborHTMLParser | None = None
    data: object = None

    @cached_property
    def base_url(self) -> str:
        """What relative links of the page are relative to: `<base href>`, or the page's own address."""
        base = self.tree.css_first("base[href]") if self.tree else None
        if base is None:
            return self.url
        try:
            return ada_url.URL((base.attributes["href"] or "").strip(), base=self.url).href
        except ValueError:
            return self.url

    @cached_property
    def structured(self) -> StructuredData:
        """JSON-LD and meta elements; empty for JSON."""
        return read_structured(self.tree) if self.tree else StructuredData()

    @cached_property
    def visible_text(self) -> str:
        """The whole page as its reader sees it; for JSON the payload itself."""
        if self.tree is None:
            return self.text
        return text_of(self.tree.body) if self.tree.body else ""

    @cached_property
    def language_tag(self) -> str | None:
        """The page's own word on its language, such as `en-US`, as it stands there."""
        root = self.tree.css_first("html") if self.tree else None
        tag = (root.attributes.get("lang") or root.attributes.get("xml:lang")) if root else None
        return tag or self.structured.meta_value("content-language", "og:locale")

    @property
    def month_first(self) -> bool:
        """Whether 3/4/2026 is the fourth of March here: on pages in American or unspecified English."""
        tag = (self.language_tag or "").strip().lower().replace("_", "-")
        return tag in {"en", "en-us"}


def parse_document(url: str, body: bytes, content_type: str | None, wanted: Format) -> Document:
    """Decode and parse a page.

    Raises:
        PermanentError: PARSE, when the body is empty or is not of the wanted format; the message says why.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if not body.strip():
        raise _unreadable("empty body")
    text = decode(body, content_type)
    is_json_type = media_type == "application/json" or media_type.endswith("+json")
    looks_like_json = text.lstrip()[:1] in {"{", "["}
    if wanted == "json" or (wanted == "either" and (is_json_type or looks_like_json)):
        return Document(url, text, data=_parse_json(text, media_type))
    start = text[:_SNIFFED_CHARACTERS]
    if not _is_html(start, media_type):
        raise _unreadable(f"not HTML, but {media_type or 'of unknown type'}")
    if looks_like_json and not _HTML_START.match(start):
        raise _unreadable(
            f"not HTML, though sent as {media_type or 'nothing in particular'}: it looks like JSON"
        )
    tree = LexborHTMLParser(text)
    return Document(url, (tree.html or "") if _drop_permalinks(tree) else text, tree=tree)


def _drop_permalinks(tree: LexborHTMLParser) -> bool:
    """Remove the signs by which headings link to themselves, and return whether there were any.

    Readers see them under the mouse only; in a title or a text they are noise.
    """
    links = [link for link in tree.css('a[href^="#"]') if link.text().strip() in _PERMALINK_SIGNS]
    for link in links:
        link.decompose()
    return bool(links)


def _parse_json(text: str, media_type: str) -> object:
    try:
        return load_exact(text)
    except orjson.JSONDecodeError as error:
        told = f" (sent as {media_type})" if media_type else ""
        raise _unreadable(f"not JSON{told}: {error}") from error


def _is_html(start: str, media_type: str) -> bool:
    if media_type in _HTML_TYPES or _HTML_START.match(start):
        return True
    head = start.lstrip()
    return media_type in _UNTOLD_TYPES and head.startswith("<") and not head.startswith("<?xml")


def _unreadable(reason: str) -> PermanentError:
    return PermanentError(reason, failure_domain=FailureDomain.PARSE)
