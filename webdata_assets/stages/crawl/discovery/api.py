"""JSON APIs: pages of a listing that are content themselves, and that say where the next page is.

What belongs here: the four ways of saying it. What does not: how many pages a listing may have (walk.py).
"""

import functools
import re
from typing import Any

import jmespath

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverApi
from webdata_assets.stages.crawl.discovery.found import Found, Page, unreadable
from webdata_assets.stages.crawl.discovery.json import load_json
from webdata_assets.stages.crawl.discovery.link_header import parse_link_header
from webdata_assets.stages.crawl.urls import canonical_url, parameter_of, with_parameter

_FIRST_PAGE = 1
_NUMBER = re.compile(r"\d{1,18}")


def discover_api(rule: DiscoverApi, page: Page, *, requested_url: str) -> list[Found]:
    """Return the next page of the listing, if there is one.

    Args:
        rule: says where the cursor or the items are, and which parameter the next page is asked for by. A
            cursor that is itself an absolute URL is the next page.
        page: the response; with `link_header` its headers too.
        requested_url: the page's URL before redirects: the next page is asked for in the same way.

    Raises:
        PermanentError: PARSE, when the response is no JSON, or what it says of the next page cannot be
            understood; RESOURCE, as load_json does; CONFIGURATION, when the URL's own page number or offset
            is no number.
    """
    try:
        answer = load_json(page.body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise unreadable(page, "JSON") from error
    if rule.link_header:
        url = _linked(page)
    elif rule.page_param is not None:
        url = _counted(rule, answer, page, requested_url, rule.page_param, _FIRST_PAGE)
    elif rule.offset_param is not None:
        url = _counted(rule, answer, page, requested_url, rule.offset_param, 0)
    elif rule.cursor is not None:
        url = _pointed(rule, answer, page, requested_url)
    else:
        url = None
    return [] if url is None else [Found(url, "both")]


def _linked(page: Page) -> str | None:
    for link in parse_link_header(page.headers.get("link", "")):
        # a link with an anchor starts from elsewhere
        if "next" in link.relations and link.anchor is None:
            return _next_url(link.target, page)
    return None


def _counted(
    rule: DiscoverApi, answer: object, page: Page, requested_url: str, parameter: str, first: int
) -> str | None:
    assert rule.items is not None
    items = _search(rule.items, "items", answer)
    if items is not None and not isinstance(items, list | dict):
        raise _misunderstood("items", rule.items, items, "a list")
    if not items:
        return None
    own = parameter_of(requested_url, parameter)
    if own is not None and not _NUMBER.fullmatch(own):
        raise PermanentError(
            f"the parameter {parameter!r} of {requested_url} is no number; start the listing at one",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    step = len(items) if rule.offset_param else 1
    number = (first if own is None else int(own)) + step
    return _next_url(with_parameter(requested_url, parameter, str(number)), page)


def _pointed(rule: DiscoverApi, answer: object, page: Page, requested_url: str) -> str | None:
    assert rule.cursor is not None
    cursor = _search(rule.cursor, "cursor", answer)
    if cursor is None or cursor is False or cursor == "":
        return None
    if isinstance(cursor, bool) or not isinstance(cursor, str | int):
        raise _misunderstood("cursor", rule.cursor, cursor, "text or a number")
    text = str(cursor)
    if text.startswith(("http://", "https://")):
        return _next_url(text, page)
    return _next_url(with_parameter(requested_url, rule.cursor_param, text), page)


def _next_url(link: str, page: Page) -> str:
    try:
        return canonical_url(link, page.url)
    except PermanentError as error:
        # a listing that ended here would look whole
        raise PermanentError(
            f"the next page is not to be had: {error}", failure_domain=FailureDomain.PARSE
        ) from error


def _search(expression: str, name: str, answer: object) -> object:
    try:
        return _compile(expression).search(answer)
    except (ValueError, TypeError) as error:
        # jmespath's own errors, and those of what it compares or adds without looking
        raise PermanentError(
            f"the {name} {expression!r} does not fit the response: {error}",
            failure_domain=FailureDomain.PARSE,
        ) from error


def _misunderstood(name: str, expression: str, value: object, expected: str) -> PermanentError:
    return PermanentError(
        f"the {name} {expression!r} is a {type(value).__name__}, not {expected}",
        failure_domain=FailureDomain.PARSE,
    )


@functools.lru_cache(maxsize=64)
def _compile(expression: str) -> Any:
    return jmespath.compile(expression)
