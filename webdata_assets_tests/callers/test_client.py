"""The client of the docs against a real webserver: it waits for the end, and a failed check is a failure."""

import importlib.util
from types import ModuleType

import pytest
from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError

from webdata_assets.schemas import TABLES
from webdata_assets_tests.callers.conftest import BAD, EXAMPLES, GOOD, TODAY, Called


@pytest.fixture(scope="module")
def calls() -> ModuleType:
    spec = importlib.util.spec_from_file_location("webdata_calls", EXAMPLES / "webdata_calls.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def client(called: Called) -> DagsterGraphQLClient:
    return DagsterGraphQLClient(called.host, port_number=called.port)


def _admitted(called: Called, table: str) -> set[str]:
    return set(called.store.ledger.admitted(TABLES[table])["source"])


def test_a_partition_is_run_and_waited_for(
    calls: ModuleType, client: DagsterGraphQLClient, called: Called
) -> None:
    calls.run_job(
        client, "crawl", calls.partition_tags(str(TODAY), GOOD), poll_seconds=0.2, timeout_seconds=150
    )
    assert GOOD in _admitted(called, "embeddings")


def test_a_blocking_check_that_fails_is_a_failure_of_the_call(
    calls: ModuleType, client: DagsterGraphQLClient, called: Called
) -> None:
    with pytest.raises(calls.RunFailedError, match="ended as FAILURE"):
        calls.run_job(
            client, "crawl", calls.partition_tags(str(TODAY), BAD), poll_seconds=0.2, timeout_seconds=150
        )
    assert BAD not in _admitted(called, "records")


def test_a_run_that_takes_too_long_is_no_longer_waited_for(
    calls: ModuleType, client: DagsterGraphQLClient
) -> None:
    tags = calls.partition_tags(str(TODAY), GOOD)
    with pytest.raises(TimeoutError, match="is still"):
        calls.run_job(client, "crawl", tags, poll_seconds=0.01, timeout_seconds=0)


def test_a_job_that_there_is_not_is_refused(calls: ModuleType, client: DagsterGraphQLClient) -> None:
    with pytest.raises(DagsterGraphQLClientError, match="nonsense"):
        calls.run_job(client, "nonsense", {})
