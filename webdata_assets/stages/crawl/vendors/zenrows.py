"""ZenRows (docs.zenrows.com/fetch): one page for each call, the site's own status and bytes.

What belongs here: its parameters, headers and error codes. What does not: HTTP and keys (client.py, keys.py).
"""

import re
from collections.abc import Mapping

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import SystemClock
from webdata_assets.stages.crawl.jobs import Environ
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.vendors.answers import check_answer, code_of, message_of
from webdata_assets.stages.crawl.vendors.client import VendorClient
from webdata_assets.stages.crawl.vendors.declared import (
    as_params,
    check_size,
    declared_headers,
    options_of,
    service_of,
)
from webdata_assets.stages.crawl.vendors.keys import require_key

_VENDOR = "ZenRows"
_URL = "https://api.zenrows.com/v1/"
_VARIABLE = "ZENROWS_API_KEY"
_RESERVED = ("apikey", "url", "original_status", "custom_headers")

_CODE = re.compile(r"(AUTH|REQS|RESP|BLK|CTX)\d{3,4}")
_SITE_ANSWERED = frozenset({"RESP001", "RESP002"})
_NO_ANSWER = 422
"""ZenRows' own status for RESP001; any other is the one that the site answered with."""
_SITE_ERRORS: Mapping[str, tuple[type[TransientError] | type[PermanentError], FailureDomain]] = {
    "RESP001": (
        TransientError,
        FailureDomain.ACCESS,
    ),  # the site gave no content; ZenRows' client tries again
    "RESP005": (PermanentError, FailureDomain.RESOURCE),  # larger than the plan allows
    "RESP006": (TransientError, FailureDomain.ACCESS),  # a captcha was not solved
    "RESP007": (TransientError, FailureDomain.TARGET),  # the name does not resolve
    "RESP008": (PermanentError, FailureDomain.TARGET),  # the site failed in a way that stays
    "REQS001": (PermanentError, FailureDomain.ACCESS),  # ZenRows does not go to this site
}
"""Codes that speak of the site, with the status of the site's answer or one of ZenRows' own."""
_SITE_HEADER = "zr-"
_NOT_OF_THE_BODY = frozenset(
    {"zr-final-url", "zr-cookies", "zr-set-cookie", "zr-content-encoding", "zr-content-length"}
)


class ZenRowsTransport:
    """Pages by way of ZenRows. The key travels in the query, which no text of ours shows."""

    name = "zenrows"

    def __init__(self, source: Source, *, http: Transport, environ: Environ) -> None:
        """Take the source, what speaks HTTP to the service, and where the key is.

        Raises:
            PermanentError: CONFIGURATION, for a missing key or an option that only we may give.
        """
        self._source = source
        self._key = require_key(environ, _VARIABLE, _VENDOR)
        self._params = as_params(options_of(source, "zenrows", reserved=_RESERVED))
        if source.fetch.wait_for is not None:
            self._params = {"js_render": "true", "wait_for": source.fetch.wait_for} | self._params
        self._client = VendorClient(
            http,
            service_of(source, "zenrows").url or _URL,
            self._key,
            headers={"accept": "*/*"},
            allow_private=source.allow_private,
            clock=SystemClock(),
            max_body_bytes=source.fetch.max_body_bytes,
        )

    async def fetch(self, request: Request) -> Response:
        """Have one page fetched; see Transport.fetch for what is raised."""
        headers = declared_headers(self._source, request)
        params = {
            **self._params,
            "url": request.url,
            "apikey": self._key.value,
            "original_status": "true",
            **({"custom_headers": "true"} if headers else {}),
        }
        answer = await self._client.send(
            "GET",
            "/",
            params=params,
            headers=headers,
            timeout_seconds=request.timeout_seconds,
            max_body_bytes=request.max_body_bytes,
        )
        withheld = self._withheld(answer)
        check_size(answer.body, request)
        return Response(
            url=answer.headers.get("zr-final-url") or request.url,
            status=answer.status,
            headers={} if withheld else _site_headers(answer),
            body=b"" if withheld else answer.body,
            elapsed_ms=answer.elapsed_ms,
        )

    async def close(self) -> None:
        """Nothing is held open: the http transport belongs to whoever made it."""

    def _withheld(self, answer: Response) -> bool:
        """Return whether the status is the site's and the body is not; raise what ZenRows itself says."""
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        code = code_of(answer, self._key) if answer.status >= 400 and kind.endswith("json") else None
        if code is None or not _CODE.fullmatch(code):
            # the site's own answer, which may be an error, and JSON
            return False
        if code in _SITE_ANSWERED and answer.status != _NO_ANSWER:
            return True
        if code in _SITE_ERRORS:
            error, domain = _SITE_ERRORS[code]
            raise error(f"{_VENDOR} says {code}: {message_of(answer, self._key)}", failure_domain=domain)
        check_answer(answer, self._key)
        return False


def _site_headers(answer: Response) -> dict[str, str]:
    """Return the site's headers, which ZenRows gives with a prefix, and the type of the body as it came."""
    headers = {
        name.removeprefix(_SITE_HEADER): value
        for name, value in answer.headers.items()
        if name.startswith(_SITE_HEADER) and name not in _NOT_OF_THE_BODY
    }
    if "content-type" in answer.headers:
        # a rendered page is no longer in the encoding in which the site sent it
        headers["content-type"] = answer.headers["content-type"]
    return headers
