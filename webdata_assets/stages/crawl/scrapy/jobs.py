"""The scrapy way in: a real Scrapy spider in a process of its own, whose items arrive through a feed.

What belongs here: the job, and its feed read in batches. What does not: the command (command.py), the
process (process.py), and what runs inside it (record.py).

`folder:spider` is run as `scrapy crawl spider` in the project's folder, `file.py` as `scrapy runspider`.
The spider gets the start URL as the argument `start_url`, the partition's date as `date`, and the rule's
input, all as text; `start_urls` is not used, because Scrapy would iterate over its characters. The source's
politeness is handed over as settings of the command line, which win over the project's and over the
spider's `custom_settings`; `services.scrapy.options.settings` changes one, and null leaves it to the
project. Addresses are not checked as they are elsewhere: a spider is the operator's own code, with its own
client.

Items are handed over only when the spider ended well: closed as `finished` (or for a reason that the
options name) with no exception in its callbacks and pipelines (or no more than the options let pass). A run
that ended otherwise is run anew from the start. Scrapy's own resumption (JOBDIR) is not used: after a kill
it finds the URLs that were seen but not the queue, and ends as `finished` without the pages that were
waiting (Scrapy 2.19 gave 104 of 200). A spider that outlives us, because we were killed, is waited for, and
not run twice.
"""

import asyncio
import datetime as dt
import importlib.util
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import orjson

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.jobs import Batch, Delivered
from webdata_assets.stages.crawl.scrapy.command import FEED, SpiderCommand, command_of, options_of
from webdata_assets.stages.crawl.scrapy.process import feed_is_complete, run_spider
from webdata_assets.stages.crawl.vendors.answers import parse_json
from webdata_assets.stages.crawl.vendors.items import deliver_item

_BATCH_ITEMS = 500
_BATCH_BYTES = 16_000_000
_JOB = re.compile(r"[a-z0-9_-]{1,120}")
_ARGUMENTS = "arguments.json"


class ScrapyJobs:
    """Runs spiders, one folder for each job. What the folders hold is the caller's to drop."""

    name = "scrapy"

    def __init__(
        self,
        source: Source,
        *,
        root: Path,
        folder: Path,
        environ: Mapping[str, str],
        clock: Clock,
        user_agent: str,
    ) -> None:
        """Take what all jobs share.

        Args:
            source: whose spiders are run.
            root: the folder of the source file, which names of spiders are relative to.
            folder: holds the jobs' folders; must survive a restart for a job to be found again.
            environ: of which spiders see PATH and the like, and what the source's options name.
            clock: what deadlines are measured on.
            user_agent: what spiders call themselves.
        """
        self._source = source
        self._root = root
        self._folder = folder
        self._environ = environ
        self._clock = clock
        self._user_agent = user_agent

    async def start(self, rule: DiscoverJob, start_url: str, date: dt.date) -> str:
        """Make a job's folder; its spider is run when its results are asked for.

        Raises:
            PermanentError: CONFIGURATION, when Scrapy, the project or the file is missing, or an option is
                wrong.
        """
        _require_scrapy()
        job = f"{self._source.name}-{date.isoformat()}-{secrets.token_hex(6)}"
        folder = self._folder / job
        self._command(rule, start_url, date.isoformat(), folder)
        folder.mkdir(parents=True)
        arguments = {"start_url": start_url, "date": date.isoformat()}
        (folder / _ARGUMENTS).write_bytes(orjson.dumps(arguments))
        return job

    async def results(self, rule: DiscoverJob, job: str, cursor: str | None) -> AsyncIterator[Batch]:
        """Run the job's spider unless it ended well, and yield its items; a cursor is an offset in the feed.

        Raises:
            TransientError: as run_spider says.
            PermanentError: as run_spider says; TARGET, when the job's folder is gone; PARSE, when an item
                cannot be read; RESOURCE, when one is larger than `max_body_bytes`.
        """
        folder = self._folder / job
        if not _JOB.fullmatch(job) or not (folder / _ARGUMENTS).is_file():
            raise PermanentError(
                f"the folder of the Scrapy job {job[:120]!r} is gone; start it anew",
                failure_domain=FailureDomain.TARGET,
            )
        options = options_of(self._source)
        if not feed_is_complete(folder, options):
            _require_scrapy()
            command = self._command(rule, folder=folder, **orjson.loads((folder / _ARGUMENTS).read_bytes()))
            await run_spider(
                command, folder, options, clock=self._clock, timeout_seconds=rule.timeout_seconds
            )
        while True:
            batch = await asyncio.to_thread(
                _read_batch, folder / FEED, int(cursor or 0), rule, self._source.fetch.max_body_bytes
            )
            yield batch
            if batch.cursor is None:
                return
            cursor = batch.cursor

    async def close(self) -> None:
        """Nothing is held open: a spider ends with the results that wait for it."""

    def _command(self, rule: DiscoverJob, start_url: str, date: str, folder: Path) -> SpiderCommand:
        return command_of(
            self._source,
            rule,
            start_url=start_url,
            date=date,
            root=self._root,
            job_folder=folder,
            environ=self._environ,
            user_agent=self._user_agent,
        )


def _require_scrapy() -> None:
    if importlib.util.find_spec("scrapy") is None:
        raise PermanentError(
            'Scrapy is not installed; run `pip install "webdata_assets[scrapy]"`',
            failure_domain=FailureDomain.CONFIGURATION,
        )


def _read_batch(feed: Path, offset: int, rule: DiscoverJob, max_item_bytes: int) -> Batch:
    """Read items from an offset on, until there are enough of them."""
    if not feed.exists():
        return Batch([], None)
    pages: list[Delivered] = []
    # JSON escapes make a line longer than the item
    longest = 6 * max_item_bytes
    with feed.open("rb") as file:
        end = feed.stat().st_size
        file.seek(offset)
        begin = offset
        while offset < end and len(pages) < _BATCH_ITEMS and offset - begin < _BATCH_BYTES:
            line = file.readline(longest)
            if len(line) == longest:
                raise PermanentError(
                    f"an item of the spider exceeds max_body_bytes, {max_item_bytes} bytes",
                    failure_domain=FailureDomain.RESOURCE,
                )
            offset += len(line)
            if line.strip():
                pages.append(deliver_item(rule, parse_json(line, "Scrapy")))
    return Batch(pages, str(offset) if offset < end else None)
