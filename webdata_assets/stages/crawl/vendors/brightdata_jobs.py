"""Bright Data's datasets (docs.brightdata.com, API v3) as jobs: a collection, and the parts of its snapshot.

What belongs here: triggering, progress, and download in parts. What does not: single pages (brightdata.py),
and HTTP, keys and refusals (client.py, answers.py).
"""

import datetime as dt
import logging
import re
from collections.abc import AsyncIterator

from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.jobs import Batch, Environ
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.stages.crawl.vendors.answers import (
    RefusedError,
    member,
    optional_member,
    parse_json,
    printable,
)
from webdata_assets.stages.crawl.vendors.brightdata import TRIGGER, VENDOR, find_key, open_client
from webdata_assets.stages.crawl.vendors.declared import as_params, options_of
from webdata_assets.stages.crawl.vendors.items import deliver_item
from webdata_assets.stages.crawl.vendors.waiting import JobWait

logger = logging.getLogger(__name__)

_READY = "ready"
_FAILED = frozenset({"failed", "error", "canceled", "cancelled"})
_NOT_READY = 202
_NOT_THERE = 404
_EMPTY = "Snapshot is empty"
_EXPIRED = "Snapshot is expired"
_RECORDS = 1_000
"""Records of a part; the least that Bright Data allows."""
_ANSWER_BYTES = 256_000_000
_SNAPSHOT = re.compile(r"[A-Za-z0-9_-]{1,100}")


class BrightDataJobs:
    """Collections of datasets. What is collected is the rule's `name`: a dataset's id, `gd_…`."""

    name = "brightdata"

    def __init__(self, source: Source, *, http: Transport, environ: Environ, clock: Clock) -> None:
        """Take the source, what speaks HTTP to the service, where the key is, and what is waited on.

        `fetch.services.brightdata.options.trigger` holds further parameters of the query, such as `type`.

        Raises:
            PermanentError: CONFIGURATION, for a missing key or an option that only we may give.
        """
        self._key = find_key(environ)
        options = options_of(source, "brightdata", reserved=())
        self._params = as_params(optional_member(options, TRIGGER, dict) or {})
        for name in ("dataset_id", "format", "include_errors"):
            if name in self._params:
                raise PermanentError(
                    f"source {source.name!r}: `fetch.services.brightdata.options.{TRIGGER}` may not hold "
                    f"`{name}`; remove it",
                    failure_domain=FailureDomain.CONFIGURATION,
                )
        self._clock = clock
        largest = max(_ANSWER_BYTES, 2 * source.fetch.max_body_bytes)
        self._client = open_client(source, http, self._key, clock=clock, max_body_bytes=largest)

    async def start(self, rule: DiscoverJob, start_url: str, date: dt.date) -> str:  # noqa: ARG002
        """Trigger a collection of one input; see JobService.start for what is raised."""
        answer = await self._client.call_json(
            "POST",
            "/datasets/v3/trigger",
            params={**self._params, "dataset_id": rule.name, "include_errors": "true"},
            json=[{**rule.input, "url": start_url}],
        )
        snapshot = member(answer, "snapshot_id", str, VENDOR)
        if not _SNAPSHOT.fullmatch(snapshot):
            raise PermanentError(
                f"{VENDOR}'s `snapshot_id` is no name of a snapshot", failure_domain=FailureDomain.PARSE
            )
        return snapshot

    async def results(self, rule: DiscoverJob, job: str, cursor: str | None) -> AsyncIterator[Batch]:
        """Wait until the snapshot is ready and yield its parts; see JobService.results for what is raised.

        Inputs that failed are told, and are no pages; when nothing else came, the job has failed.
        """
        part = _part(cursor)
        wait = JobWait(self._clock, rule.timeout_seconds, f"{VENDOR}'s snapshot {job}")
        await self._until_ready(job, wait)
        nothing = cursor is None
        while True:
            records = await self._download(job, part, wait)
            # only when a part has been asked for does Bright Data cut the snapshot into parts
            last = part >= (await self._count_parts(job) if records else part)
            found = [record for record in records if _error_of(record) is None]
            nothing = nothing and not found
            if len(found) < len(records):
                failed = len(records) - len(found)
                error = next(filter(None, map(_error_of, records)))
                told = f"{VENDOR}'s snapshot {job}: {failed} inputs failed, such as by {error}"
                if nothing and last:
                    raise PermanentError(printable(told, self._key), failure_domain=FailureDomain.TARGET)
                logger.warning("%s", printable(told, self._key))
            part += 1
            yield Batch([deliver_item(rule, record) for record in found], None if last else str(part))
            if last:
                return

    async def close(self) -> None:
        """Nothing is held open: the http transport belongs to whoever made it."""

    async def _until_ready(self, job: str, wait: JobWait) -> None:
        while True:
            try:
                answer = await self._client.call_json("GET", f"/datasets/v3/progress/{job}")
            except RefusedError as error:
                if error.status != _NOT_THERE:
                    raise
                raise PermanentError(str(error), failure_domain=FailureDomain.TARGET) from error
            status = member(answer, "status", str, VENDOR)
            if status == _READY:
                return
            if status in _FAILED:
                said = optional_member(answer, "error_message", str) or "it does not say why"
                raise PermanentError(
                    printable(f"{VENDOR}'s snapshot {job} has ended as {status}: {said}", self._key),
                    failure_domain=FailureDomain.TARGET,
                )
            await self._pause(job, wait)

    async def _download(self, job: str, part: int, wait: JobWait) -> list[JsonValue]:
        """Return a part's records; a snapshot that is ready may still have to be built."""
        params = {"format": "json", "batch_size": str(_RECORDS), "part": str(part)}
        while True:
            try:
                answer = await self._client.call("GET", f"/datasets/v3/snapshot/{job}", params=params)
            except RefusedError as error:
                if _EMPTY in str(error):
                    return []
                if error.status != _NOT_THERE and _EXPIRED not in str(error):
                    raise
                raise PermanentError(str(error), failure_domain=FailureDomain.TARGET) from error
            records = parse_json(answer.body, VENDOR)
            if isinstance(records, list):
                return records
            if answer.status != _NOT_READY:
                raise PermanentError(f"{VENDOR}'s records are no list", failure_domain=FailureDomain.PARSE)
            await self._pause(job, wait)

    async def _count_parts(self, job: str) -> int:
        params = {"format": "json", "batch_size": str(_RECORDS)}
        answer = await self._client.call_json("GET", f"/datasets/v3/snapshot/{job}/parts", params=params)
        return member(answer, "parts", int, VENDOR)

    async def _pause(self, job: str, wait: JobWait) -> None:
        try:
            await wait.pause()
        except PermanentError:
            # nothing is to run on, and be paid for, behind our back
            await self._client.call("POST", f"/datasets/v3/snapshot/{job}/cancel")
            raise


def _part(cursor: str | None) -> int:
    if cursor is None:
        return 1
    if not (cursor.isascii() and cursor.isdigit() and int(cursor[:18]) > 0):
        raise PermanentError(f"{cursor[:40]!r} is no cursor of {VENDOR}", failure_domain=FailureDomain.PARSE)
    return int(cursor[:18])


def _error_of(record: JsonValue) -> str | None:
    """Return why an input gave no record, where a record says so."""
    error = optional_member(record, "error", str) or ""
    code = optional_member(record, "error_code", str) or ""
    return ": ".join(filter(None, (code, error))) or None
