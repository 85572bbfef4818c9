"""Headers: a source's own, with secrets from the environment, who may see them, and what came back.

What belongs here: building, filtering, cleaning and redacting headers. What does not: sending them (curl.py,
aiohttp.py).
"""

import os
import re
from collections.abc import Mapping

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.http.bodies import ACCEPT_ENCODING
from webdata_assets.stages.crawl.transport import Request
from webdata_assets.stages.crawl.urls import without_credentials

MAX_HEADERS = 500
MAX_HEADER_LINE_BYTES = 65_536
"""Of one response header; real policies exceed 8 KB."""
MAX_HEADER_BYTES = 262_144
"""Of all headers of a response."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET_RESPONSE_HEADERS = frozenset(
    {"set-cookie", "set-cookie2", "authorization", "proxy-authorization", "cookie", "www-authenticate",
     "proxy-authenticate", "authentication-info"}
)  # fmt: skip
_URL_HEADERS = frozenset({"location", "content-location", "refresh", "link"})
_MAX_HEAD_CHARACTERS = 4_000
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, 5.6.2: a token."""
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")

_FINAL = re.compile(rb"HTTP/[0-9.]+ (?:101|[02-9])")
"""The status line of a response that no other one follows."""
_BLANK = b"\r\n"


def source_headers(source: Source, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers of `fetch.headers` with each `${NAME}` replaced by that environment variable.

    Args:
        source: the source.
        environment: the process's own if not given.

    Raises:
        PermanentError: CONFIGURATION, when a variable is missing or cannot stand in a header. The message
            names the variable, never a value.
    """
    variables = os.environ if environment is None else environment
    return {name: _expand(source.name, name, text, variables) for name, text in source.fetch.headers.items()}


def request_headers(request: Request) -> dict[str, str]:
    """Return what is sent besides Host and lengths: names in lower case, with defaults.

    Raises:
        PermanentError: ACCESS, for a header with a line break or a control character in it. The message names
            the header, never its value.
    """
    headers = {"accept": "*/*"}
    if request.method == "POST" and request.content is not None:
        headers["content-type"] = "application/octet-stream"
    for name, value in request.headers.items():
        if not _NAME.fullmatch(name) or _UNSENDABLE.search(value):
            raise PermanentError(
                f"the request's header {name[:100]!r} cannot be sent: a name or value with a line break or a "
                "control character",
                failure_domain=FailureDomain.ACCESS,
            )
        headers[name.lower()] = value
    headers["accept-encoding"] = ACCEPT_ENCODING
    return headers


def final_head(lines: list[bytes]) -> bytes:
    """Return the final response's header lines: none of 1xx responses before it, nor of trailers after.

    Raises:
        TransientError: TARGET, when they break off, which clients may take for their end.
    """
    start = next((at for at, line in enumerate(lines) if _FINAL.match(line)), len(lines)) + 1
    if _BLANK not in lines[start:]:
        raise TransientError(
            "the connection failed: the answer ended within its headers", failure_domain=FailureDomain.TARGET
        )
    return b"".join(lines[start : lines.index(_BLANK, start)])


def plain_headers(head: bytes) -> dict[str, str]:
    """Return a response's headers as tables can hold them: lower-case names, repeated values joined.

    Bytes that are not UTF-8, and control characters, become U+FFFD.

    Args:
        head: lines of `name: value` with CRLF between or after them.

    Raises:
        PermanentError: RESOURCE, when there are too many or they are too large.
    """
    lines = head.decode("utf-8", "replace").split("\r\n")
    if len(head) > MAX_HEADER_BYTES or len(lines) > MAX_HEADERS:
        raise headers_too_large()
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            continue
        key, text = name.lower(), value.strip()
        if not text.isprintable():
            text = _CONTROLS.sub("\ufffd", text)
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def headers_too_large() -> PermanentError:
    """Return the error of a response whose headers exceed a cap."""
    return PermanentError(
        f"the response has more than {MAX_HEADERS} headers, or they are larger than {MAX_HEADER_BYTES} bytes",
        failure_domain=FailureDomain.RESOURCE,
    )


def response_head(status: int, headers: Mapping[str, str]) -> str:
    """Return status and headers in text for a person, without cookies and credentials, 4,000 characters.

    Those in the URLs of such headers as Location are left out too.
    """
    lines = [f"HTTP {status}"]
    lines += [
        f"{name}: {without_credentials(value) if name.lower() in _URL_HEADERS else value}"
        for name, value in headers.items()
        if name.lower() not in _SECRET_RESPONSE_HEADERS
    ]
    return "\n".join(lines)[:_MAX_HEAD_CHARACTERS]


def _expand(source: str, header: str, text: str, variables: Mapping[str, str]) -> str:
    def value_of(match: re.Match[str]) -> str:
        value = variables.get(match[1])
        if value is None:
            raise _unusable(source, header, match[1], "is not set")
        if any(character < " " or character == "\x7f" for character in value):
            raise _unusable(source, header, match[1], "holds a line break or control character")
        return value

    return _VARIABLE.sub(value_of, text)


def _unusable(source: str, header: str, variable: str, why: str) -> PermanentError:
    return PermanentError(
        f"source {source}: header {header!r} takes the environment variable {variable}, which {why}",
        failure_domain=FailureDomain.CONFIGURATION,
    )
