"""A visit: one URL from its first try to an outcome.

What belongs here: redirects, retries, and what an answer means for the page. What does not: a single request
(requester.py), which URLs are visited (walk.py), and what is found on them (discovery/).
"""

import logging
from dataclasses import replace

from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.headers import response_head
from webdata_assets.stages.crawl.requester import MAX_REDIRECTS, ForbiddenError, Requester
from webdata_assets.stages.crawl.retry import GONE, REDIRECTS, check_status, describe_status
from webdata_assets.stages.crawl.rows import Visit
from webdata_assets.stages.crawl.transport import Response
from webdata_assets.stages.crawl.urls import canonical_url, host_of, origin_of, without_as_of
from webdata_assets.stages.crawl.walk import LastVisit

logger = logging.getLogger(__name__)

_NOT_MODIFIED = 304


async def visit_url(requester: Requester, url: str, last_visit: LastVisit | None) -> Visit:
    """Return the outcome of visiting a URL; what goes wrong with the page or the site is an outcome too.

    Args:
        requester: of the crawl.
        url: canonical, in scope.
        last_visit: makes the request conditional, and tells unchanged bytes.

    Raises:
        PermanentError: CONFIGURATION only: no page can be visited before a person has acted.
    """
    visit = await _Tries(requester, url, last_visit).run()
    logger.debug("%s: %s %s", url, visit.outcome, visit.reason or "")
    return visit


class _Tries:
    """The state of one visit: its tries, the hop it is at, and the last answer."""

    def __init__(self, requester: Requester, url: str, last_visit: LastVisit | None) -> None:
        self._requester = requester
        self._url = url
        self._last_visit = last_visit
        self._attempts = 0
        self._hop_url = url
        self._response: Response | None = None
        self._first_tried_at = requester.now()
        self._conditions: dict[str, str] = {}
        if last_visit is not None and last_visit.etag:
            self._conditions["if-none-match"] = last_visit.etag
        if last_visit is not None and last_visit.last_modified:
            self._conditions["if-modified-since"] = last_visit.last_modified

    async def run(self) -> Visit:
        while True:
            self._attempts += 1
            self._response = None
            try:
                return self._judge(await self._follow())
            except ForbiddenError as error:
                return self._ended(Visit("skipped", str(error)))
            except TransientError as error:
                status = self._response.status if self._response else None
                if not await self._requester.wait(self._hop_url, self._attempts, error, status):
                    return self._failed(error)
            except PermanentError as error:
                if error.failure_domain is FailureDomain.CONFIGURATION:
                    raise
                return self._failed(error)

    async def _follow(self) -> Response:
        as_of = self._requester.source.as_of
        self._hop_url = self._url
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._requester.get(
                self._hop_url,
                credentials=origin_of(self._hop_url) == origin_of(self._url),
                conditions=self._conditions,
            )
            self._response = response
            self._hop_url = response.url
            if self._hop_url not in self._requester.scope:
                # a browser follows redirects by itself
                raise ForbiddenError(f"leads out of scope, to {host_of(self._hop_url)}")
            if response.status not in REDIRECTS:
                return response
            location = response.headers.get("location")
            if not location:
                raise PermanentError(
                    f"{describe_status(response.status)} without a Location",
                    failure_domain=FailureDomain.TARGET,
                )
            self._hop_url = without_as_of(canonical_url(location, self._hop_url), as_of)
        raise PermanentError(f"more than {MAX_REDIRECTS} redirects", failure_domain=FailureDomain.TARGET)

    def _judge(self, response: Response) -> Visit:
        last = self._last_visit
        if response.status in GONE:
            return self._ended(Visit("gone", describe_status(response.status)))
        if response.status == _NOT_MODIFIED:
            if last is None or not self._conditions:
                raise TransientError("304 without being asked", failure_domain=FailureDomain.TARGET)
            return self._unchanged(last)
        check_status(response.status, response.headers, self._requester.now())
        digest = blake3(response.body).hexdigest()
        if last is not None and last.payload_hash == digest:
            return replace(self._unchanged(last), body=response.body)
        return self._ended(
            Visit(
                "fetched",
                payload_bytes=len(response.body),
                payload_hash=digest,
                payload_date=self._requester.date,
                etag=response.headers.get("etag"),
                last_modified=response.headers.get("last-modified"),
                body=response.body,
            )
        )

    def _unchanged(self, last: LastVisit) -> Visit:
        assert self._response is not None
        headers = self._response.headers
        return self._ended(
            Visit(
                "unchanged",
                payload_hash=last.payload_hash,
                payload_date=last.payload_date,
                etag=headers.get("etag", last.etag),
                last_modified=headers.get("last-modified", last.last_modified),
            )
        )

    def _failed(self, error: TransientError | PermanentError) -> Visit:
        return self._ended(Visit("failed", str(error), error.failure_domain.value))

    def _ended(self, visit: Visit) -> Visit:
        response = self._response
        if response is None and visit.outcome == "skipped":
            # nothing was asked of the page itself
            return visit
        ended = replace(
            visit,
            attempts=self._attempts,
            via=self._requester.transport.name,
            fetched_at=self._requester.now(),
            first_tried_at=self._first_tried_at,
        )
        if response is None:
            return ended
        return replace(
            ended,
            final_url=None if visit.outcome == "failed" else self._hop_url,
            # tables hold the statuses that HTTP defines
            http_status=response.status if 100 <= response.status <= 599 else None,
            content_type=response.headers.get("content-type"),
            elapsed_ms=response.elapsed_ms,
            head=response_head(response.status, response.headers),
        )
