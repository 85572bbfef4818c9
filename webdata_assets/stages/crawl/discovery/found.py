"""The values of discovery: a page that is read for URLs, and a URL found on it.

What belongs here: these two, and what every way does with a raw link. What does not: reading pages.
"""

import datetime as dt
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.urls import canonical_url

Role = Literal["discovery", "content", "both"]

MAX_LINKS = 250_000
"""Of one page: five times what a sitemap may name. More are a trap, and take more memory than a page may."""


@dataclass(frozen=True)
class Page:
    """A payload to read.

    Attributes:
        url: where redirects ended: what relative links are resolved against.
        body: decompressed.
        content_type: as the server said it; None where it said nothing.
        headers: of the response, names in lower case; empty where they are not known any more, as with a
            page that did not change.
    """

    url: str
    body: bytes = field(repr=False)
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_html(self) -> bool:
        """Whether the server, or failing that the first bytes, say that this is HTML."""
        if self.content_type:
            return "html" in self.content_type.lower()
        return _start(self.body).startswith(b"<")


@dataclass(frozen=True, order=True)
class Found:
    """A URL that a page names.

    Attributes:
        url: canonical.
        role: what it is to be read for.
        last_modified: the last moment at which the page may have changed, as the list says; None where it
            says nothing.
    """

    url: str
    role: Role
    last_modified: dt.datetime | None = field(default=None, compare=False)


def resolve_links(links: Iterable[str | None], base: str, role: Role) -> list[Found]:
    """Return the canonical forms of the links that are http or https URLs, each once, in order.

    Raises:
        PermanentError: RESOURCE, when there are more than MAX_LINKS.
    """
    given = list(islice(links, MAX_LINKS + 1))
    if len(given) > MAX_LINKS:
        raise too_many_links()
    folder = _folder_of(base)
    urls: dict[str | None, None] = {}
    within = False
    for link in dict.fromkeys(given):
        if not link:
            continue
        if link[0] == "#":
            # all links within a page lead to the page
            if not within:
                urls[resolve_link("#", base)] = None
            within = True
        elif folder is not None and _PATH_OR_WHOLE.match(link):
            # the pages of a site share folders and many of their links, which are then resolved once
            urls[_resolve_known(link.partition("#")[0], folder)] = None
        else:
            urls[resolve_link(link, base)] = None
    urls.pop(None, None)
    return [Found(url, role) for url in urls if url is not None]


_PATH_OR_WHOLE = re.compile(r"(?=[^\x00-\x20\s]{1,500}\Z)(?:https?://|[^:?#]+(?:[?#]|\Z))")
"""Links without spaces that depend on the folder of the page at most, not on its name or query."""


def _folder_of(base: str) -> str | None:
    """Return a plain URL up to its last slash."""
    end = base.partition("?")[0].rfind("/", len("https://"))
    return base[: end + 1] if end > 0 and "#" not in base else None


def resolve_link(link: str, base: str) -> str | None:
    """Return the canonical form of a link, None if it is no http or https URL."""
    try:
        return canonical_url(link, base)
    except PermanentError:
        # mailto:, javascript:, typing errors: a page may name what nobody can visit
        return None


_resolve_known = functools.lru_cache(maxsize=16_384)(resolve_link)


def is_html(body: bytes) -> bool:
    """Return whether a body begins as HTML documents do."""
    return _start(body).lower().startswith((b"<!doctype html", b"<html"))


def too_many_links() -> PermanentError:
    """Return the error of a page that names more than MAX_LINKS."""
    return PermanentError(
        f"the page names more than {MAX_LINKS} links", failure_domain=FailureDomain.RESOURCE
    )


def unreadable(page: Page, expected: str) -> PermanentError:
    """Return the error for a page that is not what its rule expects, saying what came in its place."""
    if not page.body.strip():
        got = "an empty body"
    elif is_html(page.body):
        got = "HTML"
    else:
        got = "something else"
    said = f" ({page.content_type})" if page.content_type else ""
    return PermanentError(f"expected {expected}, got {got}{said}", failure_domain=FailureDomain.PARSE)


def _start(body: bytes) -> bytes:
    return body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
