"""Bright Data's Web Unlocker (docs.brightdata.com, Direct API) as a way to pages: the site's own bytes.

What belongs here: the call of `/request`, and the codes of its failures. What does not: collections
(brightdata_jobs.py), and HTTP, keys and refusals (client.py, answers.py).
"""

from collections.abc import Mapping

import orjson
from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock, SystemClock
from webdata_assets.stages.crawl.jobs import Environ
from webdata_assets.stages.crawl.retry import describe_status
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.vendors.answers import check_answer, printable
from webdata_assets.stages.crawl.vendors.client import VendorClient
from webdata_assets.stages.crawl.vendors.declared import check_size, declared_headers, options_of, service_of
from webdata_assets.stages.crawl.vendors.keys import Key, require_key

VENDOR = "Bright Data"
TRIGGER = "trigger"
"""The one of the options that is for collections, and not for pages."""

_URL = "https://api.brightdata.com"
_VARIABLE = "BRIGHTDATA_API_TOKEN"
_RESERVED = ("url", "format", "method", "headers", "body", "data_format", "async")

_STATUS = "x-brd-status-code"
_ERROR = "x-brd-error"
_CODES = ("x-brd-error-code", "x-brd-err-code")
_OF_THE_SITE_ITSELF = ("net_err_cert", "net_err_name_not_resolved")
"""Beginnings of codes of what another try does not mend."""
_NO_ROBOTS = "ub_bad_endpoint_robots"
_NOT_OF_THE_SITE = frozenset(
    {"proxy-status", "connection", "keep-alive", "content-encoding", "content-length", "transfer-encoding"}
)


def find_key(environ: Environ) -> Key:
    """Return the key. Raises PermanentError as require_key does."""
    return require_key(environ, _VARIABLE, VENDOR)


def open_client(
    source: Source, http: Transport, key: Key, *, clock: Clock, max_body_bytes: int
) -> VendorClient:
    """Return the client of the source's Bright Data. Raises PermanentError as VendorClient does."""
    return VendorClient(
        http,
        service_of(source, "brightdata").url or _URL,
        key,
        headers={"authorization": f"Bearer {key.value}"},
        allow_private=source.allow_private,
        clock=clock,
        max_body_bytes=max_body_bytes,
    )


class BrightDataTransport:
    """Pages by way of the Web Unlocker, which follows redirects itself and does not say where to."""

    name = "brightdata"

    def __init__(self, source: Source, *, http: Transport, environ: Environ) -> None:
        """Take the source, what speaks HTTP to the service, and where the key is.

        `fetch.wait_for` needs the zone's feature Manual Expect, and headers of the source Custom Headers.

        Raises:
            PermanentError: CONFIGURATION, for a missing key or zone, or an option that only we may give.
        """
        self._source = source
        self._key = find_key(environ)
        options = options_of(source, "brightdata", reserved=_RESERVED)
        options.pop(TRIGGER, None)
        if not isinstance(options.get("zone"), str):
            raise PermanentError(
                f"source {source.name!r}: {VENDOR} needs a zone; write its name in "
                "`fetch.services.brightdata.options.zone`",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        self._options = options
        self._client = open_client(
            source, http, self._key, clock=SystemClock(), max_body_bytes=source.fetch.max_body_bytes
        )

    async def fetch(self, request: Request) -> Response:
        """Have one page fetched; see Transport.fetch for what is raised."""
        query: dict[str, JsonValue] = {
            **self._options,
            "url": request.url,
            "format": "raw",
            "method": "GET",
        }
        if declared := declared_headers(self._source, request):
            query["headers"] = dict(declared)
        headers = {"accept": "*/*"}
        if self._source.fetch.wait_for is not None:
            headers["x-unblock-expect"] = orjson.dumps({"element": self._source.fetch.wait_for}).decode()
        answer = await self._client.send(
            "POST",
            "/request",
            json=query,
            headers=headers,
            timeout_seconds=request.timeout_seconds,
            max_body_bytes=request.max_body_bytes,
        )
        check_answer(answer, self._key)
        status = _status(answer.headers)
        if _ERROR in answer.headers or any(name in answer.headers for name in _CODES):
            raise self._failure(answer.headers, status)
        check_size(answer.body, request)
        return Response(
            url=request.url,
            status=status,
            headers={
                name: value
                for name, value in answer.headers.items()
                if name not in _NOT_OF_THE_SITE and not name.startswith("x-brd-")
            },
            body=answer.body,
            elapsed_ms=answer.elapsed_ms,
        )

    async def close(self) -> None:
        """Nothing is held open: the http transport belongs to whoever made it."""

    def _failure(self, headers: Mapping[str, str], status: int) -> TransientError | PermanentError:
        """Return what a failure of the unlocker means, which an answer with status 200 tells in headers."""
        code = next((headers[name] for name in _CODES if name in headers), "")
        said = " ".join(part for part in (code, headers.get(_ERROR, "")) if part)
        text = f"{VENDOR} says: {printable(f'{describe_status(status)}: {said}', self._key)}"
        if code == _NO_ROBOTS or status in (401, 403, 407):
            return PermanentError(text, failure_domain=FailureDomain.ACCESS)
        if code.startswith(_OF_THE_SITE_ITSELF):
            return PermanentError(text, failure_domain=FailureDomain.TARGET)
        if 400 <= status < 500 and status not in (408, 429):
            return PermanentError(text, failure_domain=FailureDomain.CONFIGURATION)
        # each try goes by another peer
        domain = FailureDomain.TARGET if status in (408, 429) else FailureDomain.ACCESS
        return TransientError(text, failure_domain=domain)


def _status(headers: Mapping[str, str]) -> int:
    """Return the status that the site, or the unlocker, answered with; the call's own is 200 for both."""
    written = headers.get(_STATUS, "200").strip()
    status = int(written) if written.isascii() and written.isdigit() and len(written) == 3 else 0
    if not 100 <= status <= 599:
        raise PermanentError(f"{VENDOR}'s `{_STATUS}` is no status", failure_domain=FailureDomain.PARSE)
    return status
