"""Items of jobs as pages: where an item's URL and body are, and what kind of text the body is.

What belongs here: what the source file's `item_url` and `item_body` say. What does not: asking a service for
items, and their extraction.
"""

import re

import jmespath
import orjson
from jmespath.exceptions import JMESPathError
from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.stages.crawl.jobs import Delivered

_HTML = re.compile(
    r"\ufeff?\s*(?:<\?xml[^>]*>\s*)?(?:(?><!--.*?-->)\s*)*+"
    r"<(?:!doctype\s+html|html|head|body|title|meta|main|article|section|header|nav|div|span|p|h[1-6]|ul|ol|dl"
    r"|table|figure|img|a|form|script|style|link)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKDOWN = re.compile(r"^(?:#{1,6} |[-*+] |\d+\. |> |```|\|.*\|)|\]\(|\*\*\S", re.MULTILINE)
_LOOKED_AT = 20_000
"""Characters that a text's kind is told from."""


def deliver_item(rule: DiscoverJob, item: JsonValue) -> Delivered:
    """Return an item as the page that the rule makes of it.

    The body is the text at `item_body`, empty where the item has none; without `item_body`, the item's JSON
    with its keys sorted, so that equal items have equal bytes.

    Raises:
        PermanentError: PARSE, when a path cannot be applied to the item, or the item cannot be written.
    """
    url = item_url(rule, item)
    if rule.item_body is None:
        body, content_type = _json_bytes(item), "application/json"
    else:
        value = _search(rule.item_body, item, "item_body")
        if value is None or isinstance(value, str):
            text = value or ""
            # the text has been decoded; what its markup says of its encoding is of the past
            body, content_type = text.encode(), f"{kind_of_text(text)}; charset=utf-8"
        else:
            body, content_type = _json_bytes(value), "application/json"
    return Delivered(url, body, content_type)


def item_url(rule: DiscoverJob, item: JsonValue) -> str | None:
    """Return an item's URL, as the item gives it; None where it gives none.

    Raises:
        PermanentError: PARSE, when the path cannot be applied to the item.
    """
    url = _search(rule.item_url, item, "item_url")
    return url if isinstance(url, str) and url else None


def kind_of_text(text: str) -> str:
    """Return the media type that a text looks like: HTML, Markdown or plain."""
    text = text[:_LOOKED_AT]
    if _HTML.match(text):
        return "text/html"
    return "text/markdown" if _MARKDOWN.search(text) else "text/plain"


def _search(path: str, item: JsonValue, field: str) -> JsonValue:
    try:
        found: JsonValue = jmespath.search(path, item)
    # TypeError: jmespath compares a string with a number without looking
    except (JMESPathError, TypeError) as error:
        raise PermanentError(
            f"`{field}: {path}` cannot be applied to an item: {error}"[:300],
            failure_domain=FailureDomain.PARSE,
        ) from error
    return found


def _json_bytes(value: JsonValue) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        # orjson reads 1,024 levels and writes 254; a number may exceed 64 bits
        raise PermanentError(
            f"an item cannot be written as JSON: {error}", failure_domain=FailureDomain.PARSE
        ) from error
