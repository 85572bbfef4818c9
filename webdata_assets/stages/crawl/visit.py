"""A visit: one try of one URL, and what its answer means for the page.

What belongs here: redirects, the ways to fall back to, and the judgement of an answer. What does not: a
single request (requester.py), when the next try comes (crawler.py), and what is found on the page
(discovery/).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.barriers.barriers import find_barrier
from webdata_assets.stages.crawl.discovery import Page, needs_headers
from webdata_assets.stages.crawl.hosts import HostClosedError
from webdata_assets.stages.crawl.http.headers import response_head
from webdata_assets.stages.crawl.http.proxies import ProxiesExhaustedError
from webdata_assets.stages.crawl.node import Node, host_of_canonical
from webdata_assets.stages.crawl.politeness.robots import RobotsUnavailableError
from webdata_assets.stages.crawl.requester import MAX_REDIRECTS, ForbiddenError, Requester
from webdata_assets.stages.crawl.retry import GONE, REDIRECTS, check_status, describe_status
from webdata_assets.stages.crawl.rows import Visit
from webdata_assets.stages.crawl.transport import Response
from webdata_assets.stages.crawl.urls import canonical_url, origin_of, without_as_of

_NOT_MODIFIED = 304


class BarrierError(PermanentError):
    """The answer is no content: a login, consent or captcha page, or a shell that needs JavaScript."""

    def __init__(self, message: str, *, is_empty: bool) -> None:
        super().__init__(message, failure_domain=FailureDomain.ACCESS)
        self.is_empty = is_empty


@dataclass(frozen=True, slots=True)
class Tries:
    """How far the tries of one URL have come.

    Attributes:
        attempts: made so far.
        way: the way that the next try takes, as the position among the ways.
        first_tried_at: when the first began.
    """

    attempts: int = 0
    way: int = 0
    first_tried_at: dt.datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as the spool keeps it."""
        tried = self.first_tried_at
        return {
            "attempts": self.attempts,
            "way": self.way,
            "first_tried_at": None if tried is None else tried.isoformat(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], ways: int) -> "Tries":
        """Return what the spool keeps; a way that the source has lost since is replaced by its last one."""
        tried = values["first_tried_at"]
        return cls(
            values["attempts"],
            min(values["way"], ways - 1),
            None if tried is None else dt.datetime.fromisoformat(tried),
        )


@dataclass(frozen=True, slots=True)
class Retry:
    """A try that failed and may be repeated.

    Attributes:
        tries: made so far.
        after_seconds: from now.
        visit: the outcome if it is not repeated.
    """

    tries: Tries
    after_seconds: float
    visit: Visit


async def try_url(requester: Requester, node: Node, tries: Tries) -> Visit | Retry:
    """Return the outcome of one try of a URL; what goes wrong with the page or the site is an outcome too.

    Args:
        requester: of the crawl.
        node: its URL is canonical and in scope; its last visit makes the request conditional, and tells
            unchanged bytes.
        tries: made before.

    Raises:
        HostClosedError: the URL's own host is left alone; this was no try.
        RobotsUnavailableError: neither was this.
        ProxiesExhaustedError: nor this.
        PermanentError: CONFIGURATION only: no page can be visited before a person has acted.
    """
    last = node.last_visit
    if (
        last is not None
        and requester.source.fetch.skip_unmodified
        and node.listed_modified is not None
        and last.visited_at is not None
        and node.listed_modified < last.visited_at
    ):
        return Visit(
            "unchanged",
            f"its sitemap says that it was modified last on {node.listed_modified:%Y-%m-%d %H:%M}",
            etag=last.etag,
            last_modified=last.last_modified,
            payload_hash=last.payload_hash,
            payload_date=last.payload_date,
            fetched_at=requester.now(),
        )
    return await _Try(requester, node, tries).run()


