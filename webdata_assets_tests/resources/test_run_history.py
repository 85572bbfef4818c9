"""Runs of every outcome on a real instance: what is read of them, and the service levels by hand."""

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from webdata_assets.resources.run_history import read_runs
from webdata_assets.stages.observe.runs import RunFacts, pipelines
from webdata_assets.stages.observe.service_levels import service_levels
from webdata_assets_tests.resources.outcomes import never_ended, run

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
CANCELED, NOT_STARTED = dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.NOT_STARTED

RUNS_QUERY = """
query Runs { runsOrError { ... on Runs { results {
    runId rootRunId status jobName tags { key value } creationTime startTime endTime
    stats { ... on RunStatsSnapshot { enqueuedTime launchTime } }
    stepStats { stepKey status startTime endTime attempts { startTime endTime } }
    executionPlan { steps { key inputs { dependsOn { key } } } }
} } } }
"""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield instance


@pytest.fixture(scope="module")
def made(instance: dg.DagsterInstance) -> dict[str, str]:
    """Run ids by what happened."""
    ids = {
        how: run(instance, how)
        for how in (
            "well", "op retry", "crash", "rejected", "paused", "outage", "misconfigured", "bug in an outage",
        )
    }  # fmt: skip
    ids["mended"] = run(instance, "well", retry_of=ids["crash"])
    ids["cancelled"] = never_ended(instance, CANCELED)
    ids["waiting"] = never_ended(instance, NOT_STARTED)
    return ids


@pytest.fixture(scope="module")
def facts(instance: dg.DagsterInstance, made: dict[str, str]) -> dict[str, RunFacts]:
    runs = {each.run_id: each for each in read_runs(instance, LONG_AGO, now())}
    assert set(runs) == set(made.values())
    return {how: runs[run_id] for how, run_id in made.items()}


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)


def tries(run: RunFacts) -> dict[str, int]:
    return {step.key: len(step.tries) for step in run.steps}


def test_the_service_levels_are_those_worked_out_by_hand(facts: dict[str, RunFacts]) -> None:
    # pipeline          outcome        tasks begun (tries)                              never begun
    # well              ok             first, flaky, judging, last (4)
    # op retry          ok             first, flaky × 2, judging, last (5)
    # crash + mended    ok             first, flaky × 2 + × 1, judging, last (6)
    # rejected          failed         first, flaky, judging (3)                        last
    # paused            target outage  first, flaky, judging (3)                        last
    # outage            target outage  first (1)                                        flaky, judging, last
    # misconfigured     failed         first (1)                                        flaky, judging, last
    # bug in an outage  failed         first (1)                                        flaky, judging, last
    # cancelled         left out                                                        all four
    # waiting           left out
    # success: 3 ok of 3 + 3 failed; tries 4+5+6+3+3+1+1+1 = 24 of tasks 4+4+4+3+3+1+1+1 = 21
    levels = {level.metric: level for level in service_levels(facts.values()) if level.job == "all"}
    success, overhead = levels["success_rate"], levels["retry_overhead"]
    assert (success.numerator, success.denominator, success.value) == (3, 6, 0.5)
    assert success.excluded == {"cancelled": 1, "running": 1, "target_outage": 2}
    assert (overhead.numerator, overhead.denominator, overhead.value) == (24, 21, 24 / 21 - 1)
    assert levels["runs"].value == 11
    assert (levels["tasks"].value, levels["tasks"].excluded) == (21, {"upstream_failed": 1 + 1 + 3 * 3 + 4})
    assert levels["critical_path_seconds"].denominator == 3


def test_steps_after_a_failure_are_known_from_the_plan_alone(facts: dict[str, RunFacts]) -> None:
    assert tries(facts["rejected"]) == {"first": 1, "flaky": 1, "judging": 1, "last": 0}
    assert {step.key: step.status for step in facts["rejected"].steps} == {
        "first": "success", "flaky": "success", "judging": "failure", "last": None,
    }  # fmt: skip


def test_a_retry_of_a_run_plans_the_failed_part_and_belongs_to_its_root(facts: dict[str, RunFacts]) -> None:
    assert tries(facts["crash"]) == {"first": 1, "flaky": 2, "judging": 1, "last": 0}
    assert tries(facts["mended"]) == {"flaky": 1, "last": 1}
    assert facts["mended"].root_run_id == facts["crash"].run_id
    assert {len(pipeline.runs) for pipeline in pipelines(facts.values())} == {1, 2}


@pytest.mark.parametrize(
    ("how", "failure", "domain"),
    [
        ("well", None, None),
        ("crash", "error", None),
        ("rejected", "check", None),
        ("paused", "target_outage", None),
        ("outage", "target_outage", "target"),
        ("misconfigured", "error", "configuration"),
        ("bug in an outage", "error", None),
        ("cancelled", None, None),
    ],
)
def test_a_run_tells_why_it_failed(
    facts: dict[str, RunFacts], how: str, failure: str | None, domain: str | None
) -> None:
    assert (facts[how].failure, facts[how].failure_domain) == (failure, domain)


def test_the_critical_path_ends_with_the_run_and_begins_with_its_queue(facts: dict[str, RunFacts]) -> None:
    run = facts["well"]
    assert run.started is not None
    path = pipelines([run])[0].critical_path
    assert path.steps[0] == "first"
    assert path.steps[-1] == "last"
    ends = [attempt.ended for step in run.steps for attempt in step.tries if attempt.ended]
    assert path.seconds == pytest.approx((max(ends) - run.created).total_seconds(), abs=1e-3)


def test_graphql_says_the_same(instance: dg.DagsterInstance, facts: dict[str, RunFacts]) -> None:
    answered = {result["runId"]: result for result in graphql(instance)}
    assert set(answered) == {run.run_id for run in facts.values()}
    for each in facts.values():
        told = answered[each.run_id]
        assert told["rootRunId"] in (None, each.root_run_id)
        assert told["jobName"] == each.job
        assert {tag["key"]: tag["value"] for tag in told["tags"]}.items() <= each.tags.items()
        ended = {"SUCCESS": "success", "FAILURE": "failure", "CANCELED": "cancelled"}
        assert each.status == ended.get(told["status"], "in_progress")
        assert seconds(each.created) == pytest.approx(told["creationTime"], abs=1e-3)
        if each.started:
            assert seconds(each.started) == pytest.approx(told["startTime"], abs=1e-3)
        if each.ended:
            assert seconds(each.ended) == pytest.approx(told["endTime"], abs=1e-3)
        plan = {
            step["key"]: {on["key"] for given in step["inputs"] for on in given["dependsOn"]}
            for step in told["executionPlan"]["steps"]
        }
        assert {step.key: step.depends_on for step in each.steps} == {
            key: tuple(sorted(on & set(plan))) for key, on in plan.items()
        }
        stats = {step["stepKey"]: step for step in told["stepStats"]}
        assert set(stats) == {step.key for step in each.steps if step.tries}
        for step in each.steps:
            if step.tries:
                assert step.status == stats[step.key]["status"].lower()
                attempts = [(one["startTime"], one["endTime"]) for one in stats[step.key]["attempts"]]
                ours = [(seconds(one.started), seconds(one.ended)) for one in step.tries if one.ended]
                assert [list(pair) for pair in ours] == [pytest.approx(pair, abs=1e-3) for pair in attempts]


def seconds(moment: dt.datetime) -> float:
    return moment.timestamp()


def graphql(instance: dg.DagsterInstance) -> list[dict[str, Any]]:
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import EmptyWorkspaceTarget
    from dagster_graphql.schema import create_schema

    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as process:
        answer = create_schema().execute(RUNS_QUERY, context_value=process.create_request_context())
    assert not answer.errors, answer.errors
    results: list[dict[str, Any]] = answer.data["runsOrError"]["results"]
    return results


def test_a_period_holds_whole_chains_that_began_in_it(
    instance: dg.DagsterInstance, facts: dict[str, RunFacts]
) -> None:
    crash, mended = facts["crash"], facts["mended"]
    between = mended.created
    began_before = read_runs(instance, LONG_AGO, between)
    assert {crash.run_id, mended.run_id} <= {run.run_id for run in began_before}
    began_after = {run.run_id for run in read_runs(instance, between, now())}
    assert began_after == {facts["cancelled"].run_id, facts["waiting"].run_id}


def test_a_retry_whose_first_run_was_deleted_stands_for_itself() -> None:
    with dg.DagsterInstance.local_temp() as instance:
        failed = run(instance, "crash")
        retry = run(instance, "well", retry_of=failed)
        instance.delete_run(failed)
        (left,) = read_runs(instance, LONG_AGO, now())
        assert left.run_id == retry
        assert pipelines([left])[0].outcome == "ok"


def test_an_instance_in_memory_is_read_as_well() -> None:
    from webdata_assets_tests.resources.outcomes import HOW, build_job

    with dg.DagsterInstance.ephemeral() as instance:
        build_job().execute_in_process(instance=instance, tags={HOW: "op retry"})
        (only,) = read_runs(instance, LONG_AGO, now())
    assert tries(only) == {"first": 1, "flaky": 2, "judging": 1, "last": 1}


def test_mapped_steps_take_the_place_of_their_template() -> None:
    @dg.op(out=dg.DynamicOut(int))
    def plan():  # type: ignore[no-untyped-def]
        yield dg.DynamicOutput(1, "0")
        yield dg.DynamicOutput(2, "1")

    @dg.op
    def fetch(number: int) -> int:
        return number

    @dg.op
    def store(number: int) -> int:
        return number

    @dg.op
    def gather(numbers: list[int]) -> int:
        return sum(numbers)

    @dg.job
    def mapped() -> None:
        gather(plan().map(lambda number: store(fetch(number))).collect())

    with dg.DagsterInstance.ephemeral() as instance:
        mapped.execute_in_process(instance=instance)
        (only,) = read_runs(instance, LONG_AGO, now())
    assert {step.key: step.depends_on for step in only.steps} == {
        "plan": (),
        "fetch[0]": ("plan",),
        "fetch[1]": ("plan",),
        "store[0]": ("fetch[0]",),
        "store[1]": ("fetch[1]",),
        "gather": ("store[0]", "store[1]"),
    }


def test_reading_a_run_takes_a_few_milliseconds(
    instance: dg.DagsterInstance, facts: dict[str, RunFacts]
) -> None:
    runs = 0
    began = time.process_time()
    for _ in range(20):
        runs += len(read_runs(instance, LONG_AGO, now()))
    # most of these runs failed, and their errors are read as well; one that did not takes under a millisecond
    assert (time.process_time() - began) / runs < 0.006
