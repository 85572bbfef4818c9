"""Barriers: pages that stand in a page's place, such as a login, a captcha or "not found" under status 200.

What belongs here: which signs make a barrier; in doubt a page is content. What does not: the signs
(signs.py), what a page says (view.py), and what becomes of the URL (visit.py).
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from webdata_assets.errors import PermanentError
from webdata_assets.stages.crawl.barriers import signs
from webdata_assets.stages.crawl.barriers.view import View, look_at, title_parts
from webdata_assets.stages.crawl.discovery.found import Page

Kind = Literal["login", "consent", "captcha", "soft_404", "empty"]

_MAX_BYTES: Final = 1_000_000
"""No barrier is larger."""
_TITLE_WITHIN: Final = 20_000
_TITLE_BYTES: Final = 500
_LINKS_OF_CONTENT: Final = 3
_PLACES_ASIDE: Final = (signs.LOGIN_PLACE, signs.CONSENT_PLACE, signs.WALL_PLACE, signs.NOT_FOUND_PLACE)

# Counts of words; see View.
_WALL: Final = 150
_FORM: Final = 300
_NOTICE: Final = 80
_SHELL: Final = 15

_SIGNS_OF_NOT_FOUND: Final = 2


@dataclass(frozen=True)
class Barrier:
    """What stands in a page's place, and by what it was known."""

    kind: Kind
    reason: str


def find_barrier(page: Page, *, requested_url: str, status: int) -> Barrier | None:
    """Return what stands in the place of a page, None where it is the page itself.

    Args:
        page: as it came, with its headers and the URL where redirects ended.
        requested_url: as it was asked for. A login page that was itself asked for is no barrier.
        status: of the response; what it says already is not said again.
    """
    if page.headers.get("cf-mitigated") == "challenge":
        return Barrier("captcha", "Cloudflare's challenge")
    aside = page.url != requested_url and _leads_aside(page.url, requested_url)
    if not page.is_html or len(page.body) > _MAX_BYTES or not (aside or _is_suspicious(page.body)):
        return None
    try:
        view = look_at(page)
    except PermanentError:
        # no barrier is nested so deep that it cannot be parsed
        return None
    return (
        _wall(page, view, requested_url)
        or _login(page, view, requested_url)
        or _consent(page, view, requested_url)
        or (_soft_404(page, view, requested_url) if status < 400 else None)
        or _shell(view)
    )


def _is_suspicious(body: bytes) -> bool:
    """Return whether a page must be looked at: its title tells, or it has next to no links."""
    title = _title_of(body)
    if any(words in title for words in signs.WALL_WORDS):
        return True
    parts = title_parts(title)
    if any(part in signs.CONSENT_WORDS or signs.LOGIN.fullmatch(part) for part in parts):
        return True
    if any(signs.NOT_FOUND.fullmatch(part) for part in parts):
        return True
    position = 0
    for _ in range(_LINKS_OF_CONTENT):
        position = body.find(b"</a>", position) + 1
        if not position:
            return True
    return False


def _title_of(body: bytes) -> str:
    """Return the title as far as it can be had without parsing, in lower case."""
    start = body.find(b"<title", 0, _TITLE_WITHIN)
    if start < 0:
        start = body.find(b"<TITLE", 0, _TITLE_WITHIN)
    if start < 0:
        return ""
    raw = body[start : start + _TITLE_BYTES].partition(b">")[2].partition(b"<")[0]
    return " ".join(html.unescape(raw.decode("utf-8", "replace")).split()).casefold()


def _leads_aside(url: str, requested_url: str) -> bool:
    """Return whether a redirect ended at a place of barriers, or at the site's front page."""
    return any(_arrived(place, url, requested_url) for place in _PLACES_ASIDE) or _is_sent_home(
        url, requested_url
    )


def _arrived(place: re.Pattern[str], url: str, requested_url: str) -> bool:
    return place.search(url) is not None and place.search(requested_url) is None