class _Try:
    """The state of one try: the hop it is at, and the last answer."""

    def __init__(self, requester: Requester, node: Node, tries: Tries) -> None:
        self._requester = requester
        self._node = node
        self._way = tries.way
        self._attempts = tries.attempts + 1
        self._first_tried_at = tries.first_tried_at or requester.now()
        self._hop_url = node.url
        self._response: Response | None = None
        self._conditions: dict[str, str] = {}
        self._needs_headers = needs_headers(requester.source.fetch.discover[node.rule])
        last = node.last_visit
        if last is not None and not self._needs_headers:
            # a 304 does not repeat what the rule reads
            if last.etag:
                self._conditions["if-none-match"] = last.etag
            if last.last_modified:
                self._conditions["if-modified-since"] = last.last_modified

    async def run(self) -> Visit | Retry:
        while True:
            self._response = None
            try:
                return self._judge(await self._follow())
            except ForbiddenError as error:
                return self._ended("skipped", str(error))
            except (HostClosedError, RobotsUnavailableError, ProxiesExhaustedError) as error:
                if self._hop_url == self._node.url or isinstance(error, ProxiesExhaustedError):
                    raise
                return self._again(error)
            except TransientError as error:
                return self._again(error)
            except PermanentError as error:
                if error.failure_domain is FailureDomain.CONFIGURATION:
                    raise
                if error.failure_domain is FailureDomain.ACCESS and self._falls_back():
                    continue
                if isinstance(error, BarrierError) and error.is_empty:
                    # no other way is left: what came is what there is
                    return self._content()
                return self._failed(error)

    async def _follow(self) -> Response:
        requester = self._requester
        self._hop_url = self._node.url
        origin: str | None = None
        for hop in range(MAX_REDIRECTS + 1):
            response = await requester.get(
                self._hop_url,
                way=self._way,
                credentials=hop == 0 or origin_of(self._hop_url) == origin,
                conditions=self._conditions,
            )
            self._response = response
            self._hop_url = response.url
            if not requester.allows_host(response.url):
                # a browser follows redirects by itself
                raise ForbiddenError(f"leads out of scope, to {host_of_canonical(response.url)}")
            if response.status not in REDIRECTS:
                return response
            location = response.headers.get("location")
            if not location:
                raise PermanentError(
                    f"{describe_status(response.status)} without a Location",
                    failure_domain=FailureDomain.TARGET,
                )
            origin = origin or origin_of(self._node.url)
            self._hop_url = without_as_of(canonical_url(location, self._hop_url), requester.source.as_of)
        raise PermanentError(f"more than {MAX_REDIRECTS} redirects", failure_domain=FailureDomain.TARGET)

    def _judge(self, response: Response) -> Visit:
        if response.status in GONE:
            return self._ended("gone", describe_status(response.status))
        if response.status == _NOT_MODIFIED:
            last = self._node.last_visit
            if last is None or not self._conditions:
                raise TransientError("304 without being asked", failure_domain=FailureDomain.TARGET)
            return self._content()
        check_status(response.status, response.headers, self._requester.now())
        page = Page(response.url, response.body, response.headers.get("content-type"), response.headers)
        barrier = find_barrier(page, requested_url=self._node.url, status=response.status)
        if barrier is not None and barrier.kind == "soft_404":
            return self._ended("gone", f"soft 404: {barrier.reason}")
        if barrier is not None:
            raise BarrierError(f"{barrier.kind} page: {barrier.reason}", is_empty=barrier.kind == "empty")
        return self._content()

    def _content(self) -> Visit:
        """Return the visit of a page whose content is known: these bytes, or those of the last visit."""
        response, last = self._response, self._node.last_visit
        assert response is not None
        headers = response.headers
        body: bytes | None = None
        if response.status != _NOT_MODIFIED:
            body = response.body
            digest = blake3(body).hexdigest()
            if last is None or last.payload_hash != digest:
                return self._ended(
                    "fetched",
                    payload_bytes=len(body),
                    payload_hash=digest,
                    payload_date=self._requester.date,
                    etag=headers.get("etag"),
                    last_modified=headers.get("last-modified"),
                    body=body,
                )
        assert last is not None
        return self._ended(
            "unchanged",
            payload_hash=last.payload_hash,
            payload_date=last.payload_date,
            etag=headers.get("etag", last.etag),
            last_modified=headers.get("last-modified", last.last_modified),
            body=body,
        )

    def _falls_back(self) -> bool:
        if self._way + 1 >= len(self._requester.ways):
            return False
        self._way += 1
        return True

    def _again(self, error: TransientError) -> Visit | Retry:
        status = self._response.status if self._response else None
        seconds = self._requester.retry_after(self._hop_url, self._attempts, error, status)
        failed = self._failed(error)
        if seconds is None:
            return failed
        return Retry(Tries(self._attempts, self._way, self._first_tried_at), seconds, failed)

    def _failed(self, error: TransientError | PermanentError) -> Visit:
        failed = self._ended("failed", str(error), failure_domain=error.failure_domain.value)
        response = self._response
        head = None if response is None else response_head(response.status, response.headers)
        return replace(failed, final_url=None, head=head)

    def _ended(self, outcome: Any, reason: str | None = None, **values: Any) -> Visit:
        response = self._response
        if response is None:
            if outcome == "skipped":
                # nothing was asked of the page itself
                return Visit(outcome, reason)
            answer: dict[str, Any] = {}
        else:
            status = response.status
            answer = {
                "final_url": self._hop_url,
                # tables hold the statuses that HTTP defines
                "http_status": status if 100 <= status <= 599 else None,
                "content_type": response.headers.get("content-type"),
                "elapsed_ms": response.elapsed_ms,
                "observed_at": response.observed_at,
            }
            if self._needs_headers:
                answer["headers"] = response.headers
        return Visit(
            outcome,
            reason,
            attempts=self._attempts,
            via=self._requester.ways[self._way].name,
            fetched_at=self._requester.now(),
            first_tried_at=self._first_tried_at,
            **answer,
            **values,
        )
