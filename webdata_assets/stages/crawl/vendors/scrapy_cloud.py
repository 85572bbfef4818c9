"""Scrapy Cloud (docs.zyte.com/scrapy-cloud/usage/reference/http): jobs of deployed spiders, and their items.

What belongs here: its paths, fields and states. What does not: HTTP, keys and refusals (client.py,
answers.py), and what an item says (items.py).
"""

import datetime as dt
import re
from collections.abc import AsyncIterator

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
    message_of,
    optional_member,
    parse_json,
    printable,
)
from webdata_assets.stages.crawl.vendors.basic import BasicKey
from webdata_assets.stages.crawl.vendors.client import VendorClient
from webdata_assets.stages.crawl.vendors.declared import as_params, options_of, service_of
from webdata_assets.stages.crawl.vendors.items import deliver_item
from webdata_assets.stages.crawl.vendors.keys import require_key
from webdata_assets.stages.crawl.vendors.waiting import JobWait

_VENDOR = "Scrapy Cloud"
_APP_URL = "https://app.zyte.com"
_STORAGE_URL = "https://storage.zyte.com"
_VARIABLE = "SHUB_APIKEY"
_RESERVED = frozenset({"project", "spider", "jobq_id", "apikey"})
_OPTIONS = frozenset({"job_settings", "units", "priority", "add_tag", "cmd_args", "environment", "meta"})

_PLACE = re.compile(r"(\d{1,18})/([\w.-]{1,200})")
_JOB = re.compile(r"\d{1,18}/\d{1,18}/\d{1,18}")
_GOOD_ENDS = frozenset({"finished", "closespider_itemcount", "closespider_pagecount"})
_NOT_THERE = 404
_DUPLICATE = "already scheduled"
_WRONG_KEY = "Authentication failed"
_ITEMS = 500
"""Items asked for at once; fewer after an answer over the cap."""
_ANSWER_BYTES = 64_000_000


