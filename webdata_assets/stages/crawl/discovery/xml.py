"""XML as discovery reads it: no entities, no DTD, nothing fetched, and memory that does not grow.

What belongs here: what feed.py and sitemap.py share. What does not: either format.
"""

import re
from typing import Any, Final

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.discovery.density import check_density

SAFE: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""Options for lxml's parsers."""

_COSTS: Final = {b"<": 123, b"</": -123, b'"': 100, b"'": 100}
"""What libxml2 takes for an element, and for an attribute, whose value stands between two quotes."""
_CDATA: Final = re.compile(rb"<!\[CDATA\[.*?\]\]>", re.DOTALL)
_MAX_CDATA: Final = 100_000
"""More of them are not told from markup, which takes too long."""
_WIDE: Final = (
    (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
    (b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"),
)  # fmt: skip
"""Beginnings of documents whose markup is no ASCII: byte order marks, and a bare `<`."""
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>")
_DTD = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|<\?(?s:.*?)\?>|<!--(?s:.*?)-->)*+"
    rb"<!DOCTYPE\s(?:[^\[>\"']|\"[^\"]*\"|'[^']*')*+(\[)?"
)


def plain_xml(body: bytes) -> bytes:
    """Return the document in an encoding whose markup is ASCII.

    Raises:
        PermanentError: PARSE, when it declares entities or a DTD of its own. A DOCTYPE that only names a
            DTD, as old feeds have, is harmless: it is not loaded. RESOURCE, when its elements and attributes
            are so many that memory would not hold them: those between entries, and within one, stay.
    """
    encoding = next((encoding for start, encoding in _WIDE if body.startswith(start)), None)
    if encoding is not None:
        # the declaration would still name the old encoding
        body = _DECLARATION.sub("", body.decode(encoding, "replace").lstrip("\ufeff"), count=1).encode()
    doctype = _DTD.match(body)
    if doctype is not None and doctype[1]:
        raise PermanentError(
            "the XML declares entities or a DTD of its own, and such XML is not read",
            failure_domain=FailureDomain.PARSE,
        )
    check_density(body, _COSTS, _markup, "XML")
    return body


def _markup(body: bytes) -> list[bytes]:
    return _CDATA.split(body) if body.count(b"<![CDATA[") <= _MAX_CDATA else [body]


def local_name(tag: object) -> str:
    """Return an element's name without its namespace; prefixes that nothing declares stay."""
    return str(tag).rpartition("}")[2]


def forget(element: Any) -> None:
    """Let go of an element that was read, and of its elder siblings, so that memory does not grow."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
