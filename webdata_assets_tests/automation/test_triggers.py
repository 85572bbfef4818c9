"""Triggers of a retraining under a real daemon: each fires, and for one cause it fires once."""

from typing import Any

import pytest

from webdata_assets.automation.jobs import CRAWL, PUBLISH
from webdata_assets.automation.tags import CAUSE_TAG
from webdata_assets_tests.automation.daemon import running_daemon
from webdata_assets_tests.automation.trained import NEW, runs, wait_for_retraining, wait_for_ticks, write_task
from webdata_assets_tests.deployment import Deployment


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "causes", "publishings"),
    [
        ({"on_drift": True}, ("drifted_share", "domain_auc"), 1),
        # each takes the better part of a minute
        pytest.param({"after_partitions": 1}, ("1 newly admitted partitions",), 0, marks=pytest.mark.soak),
        pytest.param({"below_floor": True, "floor": 0.9}, ("metric macro_f1 ",), 1, marks=pytest.mark.soak),
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
