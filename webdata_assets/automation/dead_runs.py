"""Runs that Dagster takes for running although their process is gone: a power cut, or a killed container.

What belongs here: telling and ending them. What does not: which process a run depends on
(orchestration/identity.py), and workers that their launcher can watch (Dagster's run monitoring).
"""

import datetime as dt
import json
import socket

import dagster as dg

from webdata_assets.automation.tags import IN_PROGRESS, KILLED_TAG
from webdata_assets.orchestration.identity import is_gone, process_of

_REPOSITORY_TAG = ".dagster/repository"
"""On every run that Dagster launches."""
_SERVER_TAG = ".dagster/grpc_info"
"""On every run that a code server was asked to carry out: where that server listens."""
SILENT_SECONDS = 30.0
"""For which a run whose code server is gone may live, and be about to tell its process."""


def end_dead_runs(instance: dg.DagsterInstance, *, now: dt.datetime | None = None) -> list[str]:
    """Report runs as failed whose process on this machine is gone; return their ids.

    Such a run would hold its place in the queue, and its partition, for ever. One that Dagster launched is an
    attempt, so that Dagster's own retry of it comes before another repair; one of a command is none.
    Runs on other machines, and in other containers, are left to those.

    Args:
        now: where the machine that asks is the one on which the daemon's code server runs: the moment of the
            look. Runs that died before they told their process are known by a code server that is gone.
    """
    dead = []
    watched = instance.run_launcher.supports_check_run_worker_health
    for record in instance.get_run_records(dg.RunsFilter(statuses=IN_PROGRESS)):
        run = record.dagster_run
        identity = process_of(run.tags, run.run_id)
        launched = _REPOSITORY_TAG in run.tags
        if launched and watched:
            continue
        if not (_died_silently(record, now) if identity is None else is_gone(identity)):
            continue
        if not launched:
            instance.add_run_tags(run.run_id, {KILLED_TAG: "true"})
        instance.report_run_failed(run, "the process that executed this run is gone")
        dead.append(run.run_id)
    return dead


def _died_silently(record: dg.RunRecord, now: dt.datetime | None) -> bool:
    """Return whether a run was handed to a code server that is gone, and told no process since."""
    run = record.dagster_run
    begun = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)
    if now is None or run.status not in begun or _SERVER_TAG not in run.tags:
        return False
    silent = now - record.update_timestamp.replace(tzinfo=dt.UTC)
    address = json.loads(run.tags[_SERVER_TAG]).get("socket")
    return address is not None and silent.total_seconds() > SILENT_SECONDS and not _listens(address)


def _listens(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
    return True
