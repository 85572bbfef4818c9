"""Executors: where the steps of a run are carried out, by the setting `executor`.

What belongs here: from the setting to Dagster's executor, and naming the process that watches over a run.
What does not: Celery's own side (celery_steps.py), and what a step needs (work.py).
"""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, cast

import dagster as dg

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.orchestration.event_log import kept_connections
from webdata_assets.orchestration.identity import identify_run
from webdata_assets.orchestration.orphans import STEP_START_METHOD
from webdata_assets.orchestration.work import OTHER_RESOURCES
from webdata_assets.settings import Settings

IN_PROCESS = "in_process"
_PRELOADED = ["dagster", "webdata_assets.definitions"]
"""By the process from which steps are forked, so that a step does not spend two CPU-seconds on imports."""


def build_executor(settings: Settings) -> dg.ExecutorDefinition:
    """Return the executor that the settings choose.

    Raises:
        PermanentError: CONFIGURATION, its extra is not installed.
    """
    if settings.executor == "celery":
        _require("dagster_celery", "celery")
        from webdata_assets.orchestration.celery_steps import build_celery_executor

        return build_celery_executor(settings)
    if settings.executor == "kubernetes":
        _require("dagster_k8s", "kubernetes")
        from dagster_k8s import k8s_job_executor

        resources = {"container_config": {"resources": OTHER_RESOURCES}}
        return _identified(k8s_job_executor.configured({"step_k8s_config": resources}))
    if settings.executor == "multiprocess":
        start = {STEP_START_METHOD: {"preload_modules": _PRELOADED}}
        return _identified(dg.multiprocess_executor.configured({"start_method": start}))
    return _identified(dg.in_process_executor)


def _require(module: str, extra: str) -> None:
    if find_spec(module) is None:
        raise PermanentError(
            f'WEBDATA_EXECUTOR needs the extra "{extra}": pip install "webdata_assets[{extra}]"',
            failure_domain=FailureDomain.CONFIGURATION,
        )


def _identified(inner: dg.ExecutorDefinition) -> dg.ExecutorDefinition:
    """Return the same executor, whose runs say which process they depend on."""
    create, schema = inner.executor_creation_fn, cast(Any, inner.config_schema)
    assert create is not None
    return dg.ExecutorDefinition(
        name=inner.name,
        config_schema=schema,
        requirements=inner.get_requirements,
        executor_creation_fn=lambda context: _IdentifyingExecutor(create(context)),
        description=inner.description,
    )


class _IdentifyingExecutor(dg.Executor):
    def __init__(self, inner: dg.Executor) -> None:
        self._inner = inner

    @property
    def retries(self) -> Any:
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        return self._inner.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        identify_run(plan_context.instance, plan_context.dagster_run.run_id)
        with kept_connections(plan_context.instance):
            yield from self._inner.execute(plan_context, execution_plan)
