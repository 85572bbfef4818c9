"""Steps on Celery workers: their queues, a lost worker told from a slow one, and what a dead run left behind.

What belongs here: the executor in the run's process, and the application that it shares with workers. What
does not: starting a worker (cli/worker.py). Imported only where the executor is Celery.

Dagster's executor waits for ever for a step whose worker is gone. Here the run fails, so that Dagster's retry
from failure finishes it; and before steps are handed out, those of runs that have ended are stopped, so that
no two processes crawl one partition.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
from celery import Celery, Task
from celery.exceptions import DuplicateTaskNameWarning, Ignore
from celery.result import AsyncResult
from dagster_celery.config import DEFAULT_CONFIG
from dagster_celery.core_execution_loop import core_celery_execution_loop
from dagster_celery.defaults import broker_transport_options
from dagster_celery.executor import CeleryExecutor, _submit_task
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task
from kombu.exceptions import OperationalError

from webdata_assets.dagster_internals import RetryMode, run_of_step
from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.orchestration.identity import identify_run
from webdata_assets.orchestration.work import COMPUTE, QUEUE_TAG
from webdata_assets.settings import Settings

EXECUTE = "execute_plan"
"""Dagster's name of the task that carries out a step."""
_LOOK_SECONDS = 5.0
_ANSWER_SECONDS = 2.0
_STOP_SECONDS = 15.0
_NEVER_SECONDS = 10 * 365 * 24 * 3600
"""After which Redis hands out anew what it takes for lost: an hour by default, and crawls take longer."""


def build_celery_executor(settings: Settings) -> dg.ExecutorDefinition:
    """Return the executor. It is given no config: addresses with passwords would lie with every run."""

    @dg.executor(name="celery", requirements=dg.multiple_process_executor_requirements())
    def celery_executor(_context: dg.InitExecutorContext) -> dg.Executor:
        return CeleryStepsExecutor(settings)

    return celery_executor


class CeleryStepsExecutor(CeleryExecutor):
    """Hand each step to the queue that its tag names, and watch over it."""

    def __init__(self, settings: Settings) -> None:
        """Take broker, results and patience from the settings; connect to nothing."""
        super().__init__(
            retries=RetryMode.ENABLED,
            broker=settings.celery_broker.get_secret_value(),
            backend=settings.celery_backend.get_secret_value(),
            config_source={
                **DEFAULT_CONFIG,
                "task_default_queue": COMPUTE,
                # who works on a step is known from its start
                "task_track_started": True,
                # a step whose worker died is not delivered again beside Dagster's retry of its run
                "task_acks_late": False,
                # nor to a second worker while it waits behind another step of the first: none waits there
                "worker_disable_prefetch": True,
                "broker_transport_options": {
                    **broker_transport_options,
                    "visibility_timeout": _NEVER_SECONDS,
                },
                "broker_connection_retry_on_startup": True,
            },
        )
        self._lost_seconds = settings.celery_lost_seconds

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        """Carry out the steps of a run; raises TransientError for a step whose worker is gone."""
        instance = plan_context.instance
        identify_run(instance, plan_context.dagster_run.run_id)
        for run_id in stop_steps_of_ended_runs(application(self), instance):
            plan_context.log.warning(f"a worker was still at a step of run {run_id}, which has ended")

        def submit(app: Celery, context: Any, step: Any, queue: str, *rest: Any) -> WatchedStep:
            with warnings.catch_warnings():
                # Dagster registers its task anew with each step
                warnings.simplefilter("ignore", DuplicateTaskNameWarning)
                result = _submit_task(app, context, step, queue, *rest)
            return WatchedStep(app, result, step.tags.get(QUEUE_TAG, COMPUTE), self._lost_seconds)

        yield from core_celery_execution_loop(plan_context, execution_plan, step_execution_fn=submit)


def application(executor: CeleryExecutor) -> Celery:
    """Return the Celery application of an executor, as workers need it too."""
    return make_app(executor.app_args())


def worker_application(settings: Settings) -> Celery:
    """Return the application that a worker serves; only Dagster's task for steps is known to it."""
    app = application(CeleryStepsExecutor(settings))
    # Celery gives a new application the tasks of others in the process, and keeps the first of a name
    app.finalize()
    app.tasks.pop(EXECUTE, None)
    create_task(app, base=StepTask, shared=False)
    return app


