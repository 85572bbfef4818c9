"""The schedule of a retraining under a real daemon."""

import pytest

from webdata_assets.automation.jobs import CRAWL
from webdata_assets_tests.automation.daemon import running_daemon
from webdata_assets_tests.automation.trained import NEW, runs, wait_for_retraining, write_task
from webdata_assets_tests.deployment import Deployment


@pytest.mark.soak
def test_the_schedule_of_the_task_retrains_what_is_new_and_then_rests(learnt: Deployment):
    write_task(learnt.folder, schedule="* * * * *")
    assert learnt.run(CRAWL, NEW).success
    with running_daemon(learnt, learnt.settings.dagster_home) as daemon:
        assert wait_for_retraining(daemon).tags["dagster/schedule_name"] == "retrain_schedule"
        daemon.wait(
            "a tick of the schedule with nothing new",
            lambda: "since the last training" in (daemon.ticks("retrain_schedule")[-1].skip_reason or ""),
            seconds=150,
        )
        assert len(runs(daemon)) == 1, daemon.report()
