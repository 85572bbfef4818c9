"""Where we lean on what Dagster 1.13 does not promise: unexported names, preview and beta features.

What belongs here: re-exports, and the silence around features that we pin. What does not: anything that has
a public, stable way.
"""

import datetime as dt
import os
import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any
from urllib.parse import quote

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as TargetMaterialization,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.execution.retries import RetryMode
from dagster._core.instance.utils import RUNLESS_JOB_NAME
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

__all__ = [
    "RetryMode",
    "SqliteEventLogStorage",
    "TargetMaterialization",
    "UnresolvedAssetJobDefinition",
    "create_shard_engine",
    "events_of",
    "failures_to_be_handled",
    "pinned_feature",
    "planned_steps",
    "report_check_without_run",
    "run_of_step",
    "running_code_servers",
    "timeline",
    "webserver_context",
]
"""UnresolvedAssetJobDefinition: what `define_asset_job` returns, for annotations.
TargetMaterialization: which materialization a check that ran outside of any run was about.
RetryMode: what an executor does when a step asks to be tried again.
SqliteEventLogStorage: the event log of an instance without another database, a file for each run."""


@contextmanager
def pinned_feature() -> Iterator[None]:
    """Use a preview or beta feature without its warning: Dagster is pinned, and tests hold the behaviour."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        warnings.simplefilter("ignore", dg.BetaWarning)
        yield


def failures_to_be_handled(instance: dg.DagsterInstance) -> set[str] | None:
    """Return the ids of failed runs at which the daemon's retries have not looked yet.

    None where no daemon ever looked. What is behind its cursor is not looked at again, whatever came of it.
    """
    name = "EVENT_LOG_CONSUMER_CURSOR-PIPELINE_FAILURE"
    cursor = instance.daemon_cursor_storage.get_cursor_values({name}).get(name)
    if cursor is None:
        return None
    events = instance.event_log_storage.get_logs_for_all_runs_by_log_id(
        after_cursor=int(cursor), dagster_event_type={dg.DagsterEventType.RUN_FAILURE}
    )
    return {event.run_id for event in events.values()}


def report_check_without_run(
    instance: dg.DagsterInstance, evaluation: dg.AssetCheckEvaluation, event_id: str
) -> None:
    """Enter an evaluation that no run made.

    `report_runless_asset_event` gives every such event the same empty run id, and Dagster keeps one
    evaluation for each check, partition and run id: it refuses the second.

    Args:
        instance: whose UI shows it.
        evaluation: what was found.
        event_id: takes the place of a run's id; another one each time.
    """
    event = dg.DagsterEvent(
        dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
        job_name=RUNLESS_JOB_NAME,
        event_specific_data=evaluation,
    )
    instance.report_dagster_event(event, event_id)


_RUN_EVENTS = (
    "PIPELINE_ENQUEUED",
    "PIPELINE_START",
    "PIPELINE_SUCCESS",
    "PIPELINE_FAILURE",
    "PIPELINE_CANCELED",
)
_STEP_EVENTS = (
    "STEP_START", "STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED", "STEP_UP_FOR_RETRY", "STEP_RESTARTED",
)  # fmt: skip
_EVENTS_OF_RUNS = 500
"""Runs whose events are asked for at once: PostgreSQL takes 32,767 parameters, SQLite 999."""


def timeline(
    instance: dg.DagsterInstance, run_ids: Sequence[str]
) -> Iterator[tuple[str, str | None, str, dt.datetime]]:
    """Yield run id, step key, type and moment of the events that tell how runs went, in order within a run.

    The columns of the event log say all of it. `get_run_step_stats` reads the bodies of the same events, and
    of the materializations, run by run; on SQLite it makes sure of the tables of each run's own file too.
    """
    columns = ("step_key", "dagster_event_type", "timestamp")
    for run_id, key, kind, at in _rows(instance, run_ids, (*_RUN_EVENTS, *_STEP_EVENTS), columns):
        moment = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
        yield run_id, key, kind, moment.replace(tzinfo=dt.UTC)


def events_of(instance: dg.DagsterInstance, run_id: str, *kinds: str) -> list[dg.DagsterEvent]:
    """Return a run's events of some types, with their bodies."""
    from dagster_shared.serdes import deserialize_value

    bodies = _rows(instance, [run_id], kinds, ("event",))
    entries = [deserialize_value(body, dg.EventLogEntry) for _, body in bodies]
    return [entry.get_dagster_event() for entry in entries]