class WatchedStep:
    """A step that was handed out, as Dagster's loop asks for it; lost once nobody knows of it any more."""

    def __init__(
        self,
        app: Celery,
        result: "AsyncResult[Any]",
        queue: str,
        lost_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the submitted task, and how long nobody may know of it."""
        self._app, self._result, self._queue = app, result, queue
        self._lost_seconds, self._clock = lost_seconds, clock
        self._worker: str | None = None
        self._known_at = self._looked_at = clock()

    def ready(self) -> bool:
        """Return whether it has ended, or is lost."""
        now = self._clock()
        try:
            if self._result.ready():
                return True
            if now - self._looked_at >= min(_LOOK_SECONDS, self._lost_seconds / 3):
                self._looked_at = now
                if self._is_known():
                    self._known_at = self._clock()
        except (OperationalError, OSError, *getattr(self._app.backend, "connection_errors", ())):
            # the broker may come back; a step goes on meanwhile
            pass
        return self._is_lost()

    def get(self) -> Any:
        """Return the events of the step. Raises TransientError when it is lost."""
        if not self._is_lost() or self._result.ready():
            return self._result.get()
        where = f"worker {self._worker}" if self._worker else f"queue {self._queue}"
        raise TransientError(
            f"nothing is known of the step for {self._lost_seconds:.0f} s; it was last with {where}: see "
            "whether that worker, and the broker, are up",
            failure_domain=FailureDomain.RESOURCE,
        )

    def revoke(self) -> None:
        """Stop it, also where it has begun."""
        self._result.revoke(terminate=True)

    def _is_lost(self) -> bool:
        return self._clock() - self._known_at >= self._lost_seconds

    def _is_known(self) -> bool:
        if self._worker is None and self._result.state == "STARTED" and isinstance(self._result.info, dict):
            self._worker = self._result.info.get("hostname")
        if self._worker is None and self._waiting() > 0:
            return True
        asked = None if self._worker is None else [self._worker]
        answers = self._app.control.inspect(destination=asked, timeout=_ANSWER_SECONDS)
        found: Mapping[str, Mapping[str, object]] = answers.query_task(self._result.id) or {}
        return any(self._result.id in tasks for tasks in found.values())

    def _waiting(self) -> int:
        """Return how many steps wait in the queue; this may be among them."""
        with self._app.connection_for_read() as connection:
            try:
                return int(connection.default_channel.queue_declare(self._queue, passive=True).message_count)
            except connection.channel_errors:
                return 0  # Redis knows no empty queue


def stop_steps_of_ended_runs(app: Celery, instance: dg.DagsterInstance) -> list[str]:
    """Kill steps that workers still carry out for runs that have ended; return the ids of these runs.

    A run's own process can die while its steps go on. What they have fetched is in the spool, and their run's
    retry takes it from there.

    Raises:
        TransientError: RESOURCE, a step does not stop.
    """
    stopped: set[str] = set()
    deadline = time.monotonic() + _STOP_SECONDS
    while steps := _steps_of_ended_runs(app, instance):
        if time.monotonic() > deadline:
            raise TransientError(
                f"steps of runs that have ended do not stop: {', '.join(sorted(steps.values()))}",
                failure_domain=FailureDomain.RESOURCE,
            )
        stopped |= set(steps.values())
        app.control.revoke(list(steps), terminate=True, signal="SIGKILL")
        time.sleep(0.2)
    return sorted(stopped)


def _steps_of_ended_runs(app: Celery, instance: dg.DagsterInstance) -> dict[str, str]:
    """Return task id → run id."""
    at_work = app.control.inspect(timeout=_ANSWER_SECONDS).active() or {}
    steps = {
        task["id"]: run_of(task["kwargs"])
        for tasks in at_work.values()
        for task in tasks
        if task["name"] == EXECUTE
    }
    ended = _ended(instance, steps.values())
    return {task: run_id for task, run_id in steps.items() if run_id in ended}


def _ended(instance: dg.DagsterInstance, run_ids: Iterable[str]) -> set[str]:
    """Return those that have ended. One that is unknown here may be another deployment's, and is none."""
    wanted = sorted(set(run_ids))
    if not wanted:
        return set()
    return {run.run_id for run in instance.get_runs(dg.RunsFilter(run_ids=wanted)) if run.is_finished}


def run_of(arguments: Mapping[str, Any]) -> str:
    """Return the id of the run that a task's arguments name."""
    return run_of_step(arguments["execute_step_args_packed"])


class StepTask(Task):  # type: ignore[misc]  # Celery has no annotations
    """Dagster's task, which a step of a run that has ended does not begin."""

    resultrepr_maxsize = 80  # what a step tells is in Dagster's event log

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Carry out the step, or leave it.

        Raises:
            PermanentError: CONFIGURATION, the run is none of those that this worker sees.
        """
        run_id = run_of(named)
        with dg.DagsterInstance.get() as instance:
            run = instance.get_run_by_id(run_id)
        if run is None:
            raise PermanentError(
                f"the worker {self.request.hostname} knows no run {run_id}: give it the "
                "WEBDATA_DAGSTER_STORAGE of the run, or where that is empty its WEBDATA_HOME; and each "
                "deployment a broker, or a database of it, of its own",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        if run.is_finished:
            raise Ignore(f"run {run_id} has ended")
        return super().__call__(*arguments, **named)
