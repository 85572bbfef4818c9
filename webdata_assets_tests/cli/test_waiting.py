"""A command and a daemon never write the same at once."""

import threading

import dagster as dg
import pytest

from webdata_assets.cli.waiting import wait_for_writers
from webdata_assets.errors import TransientError

TAGS = {"webdata/writes": "unpartitioned"}


@dg.job(name="publish")
def job():
    pass


def start(instance, **tags):
    return instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags or TAGS)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_nobody_waits_where_nobody_writes(instance):
    start(instance, **{"webdata/writes": "something else"})
    wait_for_writers(instance, TAGS, pytest.fail, seconds=0)


def test_a_command_goes_on_when_the_other_run_has_ended(instance):
    run, lines = start(instance), []
    timer = threading.Timer(0.3, lambda: instance.report_run_canceled(run))
    timer.start()
    wait_for_writers(instance, TAGS, lines.append, poll_seconds=0.05)
    timer.join()
    assert instance.get_run_by_id(run.run_id).is_finished


def test_a_run_that_does_not_end_is_named_with_what_to_do(instance):
    run = start(instance)
    with pytest.raises(TransientError, match=f"run {run.run_id[:8]} of publish .* terminate it in the UI"):
        wait_for_writers(instance, TAGS, lambda line: None, seconds=0)
