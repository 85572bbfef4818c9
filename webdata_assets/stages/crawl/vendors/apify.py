"""Apify (API v2, docs.apify.com/api/v2): runs of Actors, and the items of their datasets.

What belongs here: its paths, fields and states. What does not: HTTP, keys and refusals (client.py,
answers.py), and what an item says (items.py).
"""

import datetime as dt
import math
from collections.abc import AsyncIterator
from urllib.parse import quote

from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.jobs import Batch, Environ
from webdata_assets.stages.crawl.transport import Response, Transport
from webdata_assets.stages.crawl.vendors.answers import (
    RefusedError,
    member,
    optional_member,
    parse_json,
    printable,
)
from webdata_assets.stages.crawl.vendors.client import VendorClient
from webdata_assets.stages.crawl.vendors.declared import answer_bytes, as_params, options_of, service_of
from webdata_assets.stages.crawl.vendors.items import deliver_item
from webdata_assets.stages.crawl.vendors.keys import require_key
from webdata_assets.stages.crawl.vendors.waiting import JobWait

_VENDOR = "Apify"
_URL = "https://api.apify.com"
_VARIABLE = "APIFY_TOKEN"

_ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"})
_BUSY = frozenset({"actor-memory-limit-exceeded", "concurrent-runs-limit-exceeded"})
"""Refusals that end when another run ends, although their status is that of a spent quota."""
_HELD_SECONDS = 30
"""How long Apify holds a look at a run that goes on; it allows 60."""
_NOT_THERE_SECONDS = 3.0
"""A run that has just been started may not be known everywhere (apify-client waits as long)."""
_ITEMS = 250
"""Dataset rows asked for at once; fewer after an answer over the cap."""
_ANSWER_BYTES = 64_000_000


class ApifyJobs:
    """Runs of Actors. What is run is the rule's `name`: `user/actor`, or an Actor's id."""

    name = "apify"

    def __init__(self, source: Source, *, http: Transport, environ: Environ, clock: Clock) -> None:
        """Take the source, what speaks HTTP to the service, where the key is, and what is waited on.

        Raises:
            PermanentError: CONFIGURATION, for a missing key.
        """
        self._key = require_key(environ, _VARIABLE, _VENDOR)
        self._options = as_params(
            options_of(source, "apify", reserved=("token", "waitForFinish", "webhooks"))
        )
        self._clock = clock
        self._client = VendorClient(
            http,
            service_of(source, "apify").url or _URL,
            self._key,
            headers={"authorization": f"Bearer {self._key.value}"},
            allow_private=source.allow_private,
            clock=clock,
            max_body_bytes=max(_ANSWER_BYTES, answer_bytes(source.fetch.max_body_bytes)),
        )

    async def start(self, rule: DiscoverJob, start_url: str, date: dt.date) -> str:  # noqa: ARG002
        """Start a run with one start URL; see JobService.start for what is raised."""
        given = optional_member(rule.input, "startUrls", list) or []
        run_input: dict[str, JsonValue] = {**rule.input, "startUrls": [*given, {"url": start_url}]}
        # Apify ends the run at the deadline, so that nothing runs on, and is paid for, behind our back
        params = {"timeout": str(math.ceil(rule.timeout_seconds)), **self._options}
        try:
            answer = await self._client.call_json(
                "POST", f"/v2/actors/{_safe(rule.name)}/runs", params=params, json=run_input
            )
        except RefusedError as error:
            if error.code not in _BUSY:
                raise
            raise TransientError(str(error), failure_domain=FailureDomain.TARGET) from error
        return member(answer, "data.id", str, _VENDOR)

    async def results(self, rule: DiscoverJob, job: str, cursor: str | None) -> AsyncIterator[Batch]:
        """Wait for the run's end and yield its dataset; see JobService.results for what is raised.

        What a failed run has found is yielded before its failure is raised.
        """
        offset = self._offset(cursor)
        run = await self._wait(rule, job)
        status = member(run, "status", str, _VENDOR)
        dataset = member(run, "defaultDatasetId", str, _VENDOR)
        rows = _ITEMS
        while True:
            try:
                answer = await self._items(dataset, offset, rows)
            except PermanentError as error:
                if error.failure_domain != FailureDomain.RESOURCE or rows == 1:
                    raise
                rows //= 2
                continue
            items = self._list(answer)
            # rows that were looked at: empty ones are counted and not given, and the count may lag behind
            seen = min(max(_count(answer), len(items)), rows)
            offset += seen
            if not seen:
                break
            yield Batch([deliver_item(rule, item) for item in items], str(offset))
        if status != "SUCCEEDED":
            said = optional_member(run, "statusMessage", str) or "it does not say why"
            raise PermanentError(
                printable(f"{_VENDOR}'s run {job} has ended as {status}: {said}", self._key),
                failure_domain=FailureDomain.TARGET,
            )
        yield Batch([], None)

    async def close(self) -> None:
        """Nothing is held open: the http transport belongs to whoever made it."""

    async def _wait(self, rule: DiscoverJob, job: str) -> JsonValue:
        wait = JobWait(self._clock, rule.timeout_seconds, f"{_VENDOR}'s run {job}")
        started = self._clock.monotonic()
        while True:
            try:
                answer = await self._client.call_json(
                    "GET", f"/v2/actor-runs/{_safe(job)}", params={"waitForFinish": str(_HELD_SECONDS)}
                )
            except RefusedError as error:
                if error.status != 404:
                    raise
                if self._clock.monotonic() - started >= _NOT_THERE_SECONDS:
                    raise PermanentError(str(error), failure_domain=FailureDomain.TARGET) from error
            else:
                if member(answer, "data.status", str, _VENDOR) in _ENDED:
                    return member(answer, "data", dict, _VENDOR)
            await wait.pause()

    async def _items(self, dataset: str, offset: int, rows: int) -> Response:
        params = {"offset": str(offset), "limit": str(rows), "clean": "true"}
        return await self._client.call("GET", f"/v2/datasets/{_safe(dataset)}/items", params=params)

    def _list(self, answer: Response) -> list[JsonValue]:
        items = parse_json(answer.body, _VENDOR)
        if not isinstance(items, list):
            raise PermanentError(f"{_VENDOR}'s items are no list", failure_domain=FailureDomain.PARSE)
        return items

    def _offset(self, cursor: str | None) -> int:
        if cursor is None:
            return 0
        if not (cursor.isascii() and cursor.isdigit()):
            raise PermanentError(
                f"{cursor[:40]!r} is no cursor of {_VENDOR}", failure_domain=FailureDomain.PARSE
            )
        return int(cursor)


def _count(answer: Response) -> int:
    written = answer.headers.get("x-apify-pagination-count", "").strip()
    return int(written[:18]) if written.isascii() and written.isdigit() else 0


def _safe(name: str) -> str:
    return quote(name.replace("/", "~"), safe="~")
