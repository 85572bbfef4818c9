"""A Prefect flow that crawls a source for a date, and publishes what was admitted.

`python prefect_flow.py` runs it once; `webdata.serve(cron="0 6 * * *")` runs it daily.
"""

import datetime as dt
import os

from dagster_graphql import DagsterGraphQLClient
from prefect import flow, task
from webdata_calls import partition_tags, run_job


def webserver() -> DagsterGraphQLClient:
    """Return the client; in production take host and port from a Prefect variable or block."""
    return DagsterGraphQLClient(
        os.environ.get("DAGSTER_HOST", "127.0.0.1"), port_number=int(os.environ.get("DAGSTER_PORT", "3000"))
    )


@task
def crawl(date: str, source: str) -> str:
    """Crawl one partition; the task fails when a blocking check fails."""
    return run_job(webserver(), "crawl", partition_tags(date, source), poll_seconds=1)


@task
def publish() -> str:
    """Bring corpus, index and deliveries up to date with what is admitted."""
    return run_job(webserver(), "publish", {}, poll_seconds=1)


@flow(name="webdata")
def webdata(date: str, source: str) -> None:
    """Crawl, then publish."""
    crawl(date, source)
    publish()


if __name__ == "__main__":
    today = dt.datetime.now(dt.UTC).date().isoformat()
    webdata(os.environ.get("WEBDATA_DATE", today), os.environ.get("WEBDATA_SOURCE", "my_blog"))
