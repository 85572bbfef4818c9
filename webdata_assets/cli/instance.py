"""Dagster for the command line: its home, its instance, and runs in this process.

What belongs here: launching jobs and ticking sensors without a daemon. What does not: what they do.
"""

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from webdata_assets.automation.jobs import WRITES_TAG
from webdata_assets.automation.tags import IN_PROGRESS, KILLED_TAG
from webdata_assets.cli.waiting import wait_for_writers
from webdata_assets.partitions import Partition
from webdata_assets.resources.logs import JSON_LOGS
from webdata_assets.settings import Settings

PID_TAG = "webdata/pid"
"""On runs that a command executes itself; its value is the process's id and start time."""

PARTITION_TAG = "dagster/partition"

PROJECT_ROOT = Path(__file__).resolve().parents[2]
_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def ensure_dagster_home(settings: Settings) -> Path:
    """Return DAGSTER_HOME: the environment's, else a folder of ours with the project's dagster.yaml."""
    if given := os.environ.get("DAGSTER_HOME"):
        return Path(given)
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    link, packaged = home / "dagster.yaml", PROJECT_ROOT / "dagster.yaml"
    if packaged.exists() and not link.exists():
        link.symlink_to(packaged)
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open the instance; runs of commands that were killed are reported as failed and hold no slot."""
    with dg.DagsterInstance.from_config(str(ensure_dagster_home(settings))) as instance:
        _report_dead_runs(instance)
        yield instance


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        run_id: Dagster's.
        success: whether every step and every blocking check passed.
        failed_checks: `asset.check`, as far as any failed.
        error: the first error that is not a failed check, in one line.
        error_type: the name of its class.
    """

    run_id: str
    success: bool
    failed_checks: tuple[str, ...]
    error: str | None
    error_type: str | None


def execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    *,
    partition: Partition | None = None,
    tags: Mapping[str, str] | None = None,
) -> Outcome:
    """Run a job in this process, as a run of the instance, once nobody else writes the same.

    Raises:
        TransientError: another run over the same tables or partition does not end.
    """
    resolved = definitions.resolve_job_def(job)
    writers = {WRITES_TAG: resolved.tags[WRITES_TAG]} if WRITES_TAG in resolved.tags else {}
    if partition:
        writers = {PARTITION_TAG: partition.key}
    if writers:
        wait_for_writers(instance, writers, lambda line: print(line, file=sys.stderr))
    result = resolved.execute_in_process(
        instance=instance,
        partition_key=partition.key if partition else None,
        tags={PID_TAG: _own_identity(), **(tags or {})},
        run_config=JSON_LOGS if definitions.loggers else _SILENT,
        raise_on_error=False,
    )
    failed = tuple(
        f"{check.asset_key.to_user_string()}.{check.check_name}"
        for check in result.get_asset_check_evaluations()
        if not check.passed
    )
    error_type, error = (None, None) if result.success else _first_error(result)
    outcome = Outcome(result.run_id, result.success, failed, error, error_type)
    del result
    # A run's cycles hold frames and model sessions, whose memory the collector's thresholds do not see.
    gc.collect()
    return outcome


def tick(definitions: dg.Definitions, instance: dg.DagsterInstance, sensor: str) -> dg.SensorResult:
    """Evaluate a sensor once, as the daemon would, and return its requests without launching them."""
    definition = definitions.get_repository_def().get_sensor_def(sensor)
    with dg.build_sensor_context(
        instance=instance,
        repository_def=definitions.get_repository_def(),
        resources=dict(definitions.resources or {}),
    ) as context:
        data = definition.evaluate_tick(context)
    requests = [
        request
        for request in data.run_requests or []
        if not instance.get_run_records(
            dg.RunsFilter(tags={"dagster/run_key": request.run_key or ""}), limit=1
        )
    ]
    reason = None if requests else dg.SkipReason(data.skip_message or "already answered")
    return dg.SensorResult(run_requests=requests, skip_reason=reason)


def answer(
    definitions: dg.Definitions, instance: dg.DagsterInstance, sensor: str, request: dg.RunRequest
) -> Outcome:
    """Run what a sensor requested, tagged as the daemon tags it."""
    return execute(
        definitions,
        instance,
        request.job_name or "",
        partition=Partition.from_key(request.partition_key) if request.partition_key else None,
        tags={**request.tags, "dagster/sensor_name": sensor, "dagster/run_key": request.run_key or ""},
    )


def _first_error(result: dg.ExecuteInProcessResult) -> tuple[str | None, str | None]:
    for event in result.all_events:
        if event.event_type_value != "STEP_FAILURE":
            continue
        error = event.step_failure_data.error
        if error is None or "DagsterAssetCheckFailedError" in (error.cls_name or ""):
            continue
        cause = error.cause or error
        message = (cause.message or "").strip().split("\n")[0]
        return cause.cls_name, message.removeprefix(f"{cause.cls_name}: ").rpartition(f"{cause.cls_name}: ")[
            2
        ]
    return None, None


def _report_dead_runs(instance: dg.DagsterInstance) -> None:
    for run in instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS)):
        identity = run.tags.get(PID_TAG)
        if identity and not _is_alive(identity):
            instance.add_run_tags(run.run_id, {KILLED_TAG: "true"})
            instance.report_run_failed(run, "the process that executed this run was killed")


def _own_identity() -> str:
    return f"{os.getpid()}-{_start_time(os.getpid())}"


def _is_alive(identity: str) -> bool:
    pid, _, started = identity.partition("-")
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    # a reused process id has another start time
    return _start_time(int(pid)) == started


def _start_time(pid: int) -> str:
    """Return when a process started, in clock ticks since boot; empty where /proc does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