class ScrapyCloudJobs:
    """Jobs of deployed spiders. What is run is the rule's `name`: `project/spider`, such as `123/books`.

    A spider gets the start URL as `start_url`, the partition's date as `date`, and the rule's input. Its own
    project says how polite it is; `fetch.services.scrapy_cloud.options` may hold `job_settings`, `units`,
    `priority` and `add_tag`.
    """

    name = "scrapy_cloud"

    def __init__(self, source: Source, *, http: Transport, environ: Environ, clock: Clock) -> None:
        """Take the source, what speaks HTTP to the service, where the key is, and what is waited on.

        Raises:
            PermanentError: CONFIGURATION, for a missing key or an option that only we may give.
        """
        self._key = BasicKey.of(require_key(environ, _VARIABLE, _VENDOR))
        self._options = as_params(options_of(source, "scrapy_cloud", reserved=_RESERVED))
        self._clock = clock

        def client(url: str, kind: str) -> VendorClient:
            return VendorClient(
                http,
                service_of(source, "scrapy_cloud").url or url,
                self._key,
                headers={"authorization": self._key.authorization, "accept": kind},
                allow_private=source.allow_private,
                clock=clock,
                max_body_bytes=max(_ANSWER_BYTES, 2 * source.fetch.max_body_bytes),
            )

        self._app = client(_APP_URL, "application/json")
        self._storage = client(_STORAGE_URL, "application/x-jsonlines")

    async def start(self, rule: DiscoverJob, start_url: str, date: dt.date) -> str:
        """Schedule a job for one start URL; see JobService.start for what is raised."""
        place = _PLACE.fullmatch(rule.name)
        if place is None:
            raise PermanentError(
                f"{rule.name[:100]!r} names no spider of {_VENDOR}; write `project/spider`, as `123/books`",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        arguments = {"start_url": start_url, "date": date.isoformat(), **as_params(rule.input)}
        if taken := sorted(arguments.keys() & (_RESERVED | _OPTIONS)):
            raise PermanentError(
                f"`input` may not hold `{taken[0]}`, which {_VENDOR} takes for itself",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        project, spider = place.groups()
        form = {**arguments, **self._options, "project": project, "spider": spider}
        try:
            answer = self._checked(await self._app.call("POST", "/api/run.json", form=form))
        except RefusedError as error:
            if _DUPLICATE not in str(error):
                raise
            raise TransientError(str(error), failure_domain=FailureDomain.TARGET) from error
        job = member(answer, "jobid", str, _VENDOR)
        if not _JOB.fullmatch(job):
            raise PermanentError(f"{_VENDOR}'s `jobid` is no job", failure_domain=FailureDomain.PARSE)
        return job

    async def results(self, rule: DiscoverJob, job: str, cursor: str | None) -> AsyncIterator[Batch]:
        """Wait for the job's end and yield its items; see JobService.results for what is raised.

        What a failed job has found is yielded before its failure is raised.
        """
        offset = self._offset(cursor)
        reason = await self._until_ended(rule, job)
        rows = _ITEMS
        while True:
            params = {"format": "jl", "start": f"{job}/{offset}", "count": str(rows)}
            try:
                answer = await self._storage.call("GET", f"/items/{job}", params=params)
            except PermanentError as error:
                if error.failure_domain != FailureDomain.RESOURCE or rows == 1:
                    raise
                rows //= 2
                continue
            items = [parse_json(line, _VENDOR) for line in answer.body.split(b"\n") if line.strip()]
            if not items:
                break
            offset += len(items)
            yield Batch([deliver_item(rule, item) for item in items], str(offset))
        if reason not in _GOOD_ENDS:
            raise PermanentError(
                printable(f"{_VENDOR}'s job {job} has ended as {reason!r}", self._key),
                failure_domain=FailureDomain.TARGET,
            )
        yield Batch([], None)

    async def close(self) -> None:
        """Nothing is held open: the http transport belongs to whoever made it."""

    async def _until_ended(self, rule: DiscoverJob, job: str) -> str:
        """Wait until the job is finished; return for what reason it was closed."""
        wait = JobWait(self._clock, rule.timeout_seconds, f"{_VENDOR}'s job {job}")
        while True:
            try:
                answer = await self._storage.call_json("GET", f"/jobs/{job}")
            except RefusedError as error:
                if error.status != _NOT_THERE:
                    raise
                raise PermanentError(str(error), failure_domain=FailureDomain.TARGET) from error
            state = member(answer, "state", str, _VENDOR)
            if state == "finished":
                return optional_member(answer, "close_reason", str) or "no_reason"
            if state == "deleted":
                raise PermanentError(f"{_VENDOR}'s job {job} is deleted", failure_domain=FailureDomain.TARGET)
            try:
                await wait.pause()
            except PermanentError:
                # nothing is to run on, and be paid for, behind our back
                form = {"project": job.partition("/")[0], "job": job}
                self._checked(await self._app.call("POST", "/api/jobs/stop.json", form=form))
                raise

    def _checked(self, response: Response) -> JsonValue:
        """Return an answer of the app's API, which tells its refusals with status 200 too.

        Raises:
            RefusedError: ACCESS, for a key that is not taken; CONFIGURATION, for everything else.
        """
        answer = parse_json(response.body, _VENDOR)
        if member(answer, "status", str, _VENDOR) == "ok":
            return answer
        said = message_of(response, self._key)
        text = f"{_VENDOR} refuses: {said}"
        if said == _WRONG_KEY:
            text = f"{text} (the key is the environment variable {_VARIABLE})"
            raise RefusedError(text, failure_domain=FailureDomain.ACCESS, status=response.status)
        raise RefusedError(text, failure_domain=FailureDomain.CONFIGURATION, status=response.status)

    def _offset(self, cursor: str | None) -> int:
        if cursor is None:
            return 0
        if not (cursor.isascii() and cursor.isdigit()):
            raise PermanentError(
                f"{cursor[:40]!r} is no cursor of {_VENDOR}", failure_domain=FailureDomain.PARSE
            )
        return int(cursor[:18])
