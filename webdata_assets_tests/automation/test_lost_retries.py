"""Runs that Dagster was to retry and did not: its own daemon loses them, and the sensor takes them up."""

from collections.abc import Callable
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.automation.tags import CAUSE_TAG, REPAIR_TAG
from webdata_assets_tests.automation.history import MINUTE, NOON, History, news
from webdata_assets_tests.automation.test_sensors import RECRAWL_SENSOR, ask, pretend_run, reason

REST = "every partition is admitted or at rest"


class Away:
    """A deployment whose database is away from the daemon's second look on."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instances = iter([instance])

    @property
    def instance(self) -> dg.DagsterInstance:
        for instance in self._instances:
            return instance
        raise OSError("the database is away")


def without_database(history: History) -> None:
    """Let Dagster's own daemon look at failures while its database goes away."""
    list(EventLogConsumerDaemon().run_iteration(Away(history.deployment.instance)))  # type: ignore[arg-type]


def without_code_server(history: History) -> None:
    """Let Dagster's own daemon look at failures while no code location can be asked for."""
    context = SimpleNamespace(instance=history.deployment.instance)
    list(EventLogConsumerDaemon().run_iteration(context))  # type: ignore[arg-type]


@pytest.fixture
def crashed(history: History) -> dg.DagsterRun:
    """A crawl that wrote nothing, and that Dagster is to retry."""
    instance = history.deployment.instance
    without_database(history)
    run = pretend_run(history, CRAWL, dg.DagsterRunStatus.STARTED, {"dagster/partition": news().key})
    instance.report_run_failed(run)
    instance.add_run_tags(run.run_id, {"dagster/will_retry": "true"})
    return run


def test_a_retry_that_is_still_to_come_is_waited_for(history: History, crashed: dg.DagsterRun):
    assert reason(history, RECRAWL_SENSOR) == REST


@pytest.mark.parametrize("look", [without_database, without_code_server])
def test_a_retry_that_got_lost_is_made_good_once(
    history: History, crashed: dg.DagsterRun, look: Callable[[History], None]
):
    look(history)
    [request], [again] = ask(history, RECRAWL_SENSOR), ask(history, RECRAWL_SENSOR)
    assert (request.job_name, request.partition_key, request.run_key) == (CRAWL, news().key, again.run_key)
    assert request.tags[REPAIR_TAG] == news().key
    assert request.tags[CAUSE_TAG] == f"run {crashed.run_id[:8]} failed, and was not retried"
    pretend_run(history, CRAWL, dg.DagsterRunStatus.SUCCESS, {"dagster/partition": news().key})
    assert reason(history, RECRAWL_SENSOR) == REST


def test_a_retry_that_came_is_not_made_twice(history: History, crashed: dg.DagsterRun):
    history.deployment.instance.add_run_tags(crashed.run_id, {"dagster/auto_retry_run_id": "another"})
    without_database(history)
    assert reason(history, RECRAWL_SENSOR) == REST


def test_where_no_daemon_ever_looked_nothing_is_lost(history: History):
    tags = {"dagster/partition": news().key, "dagster/will_retry": "true"}
    pretend_run(history, CRAWL, dg.DagsterRunStatus.FAILURE, tags)
    assert reason(history, RECRAWL_SENSOR) == REST


def test_a_lost_retry_no_longer_holds_a_repair_back(history: History, crashed: dg.DagsterRun):
    history.write("pages", NOON - MINUTE, partition=news(), failed=["completeness"])
    assert reason(history, RECRAWL_SENSOR) == f"{news()}: a run is in progress"
    without_database(history)
    [request] = ask(history, RECRAWL_SENSOR)
    assert request.tags[CAUSE_TAG] == "pages.completeness failed"


def test_a_partition_that_is_done_needs_no_retry(history: History, crashed: dg.DagsterRun):
    history.admit(news(), NOON)
    history.write("dead_letters", NOON, partition=news())
    history.write("quarantine", NOON, partition=news())
    without_database(history)
    assert reason(history, RECRAWL_SENSOR) == REST
