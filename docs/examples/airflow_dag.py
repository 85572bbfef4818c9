"""An Airflow DAG that crawls a source for its logical date, and publishes what was admitted.

Put it into your folder of DAGs, with webdata_calls.py beside it.
"""

import os
from typing import Any

import pendulum
from airflow.sdk import dag, get_current_context, task
from dagster_graphql import DagsterGraphQLClient
from webdata_calls import partition_tags, run_job

SOURCE = os.environ.get("WEBDATA_SOURCE", "my_blog")


def webserver() -> DagsterGraphQLClient:
    """Return the client; in production take host and port from an Airflow connection."""
    return DagsterGraphQLClient(
        os.environ.get("DAGSTER_HOST", "127.0.0.1"), port_number=int(os.environ.get("DAGSTER_PORT", "3000"))
    )


@dag(schedule="0 6 * * *", start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False)
def webdata() -> None:
    """Crawl, then publish. A task fails when a blocking check fails, and so holds back what follows it."""

    @task
    def crawl() -> str:
        context: Any = get_current_context()
        date = context["logical_date"].strftime("%Y-%m-%d")
        return run_job(webserver(), "crawl", partition_tags(date, SOURCE), poll_seconds=1)

    @task
    def publish() -> str:
        return run_job(webserver(), "publish", {}, poll_seconds=1)

    crawl() >> publish()


dag_of_webdata = webdata()

if __name__ == "__main__":
    dag_of_webdata.test(logical_date=pendulum.parse(os.environ["WEBDATA_DATE"]))
