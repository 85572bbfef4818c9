"""Run jobs of webdata_assets from anywhere, by the GraphQL interface of its Dagster webserver.

Copy this file beside your own; `pip install dagster-graphql` is all that it needs.
"""

import time
from collections.abc import Mapping

from dagster import DagsterRunStatus
from dagster_graphql import DagsterGraphQLClient

LOCATION, REPOSITORY = "webdata_assets", "__repository__"
ENDED = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}


class RunFailedError(Exception):
    """A run that failed or was cancelled, as it does when a blocking check fails."""


def partition_tags(date: str, source: str) -> dict[str, str]:
    """Return the tags by which a run is of one partition: `date` is YYYY-MM-DD."""
    return {
        "dagster/partition": f"{date}|{source}",
        "dagster/partition/date": date,
        "dagster/partition/source": source,
    }


def run_job(
    client: DagsterGraphQLClient,
    job: str,
    tags: Mapping[str, str],
    *,
    poll_seconds: float = 5.0,
    timeout_seconds: float = 3_600.0,
) -> str:
    """Launch a job, wait for its end, and return the run's id.

    Args:
        client: of the webserver.
        job: such as `crawl` and `replay`, of one partition, or `publish` and `retrain`, of everything.
        tags: of the run; `partition_tags` for a job of one partition.
        poll_seconds: between two looks.
        timeout_seconds: after which it is no longer waited for; the run itself goes on.

    Raises:
        RunFailedError: it failed, or a blocking check did.
        TimeoutError: it has not ended in time.
    """
    run_id: str = client.submit_job_execution(
        job, repository_location_name=LOCATION, repository_name=REPOSITORY, tags=dict(tags)
    )
    deadline = time.monotonic() + timeout_seconds
    while (status := client.get_run_status(run_id)) not in ENDED:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{job}: run {run_id} is still {status.value}")
        time.sleep(poll_seconds)
    if status is not DagsterRunStatus.SUCCESS:
        raise RunFailedError(
            f"{job}: run {run_id} ended as {status.value}; see /runs/{run_id} of its webserver"
        )
    return run_id
