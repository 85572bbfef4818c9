"""Triggers of a retraining: each fires, and for one cause it fires once."""

from typing import Any

import pytest

from webdata_assets.automation.jobs import CRAWL, PUBLISH, RETRAIN
from webdata_assets.automation.tags import CAUSE_TAG
from webdata_assets_tests.automation.daemon import running_daemon
from webdata_assets_tests.automation.trained import NEW, runs, wait_for_retraining, wait_for_ticks, write_task
from webdata_assets_tests.deployment import Deployment

SENSOR = "retrain_sensor"
DRIFT = ("drifted_share", "domain_auc")


def test_drift_is_answered_by_one_retraining(learnt: Deployment):
    write_task(learnt.folder, on_drift=True)
    assert learnt.run(CRAWL, NEW).success
    # drift is measured on what is published
    [published] = learnt.tick(SENSOR).run_requests or []
    assert published.job_name == PUBLISH
    assert [outcome.success for outcome in learnt.answer(SENSOR)] == [True]
    [retraining] = learnt.tick(SENSOR).run_requests or []
    assert retraining.job_name == RETRAIN
    assert retraining.tags[CAUSE_TAG].startswith(DRIFT)
    assert [outcome.success for outcome in learnt.answer(SENSOR)] == [True]
    assert learnt.answer(SENSOR) == []


@pytest.mark.soak
@pytest.mark.parametrize(
    ("rules", "causes", "publishings"),
    [
        ({"on_drift": True}, DRIFT, 1),
        ({"after_partitions": 1}, ("1 newly admitted partitions",), 0),
        ({"below_floor": True, "floor": 0.9}, ("metric macro_f1 ",), 1),
    ],
)
def test_the_daemon_retrains_once_for_one_cause(
    learnt: Deployment, rules: dict[str, Any], causes: tuple[str, ...], publishings: int
):
    write_task(learnt.folder, **rules)
    assert learnt.run(CRAWL, NEW).success
    with running_daemon(learnt, learnt.settings.dagster_home) as daemon:
        run = wait_for_retraining(daemon)
        assert run.tags[CAUSE_TAG].startswith(causes)
        wait_for_ticks(daemon, 3)
        assert len(runs(daemon)) == 1, daemon.report()
        assert len(daemon.runs(PUBLISH)) == publishings, daemon.report()
