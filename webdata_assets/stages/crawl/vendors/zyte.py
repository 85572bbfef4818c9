"""Zyte API (docs.zyte.com/zyte-api): one page for each call, over HTTP or out of a browser.

What belongs here: its fields and statuses. What does not: HTTP and keys (client.py, keys.py).
"""

import base64
import binascii
from collections.abc import Mapping

from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import SystemClock
from webdata_assets.stages.crawl.jobs import Environ
from webdata_assets.stages.crawl.retry import describe_status
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.vendors.answers import (
    check_answer,
    member,
    message_of,
    optional_member,
    parse_json,
)
from webdata_assets.stages.crawl.vendors.basic import BasicKey
from webdata_assets.stages.crawl.vendors.client import VendorClient
from webdata_assets.stages.crawl.vendors.declared import (
    check_size,
    declared_headers,
    options_of,
    service_of,
)
from webdata_assets.stages.crawl.vendors.keys import require_key

_VENDOR = "Zyte API"
_URL = "https://api.zyte.com/v1/"
_VARIABLE = "ZYTE_API_KEY"
_RESERVED = (
    "url",
    "httpResponseBody",
    "httpResponseHeaders",
    "followRedirect",
    "customHttpRequestHeaders",
    "requestHeaders",
)

_SITE_STATUSES: Mapping[int, tuple[type[TransientError] | type[PermanentError], FailureDomain]] = {
    421: (PermanentError, FailureDomain.TARGET),  # the domain does not exist, or is not reached
    451: (PermanentError, FailureDomain.ACCESS),  # Zyte does not go to this domain
    520: (TransientError, FailureDomain.ACCESS),  # the site bans; worth another try
    521: (TransientError, FailureDomain.TARGET),  # called permanent, and tried again by Zyte's own client
}
"""Statuses that speak of the site, not of the call."""
_NOT_OF_THE_BODY = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers of the body as it travelled; Zyte gives it decompressed."""
_JSON_BYTES = 1_000_000
"""What an answer holds beside the page."""


class ZyteTransport:
    """Pages by way of Zyte API. Over HTTP, redirects are left to the crawl; a browser follows them itself."""

    name = "zyte"

    def __init__(self, source: Source, *, http: Transport, environ: Environ) -> None:
        """Take the source, what speaks HTTP to the service, and where the key is.

        A browser renders the pages where the options say `browserHtml: true`, or `fetch.wait_for` is given.

        Raises:
            PermanentError: CONFIGURATION, for a missing key, an option that only we may give, or a header
                that no browser of Zyte's sends.
        """
        self._source = source
        self._key = BasicKey.of(require_key(environ, _VARIABLE, _VENDOR))
        options = options_of(source, "zyte", reserved=_RESERVED)
        if source.fetch.wait_for is not None:
            selector: JsonValue = {"type": "css", "value": source.fetch.wait_for}
            waiting: JsonValue = [{"action": "waitForSelector", "selector": selector}]
            options = {"browserHtml": True, "actions": waiting} | options
        self._renders = options.pop("browserHtml", False) is True
        self._options = options
        if self._renders:
            _check_browser_headers(source)
        self._client = VendorClient(
            http,
            service_of(source, "zyte").url or _URL,
            self._key,
            headers={"authorization": self._key.authorization},
            allow_private=source.allow_private,
            clock=SystemClock(),
            max_body_bytes=source.fetch.max_body_bytes,
        )

    async def fetch(self, request: Request) -> Response:
        """Have one page fetched; see Transport.fetch for what is raised."""
        answer = await self._client.send(
            "POST",
            "/extract",
            json=self._query(request),
            timeout_seconds=request.timeout_seconds,
            # base64 takes 4 bytes for 3, and quotes and line breaks are two characters each in JSON
            max_body_bytes=2 * request.max_body_bytes + _JSON_BYTES,
        )
        if answer.status in _SITE_STATUSES:
            kind, domain = _SITE_STATUSES[answer.status]
            said = message_of(answer, self._key) or describe_status(answer.status)
            raise kind(f"{_VENDOR} says: {said}", failure_domain=domain)
        check_answer(answer, self._key)
        page = parse_json(answer.body, _VENDOR)
        body = self._body(page)
        check_size(body, request)
        status = optional_member(page, "statusCode", int)
        headers = _site_headers(page)
        if self._renders:
            # Zyte has decoded the page; what the site said of its encoding is of the past
            headers["content-type"] = "text/html; charset=utf-8"
        return Response(
            url=(optional_member(page, "url", str) if self._renders else None) or request.url,
            status=status if status is not None and 100 <= status <= 599 else 200,
            headers=headers,
            body=body,
            elapsed_ms=answer.elapsed_ms,
        )

    async def close(self) -> None:
        """Nothing is held open: the http transport belongs to whoever made it."""

    def _query(self, request: Request) -> JsonValue:
        declared = declared_headers(self._source, request)
        query: dict[str, JsonValue] = {**self._options, "url": request.url, "httpResponseHeaders": True}
        if self._renders:
            query["browserHtml"] = True
            if declared:
                query["requestHeaders"] = dict(declared)
        else:
            query["httpResponseBody"] = True
            query["followRedirect"] = False
            if declared:
                query["customHttpRequestHeaders"] = [
                    {"name": name, "value": value} for name, value in declared.items()
                ]
        return query

    def _body(self, page: JsonValue) -> bytes:
        if self._renders:
            return member(page, "browserHtml", str, _VENDOR).encode()
        try:
            return base64.b64decode(member(page, "httpResponseBody", str, _VENDOR), validate=True)
        except binascii.Error as error:
            raise PermanentError(
                f"{_VENDOR}'s `httpResponseBody` is no base64", failure_domain=FailureDomain.PARSE
            ) from error


def _check_browser_headers(source: Source) -> None:
    names = {name.lower() for name in source.fetch.headers}
    if source.as_of is not None and source.as_of.header is not None:
        names.add(source.as_of.header.lower())
    if unsent := sorted(names - {"referer"}):
        raise PermanentError(
            f"source {source.name!r}: browsers of {_VENDOR} send no header of ours but Referer, and not "
            f"{', '.join(unsent)}; remove it, or `browserHtml`",
            failure_domain=FailureDomain.CONFIGURATION,
        )


def _site_headers(page: JsonValue) -> dict[str, str]:
    """Return the site's headers as a transport does: lower-case names, repeated ones joined by commas."""
    headers: dict[str, str] = {}
    for header in optional_member(page, "httpResponseHeaders", list) or []:
        name, value = optional_member(header, "name", str), optional_member(header, "value", str)
        if name and value is not None and name.lower() not in _NOT_OF_THE_BODY:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers
