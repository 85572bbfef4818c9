"""A job whose runs end as their tags say, on a real instance.

What belongs here: making runs of every outcome. What does not: assertions.
"""

from collections.abc import Mapping

import dagster as dg

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

HOW = "test/how"
"""What shall happen: on the tags of a run."""
_ONCE = dg.RetryPolicy(max_retries=1)


@dg.asset
def first(context: dg.AssetExecutionContext) -> None:
    how = context.run.tags[HOW]
    if how == "outage":
        raise TransientError("the site answers 503\nto everything", failure_domain=FailureDomain.TARGET)
    if how == "misconfigured":
        raise PermanentError("no such option", failure_domain=FailureDomain.CONFIGURATION)
    if how == "bug in an outage":
        try:
            raise TransientError("503", failure_domain=FailureDomain.TARGET)
        except TransientError as error:
            raise ValueError("failure domain: target is not what this says") from error


@dg.asset(deps=[first], retry_policy=_ONCE)
def flaky(context: dg.AssetExecutionContext) -> None:
    how = context.run.tags[HOW]
    if (how == "op retry" and context.retry_number == 0) or how == "crash":
        raise RuntimeError("once more")


@dg.multi_asset(
    outs={"judged": dg.AssetOut(), "beside": dg.AssetOut()},
    deps=[first],
    check_specs=[dg.AssetCheckSpec("good", asset="judged", blocking=True)],
)
def judging(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]
    how = context.run.tags[HOW]
    yield dg.Output(1, "judged", metadata={"finish_reason": "paused" if how == "paused" else "complete"})
    yield dg.Output(1, "beside")
    yield dg.AssetCheckResult(passed=how not in ("rejected", "paused"), asset_key="judged", check_name="good")


@dg.asset(deps=["judged", flaky])
def last() -> None: ...


def build_job() -> dg.JobDefinition:
    """Return the job, as a new process would load it."""
    definitions = dg.Definitions(
        assets=[first, flaky, judging, last],
        jobs=[dg.define_asset_job("pipeline", selection="*")],
        executor=dg.in_process_executor,
    )
    return definitions.resolve_job_def("pipeline")


def run(instance: dg.DagsterInstance, how: str, *, retry_of: str = "") -> str:
    """Execute the job; return the run's id.

    Args:
        retry_of: a failed run, whose failed part is executed again.
    """
    options = None
    if retry_of:
        instance.add_run_tags(retry_of, {HOW: how})  # a retry takes the tags of what it retries
        options = dg.ReexecutionOptions.from_failure(retry_of, instance)
    silent: Mapping[str, object] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.execute_job(
        dg.reconstructable(build_job),
        instance,
        run_config=silent,
        tags={HOW: how},
        reexecution_options=options,
    ) as result:
        return result.run_id


def never_ended(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> str:
    """Return the id of a run that got no further than a status."""
    job = build_job()
    run = instance.create_run_for_job(job_def=job, tags={HOW: "well"}, status=dg.DagsterRunStatus.NOT_STARTED)
    if status == dg.DagsterRunStatus.CANCELED:
        instance.report_run_canceling(run)
        instance.report_run_canceled(run)
    return run.run_id
