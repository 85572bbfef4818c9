"""Firecrawl's `/v2/crawl` as a job: a whole site, crawled by Firecrawl.

What belongs here: starting a crawl, its states, and paging through what it finds. What does not: single
pages (firecrawl.py), and HTTP, keys and refusals (client.py, answers.py).
"""

import datetime as dt
import logging
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.jobs import Batch, Delivered, Environ
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.stages.crawl.vendors.answers import RefusedError, member, optional_member
from webdata_assets.stages.crawl.vendors.declared import answer_bytes
from webdata_assets.stages.crawl.vendors.firecrawl_service import (
    VENDOR,
    cached_at,
    check_success,
    content_type_of,
    find_key,
    open_client,
    scrape_options,
    status_of,
    text_of,
    words_of,
)
from webdata_assets.stages.crawl.vendors.items import deliver_item, item_url
from webdata_assets.stages.crawl.vendors.waiting import JobWait

logger = logging.getLogger(__name__)

_ENDED = frozenset({"completed", "failed", "cancelled"})
_FIRST = "skip=0"
_ANSWER_BYTES = 64_000_000
"""Cap on a page of results; Firecrawl ends one after 10 MiB, or after its first document."""


class FirecrawlJobs:
    """Crawls of whole sites. What a crawl has found is handed over while it goes on."""

    name = "firecrawl"

    def __init__(self, source: Source, *, http: Transport, environ: Environ, clock: Clock) -> None:
        """Take the source, what speaks HTTP to the service, where the key is, and what is waited on.

        Raises:
            PermanentError: CONFIGURATION, for a missing key or an option that only we may give.
        """
        self._source = source
        self._key = find_key(source, environ)
        self._options = scrape_options(source)
        self._clock = clock
        largest = max(_ANSWER_BYTES, answer_bytes(source.fetch.max_body_bytes))
        self._client = open_client(source, http, self._key, clock=clock, max_body_bytes=largest)

    async def start(self, rule: DiscoverJob, start_url: str, date: dt.date) -> str:  # noqa: ARG002
        """Start a crawl from one URL; see JobService.start for what is raised."""
        if rule.name != "crawl":
            raise PermanentError(
                f"{VENDOR} has no job {rule.name!r}; write `name: crawl`",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        own = optional_member(rule.input, "scrapeOptions", dict) or {}
        formats = own.get("formats", ["rawHtml"]) if rule.item_body is not None else ["rawHtml"]
        body: dict[str, JsonValue] = {
            "limit": self._source.fetch.max_pages,
            "ignoreRobotsTxt": self._source.fetch.robots == "ignore",
            **rule.input,
            "url": start_url,
            "scrapeOptions": {**self._options, **own, "formats": formats},
        }
        answer = await self._client.call_json("POST", "/v2/crawl", json=body)
        check_success(answer, self._key, FailureDomain.CONFIGURATION)
        return member(answer, "id", str, VENDOR)

    async def results(self, rule: DiscoverJob, job: str, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield what the crawl finds until it ends; see JobService.results for what is raised."""
        wait = JobWait(self._clock, rule.timeout_seconds, f"{VENDOR}'s job {job}")
        nothing = cursor is None
        while True:
            answer = await self._look(job, cursor)
            status = member(answer, "status", str, VENDOR)
            documents = optional_member(answer, "data", list) or []
            following = _cursor(optional_member(answer, "next", str))
            if following == cursor:
                # a crawl repeats its cursor until there is more; pages that failed never come
                following = None
            # without a cursor to go on from, a running crawl gives the same documents again
            ready = bool(documents) and (following is not None or status in _ENDED)
            if ready:
                nothing = False
                wait.made_progress()
                # the last documents of a failed crawl are asked for again after a restart, to fail again
                again = following or (None if status == "completed" else cursor or _FIRST)
                yield Batch([_deliver(rule, document) for document in documents], again)
            if status in _ENDED and following is None:
                break
            cursor = following or cursor
            if not ready:
                await wait.pause()
        await self._check_end(job, status, nothing=nothing)
        if not ready:
            yield Batch([], None)

    async def close(self) -> None:
        """Nothing is held open: the http transport belongs to whoever made it."""

    async def _look(self, job: str, cursor: str | None) -> JsonValue:
        params = dict(parse_qsl(cursor)) if cursor else None
        try:
            answer = await self._client.call_json("GET", _path(job), params=params)
        except RefusedError as error:
            if error.status != 404:
                raise
            raise PermanentError(str(error), failure_domain=FailureDomain.TARGET) from error
        check_success(answer, self._key, FailureDomain.TARGET)
        return answer

    async def _check_end(self, job: str, status: str, *, nothing: bool) -> None:
        answer = await self._client.call_json("GET", f"{_path(job)}/errors")
        failed = optional_member(answer, "errors", list) or []
        forbidden = optional_member(answer, "robotsBlocked", list) or []
        account = f"{len(failed)} pages failed, robots.txt forbids {len(forbidden)}"
        if failed:
            account += f"; {words_of(failed[0], self._key)}"
        if status != "completed" or (nothing and (failed or forbidden)):
            raise PermanentError(
                f"{VENDOR}'s job {job} is {status}: {account}", failure_domain=FailureDomain.TARGET
            )
        if failed or forbidden:
            logger.warning("%s's job %s: %s", VENDOR, job, account)


def _deliver(rule: DiscoverJob, document: JsonValue) -> Delivered:
    url = item_url(rule, document) or text_of(document, "sourceURL") or text_of(document, "url")
    if rule.item_body is None:
        body = (optional_member(document, "rawHtml", str) or "").encode()
        content_type = content_type_of(document)
    else:
        item = deliver_item(rule, document)
        body, content_type = item.body, item.content_type
    return Delivered(url, body, content_type, status_of(document), cached_at(document))


def _cursor(following: str | None) -> str | None:
    # only the query is taken: the key goes to our base URL, wherever an answer points
    return (urlsplit(following).query or None) if following else None


def _path(job: str) -> str:
    return f"/v2/crawl/{quote(job, safe='')}"
