"""Answers of vendors' services: JSON that is checked as it is read, and the typed meaning of a refusal.

What belongs here: reading what a service sent, as the untrusted text that it is. What does not: sending
(client.py), and any one vendor's fields.
"""

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import TypeVar

from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.discovery.json import load_json
from webdata_assets.stages.crawl.retry import REDIRECTS, describe_status, parse_retry_after
from webdata_assets.stages.crawl.transport import Response
from webdata_assets.stages.crawl.vendors.keys import Key

T = TypeVar("T", bound=str | int | float | bool | list[JsonValue] | dict[str, JsonValue])

_MAX_MESSAGE = 300
_LOOKED_AT = 100_000
_UNPRINTABLE = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MESSAGE_FIELDS = ("message", "error", "detail", "title", "details", "reason")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_CODE_PATHS = ("code", "error.type", "error.code")


class RefusedError(PermanentError):
    """A service refused a call for good: its status, and the vendor's own code for the reason, if any."""

    def __init__(
        self, message: str, *, failure_domain: FailureDomain, status: int, code: str | None = None
    ) -> None:
        super().__init__(message, failure_domain=failure_domain)
        self.status = status
        self.code = code


def parse_json(body: bytes, vendor: str) -> JsonValue:
    r"""Return a JSON text's value.

    Half a surrogate pair, which services cut out of pages and write as `\ud83d`, becomes U+FFFD.

    Raises:
        PermanentError: PARSE, when it is no JSON; RESOURCE, as load_json does.
    """
    try:
        value: JsonValue = load_json(body)
    except ValueError as error:
        if rb"\ud" not in body.lower():
            raise _no_json(vendor) from error
        value = _parse_with_surrogates(body, vendor)
    return value


def member(answer: JsonValue, path: str, kind: type[T], vendor: str) -> T:
    """Return what an answer holds at a path of names joined by dots.

    Args:
        answer: the answer, or a part of it.
        path: such as `data.status`.
        kind: the type that the vendor's documentation gives it.
        vendor: for the message.

    Raises:
        PermanentError: PARSE, when there is nothing, or something of another type.
    """
    found = optional_member(answer, path, kind)
    if found is None:
        raise PermanentError(
            f"{vendor}'s answer has no {kind.__name__} in `{path}`", failure_domain=FailureDomain.PARSE
        )
    return found


def optional_member(answer: JsonValue, path: str, kind: type[T]) -> T | None:
    """Return what an answer holds at a path, as `member` does; None when it is not there, or another type."""
    found = answer
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    # a bool is an int to Python, and never to a service
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
        return None
    return found


def check_answer(response: Response, key: Key) -> None:
    """Raise what a status other than 2xx means for the caller of a service.

    Raises:
        TransientError: TARGET, for 408, 425, 429 and 5xx, with the seconds that Retry-After asks for.
        RefusedError: ACCESS, for 401 and 403, naming the key's variable, and for 402; CONFIGURATION, for
            everything else. All with the vendor's own words.
    """
    status = response.status
    if 200 <= status < 300:
        return
    said = message_of(response, key)
    text = f"{key.vendor} answers {describe_status(status)}" + (f": {said}" if said else "")
    if status in (408, 425, 429) or status >= 500:
        raise TransientError(
            text,
            failure_domain=FailureDomain.TARGET,
            retry_after_seconds=parse_retry_after(
                response.headers.get("retry-after"), dt.datetime.now(dt.UTC)
            ),
        )
    if status in REDIRECTS:
        text = f"{text}; write the service's final URL"
    if status in (401, 403):
        text = f"{text} (the key is the environment variable {key.variable})"
    domain = FailureDomain.ACCESS if status in (401, 402, 403) else FailureDomain.CONFIGURATION
    raise RefusedError(text, failure_domain=domain, status=status, code=code_of(response, key))


def code_of(response: Response, key: Key) -> str | None:
    """Return the vendor's own code for the reason of a refusal, such as `AUTH002`, where it has one."""
    try:
        answer = parse_json(response.body, key.vendor)
    except PermanentError:
        return None
    codes = (optional_member(answer, path, str) for path in _CODE_PATHS)
    return next((printable(code, key) for code in codes if code), None)


def message_of(response: Response, key: Key) -> str:
    """Return what a service says in a refusal: one short line without control characters and keys."""
    try:
        said = _said(parse_json(response.body, key.vendor))
    except PermanentError:
        # a refusal need not be JSON: gateways answer in HTML or plain text
        # without the key before it is cut, so that no part of one is left at the end
        said = key.masked(response.body.decode("utf-8", "replace"))[:_LOOKED_AT]
    return printable(said, key)


def printable(text: str, key: Key) -> str:
    """Return text of a service as one short line without control and bidirectional characters and keys."""
    # masked before it is cut, so that no part of a key is left at the end
    line = " ".join(_UNPRINTABLE.sub(" ", key.masked(text)).split())
    return line if len(line) <= _MAX_MESSAGE else line[: _MAX_MESSAGE - 1] + "…"


def _said(answer: JsonValue, depth: int = 0) -> str:
    if isinstance(answer, str):
        return answer
    if isinstance(answer, list) and depth < 3:
        return "; ".join(filter(None, (_said(part, depth + 1) for part in answer[:5])))
    if isinstance(answer, Mapping) and depth < 3:
        return ": ".join(
            dict.fromkeys(filter(None, (_said(answer.get(name), depth + 1) for name in _MESSAGE_FIELDS)))
        )
    return ""


def _parse_with_surrogates(body: bytes, vendor: str) -> JsonValue:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    def mend(value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return _LONE_SURROGATE.sub("\ufffd", value)
        if isinstance(value, list):
            return [mend(item) for item in value]
        if isinstance(value, dict):
            return {_LONE_SURROGATE.sub("\ufffd", name): mend(item) for name, item in value.items()}
        return value

    try:
        return mend(json.loads(body.decode(), parse_constant=refuse))
    except (ValueError, RecursionError) as error:
        raise _no_json(vendor) from error


def _no_json(vendor: str) -> PermanentError:
    return PermanentError(f"{vendor}'s answer is no JSON", failure_domain=FailureDomain.PARSE)
