"""Waiting for a vendor's job: pauses that grow, up to the rule's deadline.

What belongs here: time. What does not: asking a service for a job's state.
"""

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.clock import Clock

_FIRST_SECONDS = 2.0
_GROWTH = 1.5
_LONGEST_SECONDS = 30.0


class JobWait:
    """The pauses between looks at one job. They start short, because most jobs of a day are small."""

    def __init__(self, clock: Clock, timeout_seconds: float, job: str) -> None:
        """Take how long to wait in all, from now on; `job` names it in the error."""
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._deadline = clock.monotonic() + timeout_seconds
        self._job = job
        self._seconds = _FIRST_SECONDS

    def made_progress(self) -> None:
        """Look again soon: the job has just given something."""
        self._seconds = _FIRST_SECONDS

    async def pause(self) -> None:
        """Wait until it is time for another look.

        Raises:
            PermanentError: TARGET, once the job has had all its time.
        """
        remaining = self._deadline - self._clock.monotonic()
        if remaining <= 0:
            raise PermanentError(
                f"{self._job} has not ended within {self._timeout_seconds:g} s (timeout_seconds of its rule)",
                failure_domain=FailureDomain.TARGET,
            )
        await self._clock.sleep(min(self._seconds, remaining))
        self._seconds = min(self._seconds * _GROWTH, _LONGEST_SECONDS)