def _wall(page: Page, view: View, requested_url: str) -> Barrier | None:
    if view.words > _WALL:
        return None
    says = view.says_part_of(signs.WALL_WORDS)
    mark = _mark(page.body, signs.WALL_MARKS)
    if mark is not None and (says or not view.has_content):
        return Barrier("captcha", mark)
    captcha = _mark(page.body, signs.CAPTCHA_MARKS)
    if captcha is not None and says:
        return Barrier("captcha", f"nothing but a captcha ({captcha})")
    if _arrived(signs.WALL_PLACE, page.url, requested_url):
        return Barrier("captcha", f"led to {_path(page.url)}")
    if view.words < _NOTICE and says and signs.REFUSAL.search(view.text):
        return Barrier("captcha", "a refusal in place of the page")
    return None


def _login(page: Page, view: View, requested_url: str) -> Barrier | None:
    if signs.LOGIN_PLACE.search(requested_url) or view.words > _FORM:
        return None
    asks = view.has("input[type=password]")
    if _arrived(signs.LOGIN_PLACE, page.url, requested_url) and (asks or view.says(signs.LOGIN)):
        return Barrier("login", f"led to the login at {_path(page.url)}")
    if asks and any(signs.LOGIN.fullmatch(part) for part in view.titles) and view.prose < _NOTICE:
        return Barrier("login", "a login in place of the page")
    return None


def _consent(page: Page, view: View, requested_url: str) -> Barrier | None:
    if signs.CONSENT_PLACE.search(requested_url):
        return None
    if page.url != requested_url and signs.CONSENT_PLACE.search(page.url):
        return Barrier("consent", f"led to {_path(page.url)}")
    if view.words > _FORM or not any(part in signs.CONSENT_WORDS for part in view.titles):
        return None
    if signs.PRIVACY_PLACE.search(requested_url) or not view.offers(signs.ACCEPT_WORDS):
        return None
    return Barrier("consent", "a question for consent in place of the page")


def _soft_404(page: Page, view: View, requested_url: str) -> Barrier | None:
    if signs.NOT_FOUND_PLACE.search(requested_url):
        return None
    if _is_sent_home(page.url, requested_url):
        return Barrier("soft_404", "led to the site's front page")
    arrived = _arrived(signs.NOT_FOUND_PLACE, page.url, requested_url)
    title = any(signs.NOT_FOUND.fullmatch(part) for part in view.titles)
    heading = any(signs.NOT_FOUND.fullmatch(words) for words in view.headings)
    if not (arrived or title or heading) or view.prose > _NOTICE or view.is_typed:
        return None
    sentence = signs.NOT_FOUND_SENTENCE.search(view.text) is not None
    if arrived + title + heading + sentence < _SIGNS_OF_NOT_FOUND:
        return None
    if arrived:
        return Barrier("soft_404", f"led to {_path(page.url)}")
    return Barrier("soft_404", "the page says that it was not found")


def _shell(view: View) -> Barrier | None:
    if view.words > _SHELL or view.has_content or not view.scripts:
        return None
    if view.has_mount:
        return Barrier("empty", "an application's empty frame, which JavaScript would fill")
    if signs.NEEDS_JAVASCRIPT.search(view.noscript) or signs.NEEDS_JAVASCRIPT.search(view.text):
        return Barrier("empty", "nothing but a request to turn JavaScript on")
    return None


def _mark(body: bytes, marks: Mapping[bytes, str]) -> str | None:
    return next((name for mark, name in marks.items() if mark in body), None)


def _is_sent_home(url: str, requested_url: str) -> bool:
    """Return whether a redirect from below led to the root, with nothing of what was asked for."""
    asked, given = urlsplit(requested_url), urlsplit(url)
    if given.path != "/" or given.query or asked.path == "/":
        return False
    same_site = (asked.hostname or "").removeprefix("www.") == (given.hostname or "").removeprefix("www.")
    return same_site and signs.FRONT_PAGE.fullmatch(asked.path) is None


def _path(url: str) -> str:
    return urlsplit(url).path[:100]
