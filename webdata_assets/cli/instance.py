"""Dagster for the command line: its home, its instance, and runs in this process.

What belongs here: launching jobs and ticking sensors without a daemon. What does not: what they do.
"""

import gc
import json
import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from webdata_assets.automation.dead_runs import end_dead_runs
from webdata_assets.automation.jobs import WRITES_TAG
from webdata_assets.cli.waiting import wait_for_writers
from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.orchestration.event_log import kept_connections
from webdata_assets.orchestration.executors import IN_PROCESS
from webdata_assets.orchestration.identity import process_tag
from webdata_assets.orchestration.instance_config import MADE_BY_US, render_instance_config
from webdata_assets.partitions import Partition
from webdata_assets.resources.fetcher import CONNECT_TO_TAG, FetcherResource
from webdata_assets.resources.logs import JSON_LOGS
from webdata_assets.settings import Settings

PARTITION_TAG = "dagster/partition"

PROJECT_ROOT = Path(__file__).resolve().parents[2]
_PACKAGED_CONFIG = Path(__file__).resolve().parents[1] / "dagster.yaml"
_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def ensure_dagster_home(settings: Settings) -> Path:
    """Return DAGSTER_HOME: the environment's, else a folder of ours with the project's dagster.yaml.

    Where the settings ask for another storage or executor, that file is made from the project's and the
    settings. A dagster.yaml that somebody else wrote is left as it is.
    """
    if given := os.environ.get("DAGSTER_HOME"):
        return Path(given)
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    file = home / "dagster.yaml"
    if file.exists() and not file.is_symlink() and not file.read_text().startswith(MADE_BY_US):
        return home
    text = render_instance_config(settings, _PACKAGED_CONFIG.read_text())
    # renamed into place: other commands read it meanwhile
    made = home / f"dagster.yaml.{os.getpid()}"
    if text is not None:
        if file.is_symlink() or not file.exists() or file.read_text() != text:
            made.write_text(text)
            made.replace(file)
    elif not file.is_symlink():
        made.unlink(missing_ok=True)
        made.symlink_to(_PACKAGED_CONFIG)
        made.replace(file)
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open the instance; runs whose process here is gone are reported as failed, and hold no slot."""
    with dg.DagsterInstance.from_config(str(ensure_dagster_home(settings))) as instance:
        end_dead_runs(instance)
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
    """Run a job, as a run of the instance, once nobody else writes the same.

    Its steps are carried out in this process, or where the setting `executor` says; then this process hands
    them out and waits.

    Raises:
        PermanentError: CONFIGURATION, the partition is not in the grid, as when it is archived.
        TransientError: another run over the same tables or partition does not end.
    """
    resolved = definitions.resolve_job_def(job)
    if partition and resolved.partitions_def and not resolved.partitions_def.has_partition_key(partition.key):
        raise PermanentError(
            f"{partition} is not in the grid: its source is not enabled, or it is archived. What is "
            "stored of it stays readable; to work on it again, set WEBDATA_ARCHIVE_AFTER_DAYS=0",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    writers = {WRITES_TAG: resolved.tags[WRITES_TAG]} if WRITES_TAG in resolved.tags else {}
    if partition:
        writers = {PARTITION_TAG: partition.key}
    if writers:
        wait_for_writers(instance, writers, lambda line: print(line, file=sys.stderr))
    config = JSON_LOGS if definitions.loggers else _SILENT
    result: dg.ExecuteInProcessResult | dg.JobExecutionResult
    if resolved.executor_def.name == IN_PROCESS:
        run_id = str(uuid.uuid4())
        with kept_connections(instance):
            result = resolved.execute_in_process(
                instance=instance,
                run_id=run_id,
                partition_key=partition.key if partition else None,
                tags={**process_tag(run_id), **(tags or {})},
                run_config=config,
                raise_on_error=False,
            )
    else:
        result = _execute_elsewhere(definitions, instance, job, partition, tags or {}, config)
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


def _execute_elsewhere(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    partition: Partition | None,
    tags: Mapping[str, str],
    config: Mapping[str, object],
) -> dg.JobExecutionResult:
    """Run a job whose steps other processes carry out, which load the code location by their own settings.

    By the run's tags they learn where hosts are found that this command serves, such as the demo site.
    """
    fetcher = (definitions.resources or {}).get("fetcher")
    connect_to = fetcher.connect_to if isinstance(fetcher, FetcherResource) else {}
    served = {CONNECT_TO_TAG: json.dumps(connect_to)} if connect_to else {}
    return dg.execute_job(
        dg.build_reconstructable_job("webdata_assets.definitions", "job_of_settings", (job,)),
        instance,
        run_config=dict(config),
        tags={**(partition.tags if partition else {}), **served, **tags},
        raise_on_error=False,
    )


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


def _first_error(result: dg.ExecuteInProcessResult | dg.JobExecutionResult) -> tuple[str | None, str | None]:
    for event in result.all_events:
        if event.event_type_value == "STEP_FAILURE":
            error = event.step_failure_data.error
        elif event.event_type_value == "PIPELINE_FAILURE":
            # no step's own failure: such as a worker that is gone
            error = event.job_failure_data.error
        else:
            continue
        if error is None or "DagsterAssetCheckFailedError" in (error.cls_name or ""):
            continue
        cause = error.cause or error
        first, *others = (cause.message or "").strip().split("\n")
        message = f"{first} {others[0]}" if first.endswith(":") and others else first
        return cause.cls_name, message.removeprefix(f"{cause.cls_name}: ").rpartition(f"{cause.cls_name}: ")[
            2
        ]
    return None, None
