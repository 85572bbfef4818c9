"""Runs that Dagster takes for running although their process is gone: a power cut, or a killed container.

What belongs here: telling and ending them. What does not: which process a run depends on
(orchestration/identity.py), and workers that their launcher can watch (Dagster's run monitoring).
"""

import dagster as dg

from webdata_assets.automation.tags import IN_PROGRESS, KILLED_TAG
from webdata_assets.orchestration.identity import is_gone, process_of

_REPOSITORY_TAG = ".dagster/repository"
"""On every run that Dagster launches."""


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report runs as failed whose process on this machine is gone; return their ids.

    Such a run would hold its place in the queue, and its partition, for ever. One that Dagster launched is an
    attempt, so that Dagster's own retry of it comes before another repair; one of a command is none.
    Runs on other machines, and in other containers, are left to those.
    """
    dead = []
    watched = instance.run_launcher.supports_check_run_worker_health
    for run in instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS)):
        identity = process_of(run.tags, run.run_id)
        launched = _REPOSITORY_TAG in run.tags
        if identity is None or (launched and watched) or not is_gone(identity):
            continue
        if not launched:
            instance.add_run_tags(run.run_id, {KILLED_TAG: "true"})
        instance.report_run_failed(run, "the process that executed this run is gone")
        dead.append(run.run_id)
    return dead