def run_of_step(packed: Mapping[str, Any]) -> str:
    """Return the id of the run of a step, from the arguments with which Dagster hands it to a worker."""
    from dagster_shared.serdes.serdes import unpack_value

    arguments: Any = unpack_value(packed)
    return str(arguments.run_id)


def _rows(
    instance: dg.DagsterInstance, run_ids: Sequence[str], kinds: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """Yield run id and columns of the event log, for events of some types, in order within a run."""
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
    from sqlalchemy import select

    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        for run_id in run_ids:
            yield from ((run_id, *row) for row in _of_shard(storage.path_for_shard(run_id), kinds, columns))
        return
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"the event log lies in {type(storage).__name__}, which is no SQL database")
    log = SqlEventLogStorageTable.c
    for start in range(0, len(run_ids), _EVENTS_OF_RUNS):
        query = (
            select(log.run_id, *(log[name] for name in columns))
            .where(log.run_id.in_(run_ids[start : start + _EVENTS_OF_RUNS]))
            .where(log.dagster_event_type.in_(kinds))
            .order_by(log.id)
        )
        with storage.index_connection() as connection:
            yield from (tuple(row) for row in connection.execute(query).fetchall())


def _of_shard(path: str, kinds: Sequence[str], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return columns of the events of one run from its own SQLite file, which need not be there."""
    if not os.path.exists(path):  # noqa: PTH110 (a thousand runs a second)
        return []
    query = (
        f"SELECT {', '.join(columns)} FROM event_logs "  # noqa: S608 (columns and marks are ours)
        f"WHERE dagster_event_type IN ({', '.join('?' * len(kinds))}) ORDER BY id"
    )
    with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as shard:
        return shard.execute(query, kinds).fetchall()


def create_shard_engine(storage: SqliteEventLogStorage, shard: str) -> Any:
    """Return an SQLAlchemy engine with one connection to a file of the event log, for any thread in turn."""
    from dagster._core.storage.sql import create_engine
    from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
    from sqlalchemy.pool import StaticPool

    return create_engine(
        storage.conn_string_for_shard(shard),
        poolclass=StaticPool,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )


def planned_steps(instance: dg.DagsterInstance, snapshot_id: str) -> dict[str, tuple[str, ...]]:
    """Return the steps that a run's plan executes, in order, with the steps that each takes outputs of."""
    plan = instance.get_execution_plan_snapshot(snapshot_id)
    chosen = set(plan.step_keys_to_execute)
    dependencies = plan.step_deps
    return {
        step.key: tuple(sorted(dependencies[step.key] & chosen)) for step in plan.steps if step.key in chosen
    }


@contextmanager
def running_code_servers(
    instance: dg.DagsterInstance, workspace: str
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Run the code servers of a workspace file, anew when they die.

    Yields the entries of another workspace file, by which several processes reach the same servers.
    """
    from dagster._cli.proxy_server_manager import ProxyServerManager
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    with ProxyServerManager(instance, WorkspaceFileTarget([workspace]), "WARNING") as servers:
        yield servers.get_code_server_specs()


def webserver_context(
    instance: dg.DagsterInstance, workspace: str, version: str
) -> AbstractContextManager[Any]:
    """Return what a `dagster_webserver.webserver.DagsterWebserver` is made of."""
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    return WorkspaceProcessContext(instance, WorkspaceFileTarget([workspace]), version=version)
