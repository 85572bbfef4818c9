"""Jobs: ways in that crawl by themselves, here or elsewhere, and hand over what they found.

What belongs here: the values and the protocol. What does not: any service (vendors/, scrapy/), and where
their pages are kept (crawler.py).
"""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from webdata_assets.sources.discover import DiscoverJob


@dataclass(frozen=True, slots=True)
class Delivered:
    """One page or item that a job found.

    Attributes:
        url: as the job gives it; None where it gives none.
        body: the page's bytes, or the item as JSON.
        content_type: of the body.
        status: the HTTP status that the job saw, if it says so.
        fetched_at: when the job saw it, if it says so.
    """

    url: str | None
    body: bytes = field(repr=False)
    content_type: str
    status: int | None = None
    fetched_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A page of a job's results: the unit that is asked for, retried and kept.

    Attributes:
        pages: in the order that the job gives.
        cursor: where the next batch begins; handed to `results` after a restart. None after the last.
    """

    pages: list[Delivered]
    cursor: str | None


class JobService(Protocol):
    """A way in that runs jobs. `name` is what rows say in `via`."""

    name: str

    async def start(self, rule: DiscoverJob, start_url: str, date: dt.date) -> str:
        """Start one job for one start URL; return what finds it again after a restart.

        Raises:
            TransientError: TARGET, when it may be started later.
            PermanentError: ACCESS, for a refused key or a spent quota; CONFIGURATION, for a job or an input
                that the service does not know, or a missing key.
        """
        ...

    def results(self, rule: DiscoverJob, job: str, cursor: str | None) -> AsyncIterator[Batch]:
        """Wait until the job has ended, and yield its results from the cursor on, or from the first.

        Raises:
            TransientError: TARGET, when asking again may help.
            PermanentError: TARGET, when the job failed, was aborted, or ran over `rule.timeout_seconds`;
                PARSE, when the service's answer is not what its documentation says.
        """
        ...

    async def close(self) -> None:
        """Release connections and processes. Calling it twice is harmless."""
        ...


Environ = Mapping[str, str]
"""The environment that keys are read from."""
