"""Waiting until nobody else writes what a command is about to write.

What belongs here: runs of a daemon or of another command over the same tables or partition. What does not:
the daemon's own queue (dagster.yaml), and commits that meet all the same (store/tables.py).
"""

import time
from collections.abc import Callable, Mapping

import dagster as dg

from webdata_assets.automation.tags import IN_PROGRESS
from webdata_assets.errors import FailureDomain, TransientError

WAIT_SECONDS = 600.0
_TELL_AFTER_SECONDS = 2.0


def wait_for_writers(
    instance: dg.DagsterInstance,
    tags: Mapping[str, str],
    tell: Callable[[str], None],
    *,
    seconds: float = WAIT_SECONDS,
    poll_seconds: float = 0.5,
) -> None:
    """Return once no run with these tags is queued or in progress.

    Args:
        tags: of the runs that write the same, such as those of one partition; every run if none.
        tell: takes a line for the person who waits.
        seconds: after which it is given up.
        poll_seconds: between two looks.

    Raises:
        TransientError: SINK, naming the run and what to do, when it does not end in time.
    """
    started, told = time.monotonic(), False
    while runs := instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS, tags=dict(tags)), limit=1):
        waited = time.monotonic() - started
        name = f"run {runs[0].run_id[:8]} of {runs[0].job_name}"
        if waited >= seconds:
            raise TransientError(
                f"{name} has been writing the same for {seconds:.0f} s: wait for it, or terminate it in the "
                "UI if its process is gone",
                failure_domain=FailureDomain.SINK,
            )
        if waited >= _TELL_AFTER_SECONDS and not told:
            tell(f"Waiting for {name}, which writes the same tables; Ctrl-C to stop waiting.")
            told = True
        time.sleep(poll_seconds)
