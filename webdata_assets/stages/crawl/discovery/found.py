"""The values of discovery: a page that is read for URLs, and a URL found on it.

What belongs here: these two, and what every way does with a raw link. What does not: reading pages.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.urls import canonical_url

Role = Literal["discovery", "content", "both"]


@dataclass(frozen=True)
class Page:
    """A payload to read.

    Attributes:
        url: where redirects ended: what relative links are resolved against.
        body: decompressed.
        content_type: as the server said it; None where it said nothing.
    """

    url: str
    body: bytes = field(repr=False)
    content_type: str | None = None

    @property
    def is_html(self) -> bool:
        """Whether the server, or failing that the first bytes, say that this is HTML."""
        if self.content_type:
            return "html" in self.content_type.lower()
        return self.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


@dataclass(frozen=True, order=True)
class Found:
    """A URL that a page names, canonical, and what it is to be read for."""

    url: str
    role: Role


def resolve_links(links: Iterable[str | None], base: str, role: Role) -> list[Found]:
    """Return the canonical forms of the links that are http or https URLs, each once, in order."""
    found = {}
    for link in links:
        if not link:
            continue
        try:
            url = canonical_url(link, base)
        except PermanentError:
            # mailto:, javascript:, typing errors: a page may name what nobody can visit
            continue
        found[url] = Found(url, role)
    return list(found.values())


def unreadable(page: Page, expected: str) -> PermanentError:
    """Return the error for a page that is not what its rule expects, saying what came in its place."""
    if not page.body.strip():
        got = "an empty body"
    elif page.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
        got = "HTML"
    else:
        got = "something else"
    said = f" ({page.content_type})" if page.content_type else ""
    return PermanentError(f"expected {expected}, got {got}{said}", failure_domain=FailureDomain.PARSE)
