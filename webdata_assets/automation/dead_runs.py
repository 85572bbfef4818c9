"""Runs that Dagster takes for running although their process is gone: a power cut, or a killed container.

What belongs here: telling and ending them, on the machine that ran them. What does not: runs of commands,
which tag themselves (cli/instance.py), those of other code locations, whose processes another container may
have, and workers that their launcher can watch (Dagster's run monitoring).
"""

import os
import time
from pathlib import Path

import dagster as dg

_REPOSITORY_TAG = ".dagster/repository"
"""On every run that Dagster launches; `repository@location`."""
_STARTED = "Started process for run"
_TOLERATED_SECONDS = 2.0


def repository_of(context: dg.SensorEvaluationContext) -> str | None:
    """Return the label of the repository that a sensor is in; None where a command evaluates it."""
    origin = context.code_location_origin
    return f"{context.repository_name}@{origin.location_name}" if origin is not None else None


def end_dead_runs(instance: dg.DagsterInstance, repository: str | None) -> list[str]:
    """Report runs as failed whose process is gone; return their ids.

    Its code server starts the processes of a repository's runs, and evaluates its sensors: what the one
    cannot see of the other's processes is gone. Of other repositories, and on a machine that only sends
    commands, that does not follow, so that nothing is done there.

    Such a run would hold its place in the queue, and its partition, for ever. It counts as an attempt, so
    that Dagster's own retry of it comes before another repair.
    """
    if repository is None or instance.run_launcher.supports_check_run_worker_health:
        return []
    dead = []
    running = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING],
        tags={_REPOSITORY_TAG: repository},
    )
    for run in instance.get_runs(running):
        process = _process_of(instance, run.run_id)
        if process is not None and not _is_alive(*process):
            instance.report_run_failed(run, "the process that executed this run is gone")
            dead.append(run.run_id)
    return dead


def _process_of(instance: dg.DagsterInstance, run_id: str) -> tuple[int, float] | None:
    """Return id and start of the process that was launched for a run; None where none was."""
    for entry in reversed(instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)):
        event = entry.dagster_event
        if event is not None and (event.message or "").startswith(_STARTED):
            pid = event.engine_event_data.metadata.get("pid")
            return None if pid is None else (int(str(pid.value)), entry.timestamp)
    return None


def _is_alive(pid: int, told_at: float) -> bool:
    """Return whether the process lives, and is no later one with the same id; True where nobody can tell."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        uptime = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return True
    return time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK") <= told_at + _TOLERATED_SECONDS
