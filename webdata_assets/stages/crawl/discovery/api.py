"""JSON APIs: pages of a listing that are content themselves, and that carry the next page's cursor."""

import functools
from typing import Any

import jmespath

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverApi
from webdata_assets.stages.crawl.discovery.found import Found, Page, resolve_links, unreadable
from webdata_assets.stages.crawl.urls import with_parameter


def discover_api(rule: DiscoverApi, page: Page, *, requested_url: str) -> list[Found]:
    """Return the next page of the listing, if there is one.

    Args:
        rule: says where the cursor is, and which parameter takes it. A cursor that is itself an absolute
            URL is the next page.
        page: the response.
        requested_url: the page's URL before redirects: the next page is asked for in the same way.

    Raises:
        PermanentError: PARSE, when the response is no JSON, or its cursor is neither text nor number.
    """
    import orjson

    try:
        answer = orjson.loads(page.body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise unreadable(page, "JSON") from error
    if rule.cursor is None:
        return []
    try:
        cursor = _compile(rule.cursor).search(answer)
    except jmespath.exceptions.JMESPathError as error:
        raise PermanentError(
            f"the cursor {rule.cursor!r} does not fit the response: {error}",
            failure_domain=FailureDomain.PARSE,
        ) from error
    if cursor is None or cursor is False or cursor == "":
        return []
    if isinstance(cursor, bool) or not isinstance(cursor, str | int):
        raise PermanentError(
            f"the cursor {rule.cursor!r} is a {type(cursor).__name__}, not text or a number",
            failure_domain=FailureDomain.PARSE,
        )
    text = str(cursor)
    if text.startswith(("http://", "https://")):
        return resolve_links([text], page.url, "both")
    return [Found(with_parameter(requested_url, rule.cursor_param, text), "both")]


@functools.lru_cache(maxsize=64)
def _compile(expression: str) -> Any:
    return jmespath.compile(expression)
