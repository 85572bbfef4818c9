"""The client of vendors' services: JSON over a transport of ours, with typed errors and bounded retries.

What belongs here: what all vendors share of a call. What does not: any vendor's paths and fields, and what an
answer means (answers.py).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal
from urllib.parse import urlencode

import orjson
from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError, TransientError, WebdataError
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.retry import Backoff
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets.stages.crawl.vendors.answers import check_answer, parse_json
from webdata_assets.stages.crawl.vendors.keys import Key

Method = Literal["GET", "POST"]

MAX_WAIT_SECONDS = 120.0
"""A Retry-After above it is the caller's to wait for."""
_NOT_DONE = frozenset({429, 503})
"""Refusals after which a POST has surely not been carried out, and may be sent again."""


class VendorClient:
    """Calls one service. The key goes to the base URL's origin and nowhere else; no redirect is followed."""

    def __init__(
        self,
        http: Transport,
        base_url: str,
        key: Key,
        *,
        headers: Mapping[str, str],
        allow_private: bool,
        clock: Clock,
        max_body_bytes: int,
        timeout_seconds: float = 60.0,
        attempts: int = 4,
        backoff: Backoff | None = None,
    ) -> None:
        """Take what all calls share.

        Args:
            http: stays open; whoever made it closes it.
            base_url: of the service, with or without a path.
            key: named in errors, never shown.
            headers: of every call, the one that carries the key among them.
            allow_private: whether the service may be at a loopback or private address.
            clock: what is waited on between tries.
            max_body_bytes: cap on one answer.
            timeout_seconds: for one try.
            attempts: tries of one call; 1 leaves trying again to the caller.
            backoff: waits between tries where the service asks for none.

        Raises:
            PermanentError: CONFIGURATION, when the key would travel in clear text to a public address.
        """
        self._base_url = canonical_url(base_url).rstrip("/")
        if self._base_url.startswith("http://") and key.value and not allow_private:
            raise PermanentError(
                f"the URL of {key.vendor}'s service is plain http, which shows the key to everyone between; "
                "write https, or `allow_private: true` for a service of your own",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        self._http = http
        self._key = key
        self._headers = {"accept": "application/json", "user-agent": "webdata-assets"} | {
            name.lower(): value for name, value in headers.items()
        }
        self._allow_private = allow_private
        self._clock = clock
        self._max_body_bytes = max_body_bytes
        self._timeout_seconds = timeout_seconds
        self._attempts = attempts
        self._backoff = backoff or Backoff()

    async def call(
        self,
        method: Method,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: JsonValue | None = None,
        form: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
    ) -> Response:
        """Call until the service accepts, and return its answer.

        A POST is sent again only where the service surely did nothing (429, 503): a job started twice is paid
        for twice.

        Raises:
            TransientError: TARGET, when no try was left, or none is allowed.
            RefusedError: as check_answer says.
            PermanentError: as Transport.fetch says.
        """
        attempt = 0
        while True:
            attempt += 1
            status = None
            try:
                response = await self.send(
                    method, path, params=params, json=json, form=form, timeout_seconds=timeout_seconds
                )
                status = response.status
                check_answer(response, self._key)
            except TransientError as error:
                asked = error.retry_after_seconds
                seconds = self._backoff.seconds(attempt) if asked is None else asked
                again = method == "GET" or status in _NOT_DONE
                if not again or attempt >= self._attempts or seconds > MAX_WAIT_SECONDS:
                    raise
                await self._clock.sleep(seconds)
            else:
                return response

    async def call_json(
        self,
        method: Method,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: JsonValue | None = None,
        form: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
    ) -> JsonValue:
        """Call as `call` does, and return the answer's JSON.

        Raises:
            TransientError: as `call` does.
            PermanentError: as `call` does; PARSE, when the answer is no JSON.
        """
        response = await self.call(
            method, path, params=params, json=json, form=form, timeout_seconds=timeout_seconds
        )
        return parse_json(response.body, self._key.vendor)

    async def send(
        self,
        method: Method,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: JsonValue | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
        max_body_bytes: int | None = None,
    ) -> Response:
        """Send one request once, whatever the status of its answer.

        Args:
            method: GET, or POST with `json` or `form`.
            path: below the base URL, beginning with a slash.
            params: of the query.
            json: the body, as JSON.
            form: the body, as a form.
            headers: beside the client's own, in place of those of the same names.
            timeout_seconds: in place of the client's own.
            max_body_bytes: in place of the client's own.

        Raises:
            TransientError: TARGET, as Transport.fetch does; its text never holds the key.
            PermanentError: as Transport.fetch does; its text never holds the key.
        """
        sent = self._headers | {name.lower(): value for name, value in (headers or {}).items()}
        content = None
        if json is not None:
            sent["content-type"], content = "application/json", orjson.dumps(json)
        elif form is not None:
            sent["content-type"], content = "application/x-www-form-urlencoded", urlencode(form).encode()
        url = f"{self._base_url}{path}"
        seconds = self._timeout_seconds if timeout_seconds is None else timeout_seconds
        request = Request(
            f"{url}?{urlencode(params)}" if params else url,
            sent,
            seconds,
            self._max_body_bytes if max_body_bytes is None else max_body_bytes,
            self._allow_private,
            method=method,
            content=content,
            silence_seconds=seconds,  # a service works on a page before it answers
        )
        try:
            response = await self._http.fetch(request)
        except WebdataError as error:
            if self._key.masked(request.url) == request.url:
                raise
            # the error, and what it was raised from, may show the URL with the key in its query
            kind = TransientError if isinstance(error, TransientError) else PermanentError
            why = self._key.masked(str(error).partition("?")[0])
            raise kind(why, failure_domain=error.failure_domain) from None
        return replace(response, url=url)
